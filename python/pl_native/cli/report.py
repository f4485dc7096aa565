"""`pl-native report`: tables, pictures and report.html once more, from stored rows."""

from __future__ import annotations

import argparse
from typing import Any

from pl_native import report
from pl_native.cli.parsing import place


def add_parser(commands: Any) -> None:
    """Add `report` to the command line."""
    parser = commands.add_parser(
        "report", help="rebuild the pictures and report.html of a folder of `reproduce`, simulating nothing"
    )
    parser.add_argument(
        "folder", type=place, metavar="DIR", help="what --out of `reproduce` was, or a folder of compact rows"
    )
    parser.add_argument("--out", type=place, metavar="DIR", help="where the files go (the same folder)")
    parser.add_argument(
        "--page", type=place, metavar="FILE", help="write this page (Markdown) and its pictures instead"
    )
    parser.add_argument(
        "--compact", type=place, metavar="DIR", help="write the rows as small files instead, one a figure"
    )


def main(parsed: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    asked = [name for name in ("out", "page", "compact") if getattr(parsed, name) is not None]
    if len(asked) > 1:
        raise ValueError(f"--{asked[0]} and --{asked[1]}: expected one of them")
    if parsed.page is not None:
        written = [report.verdicts(parsed.folder, parsed.page)]
    elif parsed.compact is not None:
        written = report.keep(report.read(parsed.folder), parsed.compact)
    else:
        written = [report.rebuild(parsed.folder, parsed.out)]
    print("written: " + ", ".join(map(str, written)))
    return 0
