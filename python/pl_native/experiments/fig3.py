"""Figure 3: probability of convergence and loss ratio against n, at d = 100.

Protocol of the paper: explicit Euler with step 1 in float32 to the horizon 1.5 (sqrt(n p)/4) log(n p); a run
has converged when its loss passes below 1/(2n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pl_native._base import checks
from pl_native.experiments import verdict
from pl_native.experiments._comparison_table import comparison_table, disagreements
from pl_native.experiments._convergence import Comparison, compare, curve, published_curve
from pl_native.experiments._panels import loss_panel, probability_panel
from pl_native.experiments._paper_cell import paper_cell
from pl_native.experiments._rows import number, real
from pl_native.protocol import minimal_width
from pl_native.store import Row
from pl_native.sweep import Cell, width

D = 100


@dataclass(frozen=True, slots=True)
class Grid:
    """Part of a preset: runs at these n, at `factor` times the minimal width, for each initialisation."""

    n: tuple[int, ...]
    factor: int
    initialisations: tuple[str, ...]
    replicates: int


_FIRST_N = (2500, 2600, 2700, 2800, 2850, 2900, 2950, 3000, 3050, 3100, 3150, 3200, 3300, 3400, 3500)

PRESETS: dict[str, tuple[Grid, ...]] = {
    "quick": (Grid(tuple(range(1300, 2101, 100)), 1, ("torch_linear",), 6),),
    "paper": (
        Grid(tuple(range(1300, 2101, 50)), 1, ("torch_linear", "asymmetric"), 80),
        Grid(_FIRST_N, 4, ("torch_linear",), 25),
    ),
}
PUBLISHED = {(1, "torch_linear"): "fig3_published", (4, "torch_linear"): "fig3_first"}
"""Table of `pl_native.published` for a width factor and an initialisation."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One comparison for each width factor and initialisation that has rows."""

    comparisons: dict[tuple[int, str], Comparison]

    def table(self) -> str:
        """Measured beside published, as text."""
        return "\n".join(comparison_table(comparison) for comparison in self.comparisons.values())

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        return [what for comparison in self.comparisons.values() for what in disagreements(comparison)]


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset, in increasing n. ValueError for an unknown preset."""
    checks.choice("preset", preset, tuple(PRESETS))
    return [
        paper_cell(n, D, width(n, grid.factor), initialisation, grid.replicates)
        for grid in PRESETS[preset]
        for initialisation in grid.initialisations
        for n in grid.n
    ]


def summarise(rows: Sequence[Row]) -> Summary:
    """Curves with intervals, thresholds and tests from the rows of any preset, complete or not."""
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    comparisons = {}
    for (factor, initialisation), members in sorted(groups.items()):
        name = PUBLISHED.get((factor, initialisation))
        reference = None if name is None else published_curve(name)
        d, step = number(members[0], "d"), real(members[0], "step")
        label = f"Figure 3: d = {d}, width {factor}x, {initialisation}, Euler step {step:g}"
        comparisons[factor, initialisation] = compare(label, curve(members, verdict.by_horizon), reference)
    return Summary(comparisons)


def _group(row: Row) -> tuple[int, str]:
    n, p = number(row, "n"), number(row, "p")
    factor = round((p - 1) / (minimal_width(n) - 1))
    if width(n, factor) != p:
        raise ValueError(f"row {row['id']}: p = {p} is not a width of figure 3 at n = {n}")
    return factor, str(row["initialisation"])


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Left the probability of convergence, right the loss ratio: `axes[i]` is the pair for
    the i-th comparison.
    """
    artists = []
    for ((factor, initialisation), comparison), (left, right) in zip(
        summary.comparisons.items(), axes, strict=True
    ):
        artists += probability_panel(left, comparison, partial(width, factor=factor), D)
        artists += loss_panel(right, comparison)
        left.set_title(f"width {factor}x, {initialisation}", loc="right", fontsize="small")
    return artists
