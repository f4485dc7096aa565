"""Work and precision of the capture method, fixed-step Euler and the event-driven flow.

The error of a run is the largest relative error of loss(t) over its saved times, against the flow at rtol
1e-8 (kept beside the results: one of the references takes minutes). What it cost is right-hand sides, with
everything counted that the method needs (of capture: what it began again, too), and seconds:
float64, one thread, and for capture also all cores if the machine is idle.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import options
import pl_native as pl
from pl_native.bench.harness import Arm, Budget, Effort, Rounds, measure, timed

Row = dict[str, Any]
RTOLS = tuple(10.0 ** (-k / 2) for k in range(2, 11))  # 1e-1 .. 1e-5
STEPS = tuple(2.0**-k for k in range(7))  # 1 .. 1/64
REFERENCE = 1e-8
TARGETS = (1e-2, 1e-3, 1e-4)
BUDGET = Budget(rounds=4, sample=0.0, total=30.0)


@dataclass(frozen=True)
class Case:
    """One size followed to each of `ends`, saved every `every`, and seldom: capture and the flow can land
    anywhere, but a saved time ends a step of capture. `flow`: its tolerances, timed once each if slow.
    """

    n: int
    d: int
    p: int
    ends: tuple[float, ...]
    every: float
    seeds: tuple[int, ...]
    flow: tuple[float, ...]
    slow: bool = False

    def problem(self, seed: int) -> tuple[pl.Dataset, pl.Network]:
        data = pl.data.sphere(self.n, self.d, seed=seed)
        return data, pl.initial.asymmetric(self.p, self.d, seed=seed + 1)

    def times(self, end: float) -> Any:
        return np.arange(0.0, end + 0.5 * self.every, self.every)


FULL = (
    Case(300, 30, 31, (20.0, 50.0, 100.0), 5.0, (1, 3, 5, 7, 9), (1e-2,), slow=True),
    Case(600, 60, 33, (100.0,), 10.0, (1, 3, 5), (), slow=True),
    Case(1700, 100, 37, (50.0, 100.0), 10.0, (1,), (), slow=True),
)
QUICK = (Case(300, 30, 31, (20.0,), 5.0, (1, 3), (1e-2, 1e-4)),)


@dataclass(frozen=True)
class Entry:
    """One method at one setting (rtol, or Euler's step)."""

    method: str
    setting: float
    threads: int | None = 1

    @property
    def name(self) -> str:
        return f"{self.method} {self.setting:g}" + ("" if self.threads else " all cores")

    def run(self, problem: tuple[pl.Dataset, pl.Network], times: Any) -> pl.Solution:
        given: Row = {"step" if self.method == "euler" else "rtol": self.setting}
        if self.method != "euler":
            given["atol"] = 1e-3 * self.setting
        return pl.simulate(
            *problem, float(times[-1]), method=self.method, save=times, threads=self.threads, **given
        )


def reference(case: Case, seed: int, folder: Path) -> tuple[Any, Any]:
    """Times and losses at each unit of time to the last end, from the folder if they are there."""
    path = folder / f"reference-{case.n}-{case.d}-{case.p}-{case.ends[-1]:g}-{seed}.npz"
    if not path.exists():
        times = np.arange(case.ends[-1] + 1)
        sol = Entry("flow", REFERENCE).run(case.problem(seed), times)
        assert sol.status is pl.Status.HORIZON, sol.status
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, t=sol.t, loss=sol.loss)
    with np.load(path) as found:
        return found["t"], found["loss"]


def error(sol: pl.Solution, exact: tuple[Any, Any]) -> float:
    """Largest relative error of the loss over the saved times, which are among those of `exact`."""
    loss = exact[1][np.searchsorted(exact[0], sol.t)]
    return float(np.max(np.abs(sol.loss / loss - 1)))


def one_draw(case: Case, end: float, seed: int, exact: tuple[Any, Any], budget: Budget) -> dict[Entry, Row]:
    """Error, right-hand sides and seconds of every entry on one problem; interleaved but for slow ones."""
    problem, times = case.problem(seed), case.times(end)
    found: dict[Entry, pl.Solution] = {}

    def work(entry: Entry) -> None:
        found[entry] = entry.run(problem, times)

    flows = [Entry("flow", rtol) for rtol in case.flow]
    once = flows if case.slow else []
    # a team waits for its slowest thread: on a busy machine its seconds are those of the others' work
    idle = os.getloadavg()[0] < 0.5
    teams = (1, None) if idle else (1,)
    many = [Entry("capture", rtol, team) for rtol in RTOLS for team in teams]
    many += [Entry("euler", step) for step in STEPS] + ([] if case.slow else flows)
    rounds = measure([Arm(entry.name, timed(functools.partial(work, entry))) for entry in many], budget)
    single = {entry.name: [timed(functools.partial(work, entry))()] for entry in once}
    seconds = Rounds(rounds.seconds | single)
    return {
        entry: {
            "error": error(sol, exact),
            "rhs": sol.stats.get("rhs", sol.stats["steps"]),
            "seconds": seconds.summary(entry.name),
            "restarts": sol.stats.get("restarts"),
            "estimate": sol.stats.get("loss_error"),
        }
        for entry, sol in found.items()
    }


def mean(values: Sequence[float]) -> float:
    """Geometric."""
    return math.exp(sum(math.log(max(value, 1e-300)) for value in values) / len(values))


def points(draws: Sequence[dict[Entry, Row]]) -> list[Row]:
    """Geometric means over the draws, one row per method and setting."""
    rows = []
    for entry in draws[0]:
        if entry.threads is None:
            continue
        here = [draw[entry] for draw in draws]
        row = {
            "method": entry.method,
            "setting": entry.setting,
            "error": mean([one["error"] for one in here]),
            "error_range": [min(one["error"] for one in here), max(one["error"] for one in here)],
            "rhs": mean([one["rhs"] for one in here]),
            "seconds": {
                key: mean([one["seconds"][key] for one in here]) for key in ("median", "low", "high")
            },
            "restarts": [one["restarts"] for one in here],
        }
        everywhere = Entry(entry.method, entry.setting, None)
        if all(everywhere in draw for draw in draws):  # each draw looked whether the machine was idle
            row["seconds_all_cores"] = mean([draw[everywhere]["seconds"]["median"] for draw in draws])
        rows.append(row)
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
                at[method] = cost_at(target, [row["error"] for row in mine], [cost(row) for row in mine])
                most[method] = max(cost(row) for row in mine)
            yield {"target": target, "currency": currency, "cost": at, "dearest": most}


def run(effort: Effort, folder: Path) -> list[Row]:
    """All cases, one row each and end."""
    rows = []
    for case in QUICK if effort.quick else FULL:
        for end in case.ends:
            draws = []
            for seed in case.seeds:
                exact = reference(case, seed, folder)
                draws.append(one_draw(case, end, seed, exact, effort.budget if effort.quick else BUDGET))
                effort.say(f"   {case.n}, {case.d}, {case.p}, t = {end:g}, seed {seed}")
            found = points(draws)
            sizes = {"n": case.n, "d": case.d, "p": case.p, "t_end": end, "draws": len(draws)}
            rows.append(sizes | {"points": found, "at_targets": list(ratios(found))})
    return rows


if __name__ == "__main__":
    effort, out = options.parse(__doc__)
    options.save("capture", __doc__, functools.partial(run, folder=out), effort, out)
