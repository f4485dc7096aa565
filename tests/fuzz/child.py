"""The parent's side: an entry of the fuzzer in a process of its own, whose end is part of the outcome.

python -m fuzz.child ENTRY SEED CALLS LIMIT JOURNAL    what `run` starts
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.watch import LIMIT, Watch

TESTS = Path(__file__).parents[1]
MOST = str(2**31)
"""Bytes of a call: 17 GB of normal draws are no hang, and no matter of this search."""


@dataclass
class Report:
    """Counts by (entry, outcome), and what was found with the calls that led to it."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.counts.update(other.counts)
        self.faults += other.faults


def run(entry: str, seed: int, calls: int, limit: float = LIMIT) -> Report:
    """`calls` calls of the module `fuzz.ENTRY`; a crash or a hang of the child is a fault like others."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        command = [sys.executable, "-m", "fuzz.child", entry, str(seed), str(calls), str(limit), str(journal)]
        limits = {"TMPDIR": folder, "PL_NATIVE_MAX_BYTES": MOST}
        paths = [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=folder,
            env=os.environ | limits | {"PYTHONPATH": os.pathsep.join(paths)},
        )  # fmt: skip
        lines = ended.stdout.splitlines()
        if ended.returncode == 0 and lines:
            said = json.loads(lines[-1])
            return Report(Counter({(e, o): k for e, o, k in said["counts"]}),
                          [f"{entry}, seed {seed}: {fault}" for fault in said["faults"]])  # fmt: skip
        hung = ended.returncode == -signal.SIGPROF or "Timeout (" in ended.stderr
        what = "hang" if hung else f"crash (exit {ended.returncode})"
        calls_made = "\n    ".join(journal.read_text(errors="replace").splitlines()[-30:])
        fault = f"{entry}, seed {seed}: {what}\n    {calls_made}\n{ended.stderr[:1500]}"
        return Report(Counter({(entry, what.split()[0]): 1}), [fault])


def main() -> None:
    entry, seed, calls, limit, journal = sys.argv[1:]
    faulthandler.enable()
    watch = Watch(Path(journal), float(limit))
    importlib.import_module(f"fuzz.{entry}").fuzz(watch, int(seed), int(calls))
    watch.report()


if __name__ == "__main__":
    main()
