"""Calls in child processes of a few thousand each, with fixed seeds; ends with 1 if there is a fault.

PYTHONPATH=tests python -m fuzz [--calls 100000] [--seed 0] [--seconds S] [--log FOLDER]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path

import pl_native as pl
from fuzz.child import Report, run
from pl_native._base.build import NUMERICS

SHARES = {"core": 0.5, "files": 0.2, "api": 0.3}
"""Of all calls."""

CHUNK = {"core": 5000, "files": 1000, "api": 2000}


def fuzzed(calls: int, seed: int, seconds: float) -> Report:
    """The entries take turns, so that all have their share when processor time is up."""
    report, left, turn = Report(), {name: round(calls * share) for name, share in SHARES.items()}, 0
    while any(left.values()):
        for name in SHARES:
            size = min(CHUNK[name], left[name])
            if size and _spent() < seconds:
                report.add(run(name, 1000 * seed + turn, size))
            left[name] -= size
        turn += 1
    return report


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def log(report: Report, seed: int) -> str:
    """Counts by entry and outcome, compact."""
    by_entry: dict[str, dict[str, int]] = {}
    for (entry, outcome), count in sorted(report.counts.items()):
        by_entry.setdefault(entry, {})[outcome] = count
    head = {"calls": sum(report.counts.values()), "seed": seed, "cpu seconds": round(_spent()),
            "numerics": NUMERICS, "version": pl.__version__}  # fmt: skip
    lines = [f" {json.dumps(entry)}: {json.dumps(counts)}" for entry, counts in by_entry.items()]
    faults = json.dumps(report.faults)
    return json.dumps(head)[:-1] + f',\n"faults": {faults},\n"entries": {{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of processor time at most")
    parser.add_argument("--log", type=Path, help="a folder: calls.json is written there")
    given = parser.parse_args()
    report = fuzzed(given.calls, given.seed, given.seconds)
    if given.log is not None:
        given.log.mkdir(parents=True, exist_ok=True)
        (given.log / "calls.json").write_text(log(report, given.seed))
    for fault in report.faults:
        print(fault, end="\n\n")
    outcomes: dict[str, int] = {}
    for (_, outcome), count in report.counts.items():
        outcomes[outcome] = outcomes.get(outcome, 0) + count
    print(f"{sum(outcomes.values())} calls: {outcomes}; {_spent():.0f} s of processor time")
    return int(bool(report.faults))


if __name__ == "__main__":
    sys.exit(main())
