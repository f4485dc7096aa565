"""Figure 2: the rescaled loss from a group initialisation becomes the staircase L_inf (Theorem 2).

p = 2 groups with D = 1 and 2, c0 = N0 = 1; the closed form at n up to 1.7e18, the flow itself, simulated, up
to n = 10^6. Times are in units of t_n = (sqrt(n p)/4) log(n p).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native import sweep
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native.experiments import _loss_curves, _staircase
from pl_native.experiments._comparison_table import wrapped
from pl_native.experiments._rows import number
from pl_native.experiments._staircase import STILL, D, P, closed_form
from pl_native.store import Row, Store
from pl_native.store.details import Details
from pl_native.sweep import Cell, How, Plan
from pl_native.theory import staircase, time_unit

TIMES = 1000
RTOL = 1e-9
TOLERANCE = 1e-7
"""Largest distance of a simulated loss from the closed form, at rtol 1e-9."""

PRESETS: dict[str, tuple[int, ...]] = {
    "quick": (100, 1000, 10_000, 100_000),
    "paper": (100, 1000, 10_000, 100_000, 1_000_000),
}
"""The n that are simulated."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """One run: its losses at `TIMES` times, and their largest distance from the closed form."""

    n: int
    losses: Array
    distance: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The simulated runs by n; the closed form needs no rows."""

    runs: tuple[Simulated, ...]

    def table(self) -> str:
        """Steps of the loss in the closed form and simulated, as text."""
        steps, levels = staircase(D, P)
        lines = [
            f"Figure 2: rescaled loss from a group initialisation, p = {P}, D = 1 and 2, c0 = N0 = 1",
            "",
        ]
        lines.append(f"Limit: levels {', '.join(f'{x:g}' for x in levels)}; steps at t/t_n = 1/D_j = "
                     f"{', '.join(f'{x:g}' for x in steps)}.")  # fmt: skip
        head = f"{'n':>22} {'half of step 1':>15} {'half of step 2':>15}  largest distance of simulated loss"
        lines += ["", head, "-" * len(head)]
        for n, losses, text in self._listed():
            first, second = halfway(losses)
            lines.append(f"{n:>22} {first:>15.4f} {second:>15.4f}  {text}")
        return "\n".join([*lines, "", self.verdict(), wrapped(_staircase.CONVENTIONS), ""])

    def _listed(self) -> list[tuple[int, Array, str]]:
        found = [(run.n, run.losses, f"{run.distance:.1e}") for run in self.runs]
        return [*found, (STILL, closed_form(times(), STILL), "closed form only")]

    def verdict(self) -> str:
        """Whether the simulated flow is the closed form, and the closed form goes to the staircase."""
        odd = self.disagreements()
        if odd:
            return "NOT REPRODUCED: " + "; ".join(odd) + "."
        worst = max(run.distance for run in self.runs)
        return f"Reproduced: simulated losses are within {worst:.1e} of the closed form at {TIMES} times."

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        found = [
            f"n = {run.n}: simulated loss {run.distance:.1e} from the closed form"
            for run in self.runs
            if not run.distance <= TOLERANCE
        ]
        steps, _ = staircase(D, P)
        far = [np.abs(np.array(halfway(closed_form(times(), n))) - steps) for n in (100, STILL)]
        if np.any(far[1] >= far[0]):
            found.append("the closed form does not approach the steps of L_inf")
        return found


def times() -> Array:
    """The published times, (1000,), in units of t_n: 0 to 1.75 times the slower group's 1/D."""
    return np.linspace(0.0, 1.75 / min(D), TIMES)


def halfway(losses: Array) -> tuple[float, float]:
    """When the loss passes the middle of each step of L_inf, in units of t_n, (m,) losses at `times`."""
    _, levels = staircase(D, P)
    middles = (levels[:-1] + levels[1:]) / 2
    first, second = (float(np.interp(-level, -losses, times())) for level in middles)
    return first, second


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset, in increasing n. ValueError for an unknown preset."""
    checks.choice("preset", preset, tuple(PRESETS))
    return [_cell(n) for n in PRESETS[preset]]


def _cell(n: int) -> Cell:
    return Cell(
        n=n,
        d=n,
        p=P,
        data="group",
        data_options={"D": list(D)},  # type: ignore[arg-type]
        initialisation="group",
        t_end=float(times()[-1]) * time_unit(n, P),
        replicates=1,  # nothing random is left in the loss
        method="flow",
        rtol=RTOL,
        atol=1e-12,
    )


def run(plan: Plan, store: Store, **how: Any) -> list[Row]:
    """Run what `store` has not got of `plan`, then each run once more for its loss at `times`; keywords of
    `sweep.run`. Rows with `_loss_curves.COLUMNS`, those that failed left out.
    """
    asked = How(**how)
    sweep.run(plan, store, **how)
    rows = store.rows(plan.ids)
    return _loss_curves.with_losses(rows, store.folder, TIMES, asked.threads, asked.progress)


def stored(plan: Plan, store: Store) -> list[Row]:
    """The rows that `run` has left, nothing simulated."""
    return Details(store.folder, _loss_curves.COLUMNS).attach(store.rows(plan.ids))


def summarise(rows: Sequence[Row]) -> Summary:
    """Losses and their distance from the closed form, from the rows of `run`, of any preset."""
    if not rows:
        raise ValueError("rows: expected at least one run")
    found = []
    for row in sorted(rows, key=lambda row: number(row, "n")):
        losses, n = _loss_curves.losses_of(row), number(row, "n")
        if losses.shape != (TIMES,):
            raise ValueError(f"row {row['id']}: expected {TIMES} losses, got {losses.size}")
        found.append(Simulated(n, losses, float(np.abs(losses - closed_form(times(), n)).max())))
    return Summary(tuple(found))


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """The closed form and its limit, the simulated flow over it, their distance; `axes[0]` are the three."""
    left, middle, right = axes[0]
    t = times()
    runs = [(run.n, run.losses) for run in summary.runs]
    return [
        *_staircase.limit_and_closed_form(left, t),
        *_staircase.simulated(middle, t, runs),
        *_staircase.distances(right, t, runs, TOLERANCE),
    ]
