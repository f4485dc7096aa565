"""Work and precision of capture, fixed-step Euler, the flow and general solvers at equal true error.

The error of a run is the largest relative error of loss(t) over its saved times, against the flow at rtol
1e-9 (n = 1700: 1e-7); how far the flow at ten times that is off is kept beside it (`reference_gap`).
Which side a repelling kink is passed on makes the error of one run a matter of luck: errors and costs of
a setting are geometric means over at least five draws. Costs are right-hand sides, with everything
counted that the method needs (of capture: what it began again, too), and processor seconds of one thread
(set OPENBLAS_NUM_THREADS=1 for SciPy's sake). Euler runs in float64 and in float32, all else in float64.
SciPy's RK45 and, if it is installed, diffrax (Tsit5) get the field as users write it, without any
knowledge of kinks.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import options
import pl_native as pl
import solvers
from pl_native._base.build import NUMERICS
from pl_native.bench.harness import Arm, Budget, Effort, Rounds, measure, timed

Row = dict[str, Any]
RTOLS = (1e-1, 7e-2, 5e-2, *(10.0 ** (-k / 2) for k in range(3, 11)))  # .. 1e-5
STEPS = tuple(2.0**-k for k in range(11))  # 1 .. 1/1024
SOLVER_RTOLS = (1e-2, 1e-3, 1e-4)
TARGETS = (1e-2, 1e-3, 1e-4)
DEAR = 0.3  # seconds of the reference's problem beyond which Euler's finer steps are timed once: see one_draw
BUDGET = Budget(rounds=4, sample=0.0, total=20.0)


@dataclass(frozen=True)
class Case:
    """One size followed to each of `ends`, saved every `every`, and seldom: capture and the flow can land
    anywhere, but a saved time ends a step of capture. `flow`: its tolerances; `finest`: Euler's last step;
    `limit`: seconds that a general solver may take; `reference`: rtol of the flow that is taken for true.
    """

    n: int
    d: int
    p: int
    ends: tuple[float, ...]
    every: float
    seeds: tuple[int, ...]
    flow: tuple[float, ...]
    finest: float = STEPS[-1]
    limit: float = 5.0
    reference: float = 1e-9

    def problem(self, seed: int) -> tuple[pl.Dataset, pl.Network]:
        data = pl.data.sphere(self.n, self.d, seed=seed)
        return data, pl.initial.asymmetric(self.p, self.d, seed=seed + 1)

    def times(self, end: float) -> Any:
        return np.arange(0.0, end + 0.5 * self.every, self.every)

    def entries(self) -> list[Entry]:
        steps = [step for step in STEPS if step >= self.finest]
        found = [Entry("capture", rtol) for rtol in RTOLS]
        found += [Entry(method, step) for method in EULER for step in steps]
        found += [Entry("flow", rtol) for rtol in self.flow]
        return found + [Entry(method, rtol) for method in solvers.installed() for rtol in SOLVER_RTOLS]


SEEDS = (1, 3, 5, 7, 9)
FULL = (
    Case(300, 30, 31, (20.0, 50.0, 100.0), 5.0, SEEDS, (1e-2, 1e-4)),
    Case(600, 60, 33, (100.0,), 10.0, SEEDS, (1e-2, 1e-4)),
    Case(1700, 100, 37, (50.0, 100.0), 10.0, SEEDS, (1e-2, 1e-4), finest=2.0**-8, reference=1e-7),
)
QUICK = (Case(300, 30, 31, (20.0,), 5.0, (1, 3), (1e-2, 1e-4), finest=2.0**-6),)
EULER = {"euler": np.float64, "euler float32": np.float32}


@dataclass(frozen=True)
class Entry:
    """One method at one setting (rtol, or Euler's step)."""

    method: str
    setting: float

    @property
    def name(self) -> str:
        return f"{self.method} {self.setting:g}"

    def run(self, problem: tuple[pl.Dataset, pl.Network], times: Any, limit: float) -> solvers.Found:
        if self.method in solvers.installed():
            return solvers.solve(self.method, problem, times, self.setting, limit)
        given: Row = {"method": self.method, "rtol": self.setting, "atol": 1e-3 * self.setting}
        if self.method in EULER:
            given = {"step": self.setting}
        sol = pl.simulate(*problem, float(times[-1]), save=times, threads=1, **given)
        return solvers.Found(
            sol.t, sol.loss, sol.stats.get("rhs", sol.stats["steps"]), sol.stats.get("restarts")
        )

    def cast(self, problem: tuple[pl.Dataset, pl.Network]) -> tuple[pl.Dataset, pl.Network]:
        """The problem in the precision that the method computes in."""
        data, net = problem
        dtype = EULER.get(self.method, np.float64)
        return pl.Dataset(data.X, data.y, dtype=dtype), pl.Network(net.W, net.a, dtype=dtype)


def reference(case: Case, seed: int, folder: Path) -> tuple[Any, Any, float]:
    """Times and losses to the last end, and how far a looser reference is from them; from the folder if they
    are there."""
    path = folder / f"reference-{case.n}-{case.d}-{case.p}-{case.ends[-1]:g}-{seed}.npz"
    if not path.exists():
        times, both = case.times(case.ends[-1]), (case.reference, 10 * case.reference)
        runs = [Entry("flow", rtol).run(case.problem(seed), times, math.inf) for rtol in both]
        assert all(len(run.t) == len(times) for run in runs)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, t=runs[0].t, loss=runs[0].loss, other=runs[1].loss)
    with np.load(path) as found:
        return found["t"], found["loss"], float(np.max(np.abs(found["other"] / found["loss"] - 1)))


