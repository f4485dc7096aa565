"""`pl-native report`: tables, pictures and report.html once more, from stored rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pl_native import report


def add_parser(commands: Any) -> None:
    """Add `report` to the command line."""
    parser = commands.add_parser(
        "report", help="rebuild the pictures and report.html of a folder of `reproduce`, simulating nothing"
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="what --out of `reproduce` was")


def main(parsed: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    print(f"written: {report.rebuild(parsed.folder)}")
    return 0
