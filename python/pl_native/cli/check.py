"""`pl-native check`: every statement of the paper against simulations, as one table and as a page."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pl_native import plots, report
from pl_native._base.files import folder_to_fill
from pl_native._base.progress import terminal
from pl_native.cli.parsing import place
from pl_native.experiments import statements
from pl_native.experiments.statements import Finding, Setting
from pl_native.store import write_atomically

ROWS = "findings.csv"


def add_parser(commands: Any) -> None:
    """Add `check` to the command line."""
    check = commands.add_parser("check", help="hold every statement of the paper against simulations")
    check.add_argument(
        "statement",
        nargs="*",
        metavar="STATEMENT",
        help=f"only these: {', '.join(statements.CHECKS)} (all)",
    )
    check.add_argument("--full", action="store_true", help="the larger samples")
    check.add_argument("--out", type=place, metavar="DIR", help="folder for a page with plots, and the rows")


def main(parsed: argparse.Namespace) -> int:
    """Run the verb; returns the exit code: 1 when a statement fails, or held on no draw."""
    if parsed.out is not None:
        folder_to_fill("--out", parsed.out)
    unknown = [name for name in parsed.statement if name not in statements.CHECKS]
    if unknown:
        known = ", ".join(statements.CHECKS)
        raise ValueError(f"STATEMENT: expected names among {known}, got {', '.join(unknown)}")
    setting = Setting("full" if parsed.full else "default")
    found: list[Finding] = []
    begin = time.perf_counter()
    total = len(parsed.statement or statements.CHECKS)
    for done, (name, findings) in enumerate(statements.run(setting, parsed.statement or None), 1):
        spent = time.perf_counter() - begin
        left = spent / done * (total - done)
        _note(f"{name}: {len(findings)} findings; {done} of {total} checks, about {left:.0f} s left")
        found += findings
        if parsed.out is not None:  # whatever ends a long run, the rows so far are there
            parsed.out.mkdir(parents=True, exist_ok=True)
            write_atomically(parsed.out / ROWS, report.rows(found))
    print(report.table(found))
    bad = statements.failures(found)
    print(f"\n{len(found) - len(bad)} of {len(found)} as they should be")
    if parsed.out is not None:
        print(f"written: {_page(found, parsed.out)}")
    return 1 if bad else 0


def _note(text: str) -> None:
    """Progress, where someone looks."""
    if terminal():
        print(text, file=sys.stderr)


def _page(found: Sequence[Finding], folder: Path) -> Path:
    drawn = plots.available()
    if not drawn:
        print("no plots drawn: matplotlib is missing (pip install 'pl_native[plot]')", file=sys.stderr)
    return report.page(found, folder, plots.panel_svg if drawn else None)
