"""Command line shared by the scripts: how much effort, where the JSON goes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import Budget, machine_facts, write_json

DEFAULT_OUT = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long things may take. `work`: seconds of one run of pl_native; rivals take the same steps."""

    quick: bool
    work: float
    budget: Budget

    def say(self, text: str) -> None:
        print(text, flush=True)


FULL = Effort(quick=False, work=0.1, budget=Budget(rounds=10, sample=0.2, total=60.0))
QUICK = Effort(quick=True, work=0.02, budget=Budget(rounds=4, sample=0.05, total=3.0))


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
