"""What do two threads bring, on ensembles and on one large problem, and how much memory does a long one take?

The same bits for one thread and two are asserted before anything is timed. Beside each ratio stand those that
two threads bring to a loop of registers only and to memory (ceilings.py), measured in the same rounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

import pl_native as pl
from ceilings import ceilings, ratios
from isolated import GIB, isolated
from options import parse, save
from pl_native.bench.harness import Arm, Effort, Ratio, enough_steps, measure, timed
from pl_native.bench.machine import cores
from pl_native.bench.problems import Case, Problem

THREADS = 2
ENSEMBLE_GOAL, LARGE_GOAL = 1.9, 1.8
LONG = 10_000  # problems of the memory test
SMALL = Case(300, 30, 31, "float64", 1)


def equal(effort: Effort) -> list[Problem]:
    return Case(1700, 100, 37, "float32", 4 if effort.quick else 8).problems()


def mixed(effort: Effort) -> list[Problem]:
    """Work spread over two decades, the largest a tenth of the whole, in random order."""
    rng = np.random.default_rng(7)
    sizes = np.exp(rng.uniform(np.log(40), np.log(1500), 24 if effort.quick else 60)).astype(int)
    cases = [Case(int(n), int(rng.integers(10, 120)), int(rng.integers(5, 80)), "float32", 1) for n in sizes]
    return [replace(case, seed=k).problems()[0] for k, case in enumerate(cases)]


def large(effort: Effort) -> list[Problem]:
    return Case(50_000 if effort.quick else 200_000, 100, 50, "float32", 1).problems()


def assert_same_bits(one: list[pl.Solution], other: list[pl.Solution]) -> None:
    for k, (a, b) in enumerate(zip(one, other, strict=True)):
        same = a.network.W.tobytes() == b.network.W.tobytes() and a.loss.tobytes() == b.loss.tobytes()
        if not same:
            raise AssertionError(f"problem {k}: the number of threads changed the result")


def speed_up(
    name: str, problems: list[Problem], goal: float, effort: Effort, least_steps: int = 4
) -> dict[str, Any]:
    """Seconds with one thread over seconds with two."""

    def go(steps: int, threads: int) -> list[pl.Solution]:
        return pl.simulate_ensemble(problems, t_end=steps * 0.1, step=0.1, threads=threads)

    steps = enough_steps(lambda count: go(count, 1), 2 * effort.work, first=least_steps)
    assert_same_bits(go(steps, 1), go(steps, THREADS))
    arms = [
        Arm(f"{count} threads", timed(lambda count=count: go(steps, count)))  # type: ignore[misc]
        for count in (1, THREADS)
    ]
    with ceilings(THREADS) as limits:
        rounds = measure(arms + limits, effort.budget)
    found = rounds.ratio("1 threads", f"{THREADS} threads")
    return row_of(name, found, goal) | {"problems": len(problems), "steps": steps} | ratios(rounds, THREADS)


def row_of(name: str, found: Ratio, goal: float) -> dict[str, Any]:
    return {"kind": "speed-up", "name": name, "goal": goal, "cores": cores()} | found.as_json()


def orthogonal_large(n: int, effort: Effort) -> dict[str, Any]:
    """One orthogonal problem of n points, in this process; packing W takes as long as dozens of steps."""
    data = pl.data.orthogonal(n, seed=1, dtype="float32")
    net = pl.initial.asymmetric(pl.minimal_width(n), n, seed=1, data=data, dtype="float32")
    return speed_up(f"orthogonal, n = {n}, p = {net.p}", [(data, net)], LARGE_GOAL, effort, 128)


def small_problems(count: int) -> Iterator[Problem]:
    for seed in range(count):
        yield replace(SMALL, seed=seed).problems()[0]


def stream(count: int) -> int:
    """Draws and runs `count` problems one after another, keeping nothing; returns the steps taken."""
    sols = pl.iter_ensemble(small_problems(count), t_end=20.0)
    return sum(int(sol.stats["steps"]) for sol in sols)


def memory(effort: Effort) -> dict[str, Any]:
    count = LONG // 10 if effort.quick else LONG
    few, many = isolated(stream, 100), isolated(stream, count)
    data, net = SMALL.problems()[0]
    each = data.X.nbytes + data.y.nbytes + net.W.nbytes + net.a.nbytes
    return {
        "kind": "memory",
        "name": f"iter_ensemble over {count} problems (n, d, p) = ({SMALL.n}, {SMALL.d}, {SMALL.p})",
        "peak_mib_100": few["peak_bytes"] / 2**20,
        "peak_mib": many["peak_bytes"] / 2**20,
        "inputs_of_all_mib": each * count / 2**20,
    }


def run(effort: Effort) -> list[dict[str, Any]]:
    rows = [
        speed_up("equal replicates", equal(effort), ENSEMBLE_GOAL, effort),
        speed_up("mixed sizes", mixed(effort), ENSEMBLE_GOAL, effort),
        speed_up("one large problem", large(effort), LARGE_GOAL, effort),
    ]
    n = 100_000 if effort.quick else 1_000_000
    answer = isolated(orthogonal_large, n, effort, limit=8 * GIB)
    missing = {"kind": "speed-up", "name": f"orthogonal, n = {n}", "goal": LARGE_GOAL}
    rows.append(answer.get("value") or missing | {"not_run": answer["not_run"]})
    rows.append(memory(effort))
    for row in rows:
        effort.say(str(row))
    return rows


if __name__ == "__main__":
    save("ensemble", __doc__, run, *parse(__doc__))
