"""Does a direct draw at d = 10^6 or 10^9 cost what d = n = 300 costs? Drawing and 100 Euler steps; goal 1.1x.

python bench/bench_reduction.py
"""

from __future__ import annotations

import statistics
import time

import pl_native as pl

DIMENSIONS, ROUNDS, GOAL = (300, 10**6, 10**9), 31, 1.1


def draw_and_run(d: int) -> float:
    began = time.perf_counter()
    data = pl.data.sphere(300, d, seed=1, reduced=True)
    sol = pl.simulate(data, pl.initial.asymmetric(31, d, seed=2, data=data), 10.0, step=0.1)
    assert sol.status is pl.Status.HORIZON
    assert data.X.shape == (300, 300)
    return time.perf_counter() - began


def main() -> None:
    times: dict[int, list[float]] = {d: [] for d in DIMENSIONS}
    for turn in range(ROUNDS):
        for d in DIMENSIONS if turn % 2 else reversed(DIMENSIONS):
            times[d].append(draw_and_run(d))
    for d in DIMENSIONS:
        ratios = [mine / base for mine, base in zip(times[d], times[300], strict=True)]
        median = statistics.median(ratios)
        verdict = "met" if median <= GOAL else "MISSED"
        own = statistics.median(times[d]) * 1e3
        print(f"d = {d:>10}: {own:7.2f} ms, {median:.2f}x of d = n (goal {GOAL}: {verdict})")


if __name__ == "__main__":
    main()
