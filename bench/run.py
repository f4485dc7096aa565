"""Runs the report's questions and writes it: `python bench/run.py` (quiet machine), `--quick` in minutes."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from options import DEFAULT_OUT

HERE = Path(__file__).parent
QUESTIONS = ("kernel", "scaling", "ensemble", "orthogonal", "capture", "call")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few short rounds, fewer rivals: under 5 minutes"
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder of the JSON results")
    parser.add_argument("--docs", type=Path, help="also write performance.md and figures/ there")
    parser.add_argument("--only", nargs="+", choices=QUESTIONS, default=QUESTIONS)
    given = parser.parse_args()
    for question in given.only:
        began = time.perf_counter()
        print(f"== {question}", flush=True)
        command = [sys.executable, str(HERE / f"bench_{question}.py"), "--out", str(given.out)]
        # a process each: what one question leaves in memory or in thread pools must not reach the next
        subprocess.run(command + ["--quick"] * given.quick, check=True)
        print(f"   {time.perf_counter() - began:.0f} s", flush=True)
    if given.docs is not None:
        report = [sys.executable, str(HERE / "report.py"), str(given.out), str(given.docs)]
        subprocess.run(report, check=True)


if __name__ == "__main__":
    main()
