"""The flow on wide networks: early alignment as published, checked against least squares, then timed.

    python bench/bench_wide.py [--most P] [--plain P] [--parabola P] [--rounds N]

Three points with a bias coordinate, weights of size 1e-3 (Boursier, Flammarion), to t = 400: the loss must be
that of least squares to 1e-12. `--plain` is the largest width that is also run neuron by neuron (dense output
asks for that), with the same switches and the same loss; `--parabola` the width for forty points of x^2 and
noise (0: not). Seconds are processor time of one thread. `--rounds` also runs each, so many times in turn,
with one and with two threads, which must end in the same bits: of the rounds the least wall time, on whatever
else the machine does, and the median processor time, of the process and of the calling thread alone. What the
second thread takes off the first is missing from the last.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np

import pl_native as pl

LEAST_SQUARES = 0.0875213675213675
GOALS = {20_000: 5.0, 200_000: 60.0}


def early_alignment(p: int) -> tuple[pl.Dataset, pl.Network]:
    x = np.array([-0.75, -0.5, 0.125])
    data = pl.Dataset(np.stack([x, np.ones(3)], axis=1), [1.1, 0.1, 0.8])
    return data, pl.initial.balanced(p=p, d=2, seed=0, scale=1e-3)


def parabola(p: int) -> tuple[pl.Dataset, pl.Network]:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, 40)
    data = pl.Dataset(np.stack([x, np.ones(40)], axis=1), x**2 + 0.1 * rng.standard_normal(40))
    return data, pl.initial.balanced(p=p, d=2, seed=0, scale=1e-3)


def timed(problem: tuple[pl.Dataset, pl.Network], t_end: float, **save: Any) -> tuple[pl.Solution, float]:
    begin = time.process_time()
    sol = pl.simulate(*problem, t_end, method="flow", threads=1, save=pl.Save(count=5, **save))
    return sol, time.process_time() - begin


def in_turn(name: str, problem: tuple[pl.Dataset, pl.Network], rounds: int) -> None:
    """A row: one thread, and two."""
    clocks = (time.perf_counter, time.process_time, time.thread_time)
    taken: dict[int, list[list[float]]] = {1: [], 2: []}
    ends: dict[int, bytes] = {}
    for k in range(rounds):
        for threads in ((1, 2), (2, 1))[k % 2]:
            before = [clock() for clock in clocks]
            sol = pl.simulate(*problem, 400.0, method="flow", threads=threads, save=5)
            taken[threads].append([clock() - then for clock, then in zip(clocks, before, strict=True)])
            ends[threads] = sol.network.W.tobytes() + sol.network.a.tobytes() + sol.loss.tobytes()
    require(ends[1] == ends[2], f"{name} depends on threads")
    columns = []
    for threads in (1, 2):
        wall, process, caller = zip(*taken[threads], strict=True)
        columns += [min(wall), statistics.median(process), statistics.median(caller)]
    print(f"| {name} | " + " | ".join(f"{seconds:.2f}" for seconds in columns) + " |", flush=True)


def require(good: bool, what: str) -> None:
    if not good:
        raise SystemExit(f"wrong: {what}")


def row(name: str, p: int, sol: pl.Solution, seconds: float, goal: float | None) -> None:
    events = int(sol.stats["events"])
    per_event = 1e6 * seconds / max(events, 1)
    told = "" if goal is None else f"{goal:g} s: {'met' if seconds < goal else 'MISSED'}"
    print(
        f"| {name} | {p} | {events} | {sol.stats['steps']} | {seconds:.2f} | {per_event:.1f} | {told} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most", type=int, default=200_000, help="largest width")
    parser.add_argument("--plain", type=int, default=2000, help="largest width run neuron by neuron too")
    parser.add_argument("--parabola", type=int, default=2000, help="width of that problem; 0: not run")
    parser.add_argument("--rounds", type=int, default=0, help="with one and two threads in turn; 0: not")
    options = parser.parse_args()
    print("| problem | p | events | steps | seconds | us per event | goal |\n|---|---|---|---|---|---|---|")
    for p in (200, 2000, 20_000, 200_000):
        if p > options.most:
            break
        sol, seconds = timed(early_alignment(p), 400.0)
        require(abs(sol.loss[-1] / LEAST_SQUARES - 1) < 1e-12, f"loss {sol.loss[-1]!r} at p = {p}")
        if p <= options.plain:
            plain, whole = timed(early_alignment(p), 400.0, dense=True)
            for name in ("on", "off", "slide_in"):
                require(plain.stats[name] == sol.stats[name], f"{name} at p = {p}")
            require(np.allclose(plain.loss, sol.loss, rtol=1e-6, atol=0), f"loss on the way at p = {p}")
            row("early alignment, neuron by neuron", p, plain, whole, None)
        row("early alignment", p, sol, seconds, GOALS.get(p))
    if options.parabola:
        sol, seconds = timed(parabola(options.parabola), 400.0)
        require(bool(np.all(np.diff(sol.loss) <= 1e-12)), "the loss rises")
        row("forty points", options.parabola, sol, seconds, None)
    if options.rounds:
        print("\n| problem | one thread: wall | process | caller | two: wall | process | caller |")
        print("|---|---|---|---|---|---|---|")
        for p in (20_000, 200_000):
            if p <= options.most:
                in_turn(f"early alignment, p = {p}", early_alignment(p), options.rounds)
        if options.parabola:
            in_turn(f"forty points, p = {options.parabola}", parabola(options.parabola), options.rounds)


if __name__ == "__main__":
    main()
