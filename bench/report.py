"""Results to a page: `python bench/report.py RESULTS DOCS` writes DOCS/performance.md and DOCS/figures/."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import figures
import tables
import tables_call
import tables_capture

QUESTIONS = {
    "kernel": tables.kernel,
    "scaling": tables.scaling,
    "ensemble": tables.ensemble,
    "orthogonal": tables.orthogonal,
    "capture": tables_capture.capture,
    "call": tables_call.call,
}
INTRODUCTION = """# Performance

Made by `bench/run.py`; the rules are in `bench/README.md`. In short: every rival ends in pl_native's final
state before it is timed; each family of rivals sends the best of its variants (all are listed); rounds are
interleaved with alternating order; a figure is the median over rounds, with the range in brackets. Ratios are
the rival's time over pl_native's, **bold** only where the whole range excludes 1. "rival wins" means what it
says. An earlier version on a processor with AVX-512: [performance_avx512.md](performance_avx512.md); there
also why Euler wins over capture where it does, and what was tried against it.
The flow at p = 200 .. 200 000 (`bench_wide.py`) is in [numerics.md](numerics.md), under "Wide networks".
"""
QUICK_NOTE = """
> **Preliminary**: made with `--quick` (few short rounds, fewer rivals), possibly on a busy machine.
"""


def load(results: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for name in QUESTIONS:
        path = results / f"{name}.json"
        if path.exists():
            found[name] = json.loads(path.read_text())
    if not found:
        raise SystemExit(f"{results}: no results; run bench/run.py first")
    return found


def _where(machine: dict[str, Any]) -> tuple[str, str]:
    return machine["cpu"], machine["pl_native"]["native"]["level"]


def page(found: dict[str, dict[str, Any]]) -> str:
    first = next(iter(found.values()))["machine"]
    parts = [INTRODUCTION]
    if any(result["machine"]["quick"] for result in found.values()):
        parts.append(QUICK_NOTE)
    parts.append(tables.machine(first))
    for name, result in found.items():
        parts.append(f"## {result['question']}\n")
        if _where(result["machine"]) != _where(first):
            parts.append(f"Measured elsewhere, later:\n\n{tables.machine(result['machine'])}")
        parts.append(QUESTIONS[name](result["rows"]))
    return "\n".join(parts)


def main(results: Path, docs: Path) -> None:
    found = load(results)
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "performance.md").write_text(page(found))
    figures.draw_all(found, docs / "figures")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
