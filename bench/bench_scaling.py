"""Does the time of a step grow in proportion to n, to p and to d, at constant throughput?

All cores busy with one replicate each. All sizes of a sweep go through the same rounds; the slope of log time
on log size is fitted round by round.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

import numpy as np

from options import parse, save
from pl_native.bench.dense import native, steps_for
from pl_native.bench.harness import Arm, Effort, Rounds, measure, timed
from pl_native.bench.machine import cores
from pl_native.bench.problems import Case

BASE = (1700, 100, 37)
SWEEPS = {
    "n": [200, 400, 900, 1700, 3500, 7000, 20_000],
    "p": [16, 24, 37, 64, 101, 181, 256, 512],
    "d": [16, 30, 64, 100, 201, 400, 701, 1024],
}
SLOPE_GOAL = 0.08  # distance from 1, at most
THROUGHPUT_GOAL = 0.6  # of the best in the sweep, at least


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Least-squares slope of log seconds on log size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def arm_of(case: Case, steps: int) -> Arm:
    """Seconds of one step of all replicates."""
    problems = case.problems()
    run = timed(lambda: native(problems, steps))
    return Arm(f"{case.n} {case.d} {case.p}", lambda: run() / steps)


def sweep(axis: str, dtype: str, effort: Effort) -> dict[str, Any]:
    base = Case(*BASE, dtype, cores())
    cases = [replace(base, **{axis: size}) for size in SWEEPS[axis]]
    arms = [arm_of(case, steps_for(case, effort.work)) for case in cases]
    once = replace(effort.budget, sample=1e-9)  # an arm's run is long already, whatever it returns
    rounds = measure(arms, once)
    return {"axis": axis, "dtype": dtype, "base": BASE} | summary(SWEEPS[axis], cases, arms, rounds)


def summary(sizes: list[int], cases: list[Case], arms: list[Arm], rounds: Rounds) -> dict[str, Any]:
    per_round = list(zip(*(rounds.seconds[arm.name] for arm in arms), strict=True))
    slopes = [slope(sizes, list(seconds)) for seconds in per_round]
    medians = [rounds.median(arm.name) for arm in arms]
    rates = [case.flops / seconds * 1e-9 for case, seconds in zip(cases, medians, strict=True)]
    return {
        "sizes": sizes,
        "seconds_per_step": medians,
        "gflops": rates,
        "relative_throughput": [rate / max(rates) for rate in rates],
        "slope": {"median": statistics.median(slopes), "low": min(slopes), "high": max(slopes)},
        "slope_goal": SLOPE_GOAL,
        "throughput_goal": THROUGHPUT_GOAL,
        "rounds": len(rounds.order),
    }


def run(effort: Effort) -> list[dict[str, Any]]:
    rows = []
    for dtype in ("float32", "float64"):
        for axis in SWEEPS:
            if effort.quick and dtype == "float64":
                continue
            row = sweep(axis, dtype, effort)
            rows.append(row)
            least = min(row["relative_throughput"])
            effort.say(f"{axis} {dtype}: slope {row['slope']['median']:.3f}, least throughput {least:.2f}")
    return rows


if __name__ == "__main__":
    save("scaling", __doc__, run, *parse(__doc__))
