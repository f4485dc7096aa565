"""Runs that go on from stage to stage, each from its state; what is kept of them beside the store's columns.

In the folder of the rows, `states/` holds the whole run so far of every draw and method (`Solution.save`),
and `details.csv` the further columns of each row. A run that was interrupted goes on from where it was, and
so does one that a later preset brings further. Rows of Euler are those of a single run to their horizon, bit
for bit; those of capture agree with it to the tolerance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pl_native import theory
from pl_native._base.checks import Array
from pl_native._problem import Dataset
from pl_native._run.interrupted import Interrupted
from pl_native._run.solution import Solution
from pl_native.experiments import _rows
from pl_native.experiments._in_place import in_place
from pl_native.experiments.experiment1.presets import kept_times
from pl_native.experiments.verdict import FOLLOWED
from pl_native.protocol import horizon
from pl_native.simulation import simulate
from pl_native.store import Row, Store, content_id
from pl_native.store.columns import Kind
from pl_native.store.details import Details
from pl_native.sweep import Plan, Run, problem
from pl_native.sweep.cells import content

DETAILS: dict[str, Kind] = {
    "id": str,
    "rises": int,
    "rhs": int,
    "loss_error": float,
    **dict.fromkeys(kept_times(), float),
    "at_kinks": int,
    "resting": int,
    "free_weights": int,
    "rank": int,
    "floor": float,
    "slowest_rate": float,
    "to_level": float,
    "to_target": float,
    "crossing": int,
    "let_go": int,
    "velocity_ratio": float,
}
"""Columns beside the store's, any of them None where it does not apply: how the run went, its losses at
fixed times, and `theory.frozen_flow` of a state that capture ended at (losses and times in their own units;
to_level, to_target: the time left to the criterion's level and to `FOLLOWED` of it)."""

_UNFINISHED = ("HORIZON", "UNSTABLE", "INTERRUPTED")


def run(plan: Plan, store: Store, **how: Any) -> list[Row]:
    """Bring the runs of `plan` to their horizons, and add a row and its details for each; all rows of `plan`,
    each with its details.

    Keywords are those of `sweep.run`; ValueError for an executor or a share: a run's stages need its states.
    """
    last = {_state_name(one, plan): one.id for one in plan}
    states = store.folder / "states"

    def compute(one: Run, threads: int | None) -> tuple[Dataset, Solution]:
        states.mkdir(exist_ok=True)
        return _brought(one, plan, states / _state_name(one, plan), threads)

    def further(one: Run, row: Row, data: Dataset, sol: Solution) -> Row:
        return _further(row, data, sol, final=last[_state_name(one, plan)] == one.id)

    why = "runs go on from their states in this folder"
    return in_place(plan, Details(store.folder, DETAILS), compute, further, why=why, **how)


def _state_name(run: Run, plan: Plan) -> str:
    """The same for all stages of one draw and method."""
    endless = {"horizon": None, "replicate": run.replicate}
    return content_id(content(run.cell, plan.seed, plan.backend) | endless) + ".npz"


def _brought(run: Run, plan: Plan, state: Path, threads: int | None) -> tuple[Dataset, Solution]:
    """The run at its cell's horizon, or where it ended before; `state` keeps it, interrupted or not."""
    cell = run.cell
    data, network = problem(cell, plan.seed, run.replicate)
    times = np.array([0.0, *kept_times(horizon(cell.n, cell.p)).values(), cell.t_end])
    times = np.unique(times[times <= cell.t_end])
    sol = Solution.load(state) if state.exists() else None
    if sol is not None and sol.t[-1] > cell.t_end * (1 + 1e-9):
        sol = None  # of a later stage, whose rows are lost
    try:
        if sol is None:
            how = cell.options | {"step": cell.step, "threads": threads, "backend": plan.backend}
            sol = simulate(data, network, cell.t_end, save=times, **how)
        elif sol.status.name in _UNFINISHED and _is_before(sol, cell.t_end):
            later = _after(times, sol)
            sol = sol.extend(cell.t_end, data=data, save=later, stop=cell.stop, threads=threads)
    except Interrupted as stopped:
        for part in stopped.solutions:
            part.save(state)
        raise
    sol.save(state)
    return data, sol


def _is_before(sol: Solution, t_end: float) -> bool:
    return sol.status.name == "INTERRUPTED" or sol.stats["t_end"] < t_end * (1 - 1e-9)


def _after(times: Array, sol: Solution) -> Array:
    later: Array = times[times > sol.t[-1]]
    return later if len(later) else times[-1:]


def _further(row: Row, data: Dataset, sol: Solution, *, final: bool) -> Row:
    t_inf = horizon(data.n, sol.network.p)
    found: Row = dict.fromkeys(DETAILS) | {"id": row["id"], "rises": sol.stats["rises"]}
    found |= {"rhs": sol.stats.get("rhs", sol.stats["steps"]), "loss_error": sol.stats.get("loss_error")}
    found |= {name: _loss_at(sol, t) for name, t in kept_times(t_inf).items()}
    if sol.stats["method"] == "capture" and (final or sol.status.name not in _UNFINISHED):
        found |= _frozen(row, data, sol)
    return found


def _loss_at(sol: Solution, t: float) -> float | None:
    """The recorded loss at t, which Euler snaps to a step; None where the run ended before."""
    k = int(np.argmin(np.abs(sol.t - t)))
    return float(sol.loss[k]) if abs(sol.t[k] - t) <= 0.5 * (sol.stats["step"] or 0.0) + 1e-9 * t else None


def _frozen(row: Row, data: Dataset, sol: Solution) -> Row:
    frozen = theory.frozen_flow(data, sol.network, at_kinks=sol.stats["sliding_end"])
    spectrum, level = frozen.spectrum, _rows.real(row, "criterion_level")
    return {
        "at_kinks": sol.stats["sliding_end"],
        "resting": int(frozen.pattern.rests.sum()),
        "free_weights": frozen.free_weights,
        "rank": int(spectrum.moves.sum()),
        "floor": spectrum.floor,
        "slowest_rate": spectrum.slowest,
        "to_level": spectrum.time_to(level),
        "to_target": spectrum.time_to(FOLLOWED * level),
        "crossing": frozen.crossing,
        "let_go": frozen.let_go,
        "velocity_ratio": frozen.velocity_sq / (float(sol.grad_norm[-1]) * sol.network.p) ** 2,
    }
