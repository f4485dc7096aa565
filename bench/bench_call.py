"""What a call costs around the core: runs of a few steps, alone and in an ensemble.

Microseconds of processor time of a whole public call, one thread; of an ensemble per problem. `core` is what
the run itself took (`stats["seconds"]`, of some runs the least: it goes by the wall): packing, first state,
steps, rows. What is left is checks, the task,
its way through the bindings, the Solution. Euler takes one step, the others go to t = 0.1 at rtol 0.1, which
capture does in one step at n = 300. Medians and tenth percentiles over rounds that take all methods in turn.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import options
import pl_native as pl
from pl_native.bench.harness import Effort

Row = dict[str, Any]
Problem = tuple[pl.Dataset, pl.Network]
SIZES = ((10, 3, 4), (60, 5, 6), (300, 30, 31))
METHODS = ("euler", "flow", "capture", "auto")
ENDS = {"euler": 1.0, "flow": 0.1, "capture": 0.1, "auto": 0.1}
PROBLEMS = 200
CALLS = 20  # in a round


def draw(size: tuple[int, int, int], seed: int) -> Problem:
    n, d, p = size
    return pl.data.sphere(n, d, seed=seed), pl.initial.asymmetric(p, d, seed=seed + 1)


def microseconds(work: Callable[[], object]) -> float:
    began = time.process_time_ns()
    work()
    return 1e-3 * (time.process_time_ns() - began)


def row(size: tuple[int, int, int], rounds: int) -> Row:
    """Of one size: by method what a call takes, a problem of an ensemble, and the core in the call."""
    problems = [draw(size, 2 * k) for k in range(PROBLEMS)]
    alone, many = {}, {}
    for method in METHODS:
        given: Row = {"method": method, "rtol": 0.1, "threads": 1}
        alone[method] = functools.partial(pl.simulate, *problems[0], ENDS[method], **given)
        many[method] = functools.partial(pl.simulate_ensemble, problems, ENDS[method], **given)
    found: dict[str, dict[str, list[float]]] = {
        method: {"alone": [], "of_many": [], "core": []} for method in METHODS
    }
    for turn in range(rounds):
        for method in METHODS if turn % 2 else reversed(METHODS):
            mine = found[method]
            mine["core"].append(1e6 * min(alone[method]().stats["seconds"] for _ in range(CALLS)))
            mine["alone"] += [microseconds(alone[method]) for _ in range(CALLS)]
            mine["of_many"].append(microseconds(many[method]) / PROBLEMS)
    n, d, p = size
    costs = {
        method: {
            what: {"median": float(np.median(values)), "low": float(np.percentile(values, 10))}
            for what, values in mine.items()
        }
        for method, mine in found.items()
    }
    return {"n": n, "d": d, "p": p, "problems": PROBLEMS, "methods": costs}


def run(effort: Effort) -> list[Row]:
    rows = []
    for size in SIZES:
        rows.append(row(size, 3 if effort.quick else 11))
        effort.say(f"   {size}")
        for method, costs in rows[-1]["methods"].items():
            effort.say(
                f"      {method}: " + ", ".join(f"{what} {us['median']:.0f} us" for what, us in costs.items())
            )
    return rows


if __name__ == "__main__":
    effort, out = options.parse(__doc__)
    options.save("call", __doc__, run, effort, out)
