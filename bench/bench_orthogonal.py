"""How fast is a network trained to L < 1e-6/(2n) on orthogonal data, against dense and elementwise?

d = 2000, W scaled by 0.01, step 1: the paper's Figure 6. All cores busy with one network each. The dense loop
takes a few dozen steps only (each costs the same) and its time is scaled up; all else runs to the end.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import pl_native as pl
from bench_scaling import SLOPE_GOAL, slope
from isolated import GIB, isolated
from options import parse, save
from pl_native.bench.contest import OURS, Match, Outcome, contest
from pl_native.bench.harness import Arm, Effort, State, measure, timed
from pl_native.bench.machine import cores
from pl_native.bench.problems import Array, Problem, arrays
from pl_native.bench.rivals import LOOP, ORTHOGONAL, Crews

DIMENSION, SCALE = 2000, 0.01
DENSE_LOOP = f"{LOOP}, dense"
DENSE_STEPS = 40
GOALS = {DENSE_LOOP: 300.0, "JAX elementwise": 4.0}
TOLERANCE = {"float32": 1e-2, "float64": 1e-7}
MEMORY_GOAL = 1.5 * GIB
LARGE = 1_000_000
PAIR_SIZES = [500, 1000, 2000, 4000, 16_000, 64_000, 256_000]


@dataclass(frozen=True, slots=True)
class Draw:
    """One network in all d coordinates (for dense rivals) and in the n that the data use (for us)."""

    data: pl.Dataset
    full: pl.Network
    used: pl.Network


def draw(n: int, dtype: str, seed: int) -> Draw:
    """Data and network, redrawn together until event I: a live, correctly signed neuron per point."""
    for attempt in range(1000):
        key = np.random.SeedSequence([seed, attempt])
        data_seed, net_seed = key.spawn(2)
        data = pl.data.orthogonal(n, DIMENSION, seed=data_seed, dtype=dtype)
        full = pl.initial.asymmetric(pl.minimal_width(n), DIMENSION, seed=net_seed, scale=SCALE, dtype=dtype)
        right = np.sign(full.a)[:, None] == np.sign(data.y)
        if np.all(np.any(right & (full.W[:, :n] > 0), axis=0)):
            rest = np.square(full.W[:, n:], dtype=np.float64).sum(axis=1)
            return Draw(data, full, pl.Network(full.W[:, :n], full.a, w_perp_sq=rest))
    raise RuntimeError(f"n = {n}: no well-initialised draw in 1000")


def native(draws: list[Draw], steps: int) -> list[pl.Solution]:
    return pl.simulate_ensemble([(one.data, one.used) for one in draws], t_end=float(steps))


def lifted(draws: list[Draw], sols: list[pl.Solution]) -> State:
    """Our end states in all d coordinates: those outside the data never move."""
    inner: list[Array] = []
    for one, sol in zip(draws, sols, strict=True):
        n = sol.network.d
        inner.append(np.hstack([sol.network.W, one.full.W[:, n:]]))
    return np.stack(inner), np.stack([sol.network.a for sol in sols])


def steps_to_target(draws: list[Draw], effort: Effort) -> tuple[int, bool]:
    """Steps until the last network is there, and whether it got there (a quick run gives up early)."""
    n, p = draws[0].data.n, draws[0].full.p
    limit = 10 * (math.floor(pl.horizon(n, p)) + 1)
    stop = pl.Stop(loss=1e-6 / (2 * n), wall_time=2.0 if effort.quick else 120.0)
    sols = pl.simulate_ensemble([(one.data, one.used) for one in draws], t_end=float(limit), stop=stop)
    reached = all(sol.status == pl.Status.TARGET for sol in sols)
    return max(int(sol.stats["steps"]) for sol in sols), reached


def one_case(n: int, dtype: str, crews: Crews, effort: Effort) -> dict[str, Any]:
    draws = [draw(n, dtype, seed) for seed in range(cores())]
    steps, reached = steps_to_target(draws, effort)
    dense: list[Problem] = [(one.data, one.full) for one in draws]
    short = min(DENSE_STEPS, steps)
    states = {count: lifted(draws, native(draws, count)) for count in (short, steps)}
    match = Match(
        ours=timed(lambda: native(draws, steps)),
        state_after=states.__getitem__,
        made=arrays(dense, 1.0),
        steps=steps,
        tolerance=TOLERANCE[dtype],
        shorter={DENSE_LOOP: short},
    )
    outcome = contest(match, ORTHOGONAL, crews, effort.budget)
    sizes = {"n": n, "d": DIMENSION, "p": draws[0].full.p, "dtype": dtype, "replicates": cores()}
    return {"kind": "contest"} | sizes | {"steps": steps, "target_reached": reached} | table(outcome, steps)


def table(outcome: Outcome, steps: int) -> dict[str, Any]:
    rounds, networks = outcome.rounds, cores()
    row: dict[str, Any] = {"rounds": len(rounds.order), "variants": outcome.variants}
    row["ms_per_network"] = rounds.summary(OURS, 1e3 / networks)
    row["us_per_step_and_network"] = rounds.summary(OURS, 1e6 / steps / networks)
    row["rivals"] = [
        {"family": family, "best": name, "goal": GOALS.get(family)}
        | rounds.ratio(name, OURS).as_json()
        | {"ms_per_network": rounds.summary(name, 1e3 / networks)}
        for family, name in outcome.best.items()
    ]
    return row


def live_pairs(dtype: str, effort: Effort) -> dict[str, Any]:
    """Time of a step against the number of live pairs. Sizes with steps over 0.2 s are left out."""
    sizes, pairs, arms = [], [], []
    before = 0.0
    for n in PAIR_SIZES:
        if before and before * (n / sizes[-1]) ** 2 > 0.2:
            break
        data = pl.data.orthogonal(n, seed=1, dtype=dtype)
        net = pl.initial.asymmetric(40, n, seed=1, data=data, dtype=dtype)
        before = min(timed(lambda d=data, w=net: pl.simulate(d, w, 8.0))() for _ in range(2)) / 9  # type: ignore[misc]
        steps = int(np.clip(effort.work / before, 8, 2048))
        run = timed(lambda d=data, w=net, k=steps: pl.simulate(d, w, k * 1e-3, step=1e-3, threads=1))  # type: ignore[misc]
        sizes.append(n)
        pairs.append(int(pl.simulate(data, net, 1e-3, step=1e-3).n_active[0]))
        arms.append(Arm(str(n), lambda run=run, steps=steps: run() / steps))  # type: ignore[misc]
    rounds = measure(arms, replace(effort.budget, sample=1e-9))
    slopes = [slope(pairs, list(s)) for s in zip(*(rounds.seconds[arm.name] for arm in arms), strict=True)]
    medians = [rounds.median(arm.name) for arm in arms]
    rates = [count / seconds for count, seconds in zip(pairs, medians, strict=True)]
    return {
        "kind": "live pairs",
        "dtype": dtype,
        "n": sizes,
        "pairs": pairs,
        "seconds_per_step": medians,
        "relative_throughput": [rate / max(rates) for rate in rates],
        "slope": {"median": statistics.median(slopes), "low": min(slopes), "high": max(slopes)},
        "slope_goal": SLOPE_GOAL,
    }


def ten_steps(n: int) -> float:
    data = pl.data.orthogonal(n, seed=1)
    net = pl.initial.asymmetric(pl.minimal_width(n), n, seed=1, data=data)
    return float(pl.simulate(data, net, 10.0).loss[-1])


def memory(effort: Effort) -> dict[str, Any]:
    n = LARGE // 10 if effort.quick else LARGE
    answer = isolated(ten_steps, n, limit=8 * GIB)
    row = {"kind": "memory", "n": n, "p": pl.minimal_width(n), "goal_gib": MEMORY_GOAL / GIB}
    if "peak_bytes" in answer:
        return row | {"peak_gib": answer["peak_bytes"] / GIB}
    return row | {"not_run": answer["not_run"]}


def run(effort: Effort) -> list[dict[str, Any]]:
    rows = []
    with Crews() as crews:
        for n in [1000] if effort.quick else [1000, 1500, 2000]:
            for dtype in ["float32"] if effort.quick else ["float32", "float64"]:
                row = one_case(n, dtype, crews, effort)
                against = "  ".join(f"{one['family']} {one['median']:.3g}x" for one in row["rivals"])
                effort.say(f"n={n} {dtype} {row['ms_per_network']['median']:.2f} ms/network  {against}")
                rows.append(row)
    for dtype in ["float32"] if effort.quick else ["float32", "float64"]:
        rows.append(live_pairs(dtype, effort))
        effort.say(f"live pairs {dtype}: slope {rows[-1]['slope']['median']:.3f}")
    rows.append(memory(effort))
    effort.say(str(rows[-1]))
    return rows


if __name__ == "__main__":
    save("orthogonal", __doc__, run, *parse(__doc__))
