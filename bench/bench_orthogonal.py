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
from pl_native.bench.harness import Arm, Effort, Rounds, State, measure, timed
from pl_native.bench.machine import cache_bytes, cores
from pl_native.bench.problems import Array, Problem, arrays
from pl_native.bench.rivals import LOOP, ORTHOGONAL, Crews

DIMENSION, SCALE = 2000, 0.01
DENSE_LOOP = f"{LOOP}, dense"
DENSE_STEPS = 40
GOALS = {DENSE_LOOP: 300.0, "JAX elementwise": 4.0}
TOLERANCE = {"float32": 1e-2, "float64": 1e-7}
MEMORY_GOAL = 1.5 * GIB
LARGE = 1_000_000
PAIR_WIDTH = 40
PAIR_SIZES = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 1_024_000]
QUICK_PAIRS = 256_000


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


@dataclass(frozen=True, slots=True)
class PairSize:
    """One size: live pairs, bytes of the state, and what is timed, each in seconds.

    step    one Euler step on one thread, which reads and writes every pair of a live tile once
    add     NumPy adding 1 in place to an array of as many bytes: the machine's speed at such traffic
    """

    n: int
    pairs: int
    state_bytes: int
    step: Arm
    add: Arm


def pair_size(n: int, dtype: str, effort: Effort) -> PairSize:
    """Arms of one size; a run is at least 32 steps, so that what is recorded at its ends does not count."""
    data = pl.data.orthogonal(n, seed=1, dtype=dtype)
    net = pl.initial.asymmetric(PAIR_WIDTH, n, seed=1, data=data, dtype=dtype)

    def loop(steps: int) -> float:
        """Seconds of the step loop; the time is so short that no pair dies."""
        sol = pl.simulate(data, net, steps * 1e-4, step=1e-4, threads=1)
        return float(sol.stats["seconds"])

    steps = int(np.clip(effort.work / (min(loop(32), loop(32)) / 32), 32, 4096))
    state = np.zeros(net.W.size, dtype)
    adds = 1 + int(4e6 / state.nbytes)

    def add() -> None:
        for _ in range(adds):
            np.add(state, 1, out=state)

    pairs, added = int(pl.simulate(data, net, 1e-4, step=1e-4).n_active[0]), timed(add)
    step = Arm(f"step {n}", lambda: loop(steps) / steps)
    return PairSize(n, pairs, state.nbytes, step, Arm(f"add {n}", lambda: added() / adds))


def live_pairs(dtype: str, effort: Effort) -> dict[str, Any]:
    """Time of a step against the number of live pairs: slope over all sizes, and over those of one cache."""
    sizes = [pair_size(n, dtype, effort) for n in PAIR_SIZES if n <= QUICK_PAIRS or not effort.quick]
    once = replace(effort.budget, sample=1e-9)  # an arm's run is long already, whatever it returns
    rounds = measure([arm for size in sizes for arm in (size.step, size.add)], once)
    medians = [rounds.median(size.step.name) for size in sizes]
    rates = [size.pairs / seconds for size, seconds in zip(sizes, medians, strict=True)]
    return {
        "kind": "live pairs",
        "dtype": dtype,
        "n": [size.n for size in sizes],
        "pairs": [size.pairs for size in sizes],
        "state_bytes": [size.state_bytes for size in sizes],
        "seconds_per_step": medians,
        "seconds_per_add": [rounds.median(size.add.name) for size in sizes],
        "step_over_add": [rounds.ratio(size.step.name, size.add.name).as_json() for size in sizes],
        "relative_throughput": [rate / max(rates) for rate in rates],
        "slope": fitted(sizes, rounds),
        "slope_goal": SLOPE_GOAL,
        "by_place": [
            {"place": place, "n": [sizes[k].n for k in members]}
            | {"slope": fitted([sizes[k] for k in members], rounds)}
            for place, members in places([size.state_bytes for size in sizes], cache_bytes()).items()
            if len(members) >= 2
        ],
    }


def fitted(sizes: list[PairSize], rounds: Rounds) -> dict[str, float]:
    """Slope of log time on log pairs, fitted round by round."""
    times = zip(*(rounds.seconds[size.step.name] for size in sizes), strict=True)
    slopes = [slope([size.pairs for size in sizes], list(seconds)) for seconds in times]
    return {"median": statistics.median(slopes), "low": min(slopes), "high": max(slopes)}


def places(state_bytes: list[int], caches: dict[int, int]) -> dict[str, list[int]]:
    """Indices of the sizes by the least cache that holds the state with half of it to spare."""
    found: dict[str, list[int]] = {}
    for k, size in enumerate(state_bytes):
        held = [level for level, capacity in sorted(caches.items()) if 2 * size <= capacity]
        found.setdefault(f"level {held[0]}" if held else "memory", []).append(k)
    return found


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
        parts = "; ".join(f"{one['place']} {one['slope']['median']:.3f}" for one in rows[-1]["by_place"])
        effort.say(f"live pairs {dtype}: slope {rows[-1]['slope']['median']:.3f} ({parts})")
    rows.append(memory(effort))
    effort.say(str(rows[-1]))
    return rows


if __name__ == "__main__":
    save("orthogonal", __doc__, run, *parse(__doc__))
