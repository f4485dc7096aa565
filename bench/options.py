"""Command line shared by the scripts: how much effort, where the JSON goes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pl_native.bench.harness import FULL, QUICK, Effort
from pl_native.bench.machine import machine_facts, write_json

DEFAULT_OUT = Path(__file__).parent / "results"


def parse(doc: str | None) -> tuple[Effort, Path]:
    """--quick, --out DIR."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few short rounds, fewer rivals")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder of the JSON results")
    given = parser.parse_args()
    return QUICK if given.quick else FULL, given.out


def save(
    name: str, doc: str | None, run: Callable[[Effort], list[dict[str, Any]]], effort: Effort, out: Path
) -> None:
    """Runs one question and writes `out`/`name`.json with the machine facts taken before it."""
    facts = machine_facts() | {"quick": effort.quick}
    question = (doc or "").strip().splitlines()[0]
    write_json(out / f"{name}.json", question, run(effort), facts)