def error(run: Any, exact: tuple[Any, Any]) -> float | None:
    """Largest relative error of the loss over the saved times, which are among those of `exact`; None of a
    run that did not get there."""
    if run.loss is None:
        return None
    loss = exact[1][np.searchsorted(exact[0], run.t)]
    return float(np.max(np.abs(run.loss / loss - 1)))


def one_draw(case: Case, end: float, seed: int, exact: tuple[Any, Any], budget: Budget) -> dict[Entry, Row]:
    """Error, right-hand sides and seconds of every entry on one problem; interleaved but for dear ones, which
    run once: general solvers, and Euler at steps that take as long."""
    plain, times = case.problem(seed), case.times(end)
    found: dict[Entry, solvers.Found] = {}
    problems = {entry: entry.cast(plain) for entry in case.entries()}

    def work(entry: Entry) -> None:
        found[entry] = entry.run(problems[entry], times, case.limit)

    seconds: dict[str, list[float]] = {}
    arms = []
    for entry in problems:
        if entry.method in solvers.installed():
            solvers.prepare(entry.method, problems[entry], times, entry.setting, case.limit)
        arm = Arm(entry.name, timed(functools.partial(work, entry), time.process_time))
        seconds[entry.name] = [arm.run()]
        if entry.method not in solvers.installed() and seconds[entry.name][0] < DEAR:
            arms.append(arm)
    rounds = Rounds(seconds | measure(arms, budget).seconds)
    return {
        entry: {
            "error": error(run, exact),
            "rhs": run.rhs,
            "seconds": rounds.summary(entry.name),
            "restarts": run.restarts,
        }
        for entry, run in found.items()
    }


def mean(values: Sequence[float]) -> float:
    """Geometric."""
    return math.exp(sum(math.log(max(value, 1e-300)) for value in values) / len(values))


def points(draws: Sequence[dict[Entry, Row]]) -> list[Row]:
    """Geometric means over the draws, one row per method and setting; error None if one did not get there."""
    rows = []
    for entry in draws[0]:
        here = [draw[entry] for draw in draws]
        errors = [one["error"] for one in here]
        there = [] if None in errors else errors
        rows.append(
            {
                "method": entry.method,
                "setting": entry.setting,
                "error": mean(there) if there else None,
                "error_range": [min(there), max(there)] if there else None,
                "rhs": mean([one["rhs"] for one in here]),
                "seconds": {
                    key: mean([one["seconds"][key] for one in here]) for key in ("median", "low", "high")
                },
                "restarts": [one["restarts"] for one in here],
            }
        )
    return rows


def cost_at(target: float, errors: Sequence[float], costs: Sequence[float]) -> float | None:
    """Least cost that gives the error `target`: settings in the order of cost, each no worse than those
    before it (who has paid may use the better of both), log-log between the two around the target. None if
    no setting is good enough; the cheapest setting's cost if that one already is."""
    least, before = math.inf, (math.nan, math.nan)
    for cost, found in sorted(zip(costs, errors, strict=True)):
        if found >= least:
            continue
        least = found
        if found <= target:
            if math.isnan(before[0]) or found == target:
                return cost
            share = math.log(before[1] / target) / math.log(before[1] / found)
            return before[0] * (cost / before[0]) ** share
        before = (cost, found)
    return None


COSTS: dict[str, Callable[[Row], float]] = {
    "rhs": lambda row: float(row["rhs"]),
    "seconds": lambda row: float(row["seconds"]["median"]),
}


def ratios(rows: Sequence[Row]) -> Iterator[Row]:
    """Cost of each method at each target error, in both currencies; Euler's and the flow's over capture's.

    A method that does not get there has a lower bound, the cost of its dearest setting.
    """
    methods = list(dict.fromkeys(row["method"] for row in rows))
    for target in TARGETS:
        for currency, cost in COSTS.items():
            at, most = {}, {}
            for method in methods:
                mine = [row for row in rows if row["method"] == method]
                there = [row for row in mine if row["error"] is not None]
                at[method] = cost_at(target, [row["error"] for row in there], [cost(row) for row in there])
                most[method] = max(cost(row) for row in mine)
            yield {"target": target, "currency": currency, "cost": at, "dearest": most}


def run(effort: Effort, folder: Path) -> list[Row]:
    """All cases, one row each and end."""
    rows = []
    for case in QUICK if effort.quick else FULL:
        for end in case.ends:
            draws, gaps = [], []
            for seed in case.seeds:
                *exact, gap = reference(case, seed, folder)
                gaps.append(gap)
                draws.append(
                    one_draw(case, end, seed, (exact[0], exact[1]), effort.budget if effort.quick else BUDGET)
                )
                effort.say(f"   {case.n}, {case.d}, {case.p}, t = {end:g}, seed {seed}: gap {gap:.1e}")
            found = points(draws)
            sizes = {"n": case.n, "d": case.d, "p": case.p, "t_end": end, "draws": len(draws)}
            facts = {
                "reference_gap": max(gaps),
                "not_run": solvers.missing(),
                "numerics": NUMERICS["capture"],
            }
            rows.append(sizes | facts | {"points": found, "at_targets": list(ratios(found))})
    return rows


if __name__ == "__main__":
    effort, out = options.parse(__doc__)
    options.save("capture", __doc__, functools.partial(run, folder=out), effort, out)
