"""Figure 3: probability of convergence and loss ratio against n, at d = 100.

Protocol of the paper: explicit Euler with step 1 in float32 to the horizon 1.5 (sqrt(n p)/4) log(n p); a run
has converged when its loss passes below 1/(2n).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pl_native._base import checks
from pl_native.experiments import _panels, verdict
from pl_native.experiments._comparison_table import comparison_table, disagreements, wrapped
from pl_native.experiments._convergence import Comparison, Curve, compare, curve, published_curve
from pl_native.experiments._paper_cell import INITIALISATIONS, paper_cell
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
    "quick": (Grid(tuple(range(1300, 2101, 100)), 1, ("torch_linear",), 20),),
    "paper": (
        Grid(tuple(range(1300, 2101, 50)), 1, INITIALISATIONS, 80),
        Grid(_FIRST_N, 4, ("torch_linear",), 25),
    ),
}
PUBLISHED = {(1, "torch_linear"): "fig3_published", (4, "torch_linear"): "fig3_first"}
"""Table of `pl_native.published` for a width factor and an initialisation."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One comparison for each width factor and initialisation that has rows."""

    comparisons: dict[tuple[int, str], Comparison]

    @property
    def factors(self) -> tuple[int, ...]:
        """The width factors that have rows, increasing."""
        return tuple(sorted({factor for factor, _ in self.comparisons}))

    def table(self) -> str:
        """Measured beside published, as text."""
        parts = [comparison_table(comparison) for comparison in self.comparisons.values()]
        return "\n".join([*parts, wrapped(self.explanation()) + "\n"]) if parts else ""

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        return [what for comparison in self.comparisons.values() for what in disagreements(comparison)]

    def explanation(self) -> str:
        """Why the paper's text has its transition at 3000 and its later data at 1650."""
        return (
            "Two thresholds were published, of two widths. The text's transition near n = 3000 is that of "
            f"the first data, at width 4x (p = 149 to 153): {self._found(4)}. The later data are at width 1x "
            f"(p = 36 to 38), four times narrower: {self._found(1)}. At width 1x nothing converges by the "
            "horizon for n >= 2500."
        )

    def _found(self, factor: int) -> str:
        name, initialisation = PUBLISHED[factor, "torch_linear"], "torch_linear"
        theirs = published_curve(name)
        said = "" if theirs is None else f"N = {theirs.threshold.estimate:.0f} as published"
        ours = self.comparisons.get((factor, initialisation))
        if ours is None:
            return f"{said}, not run here"
        return f"{said}, {ours.measured.threshold.located('.0f').removeprefix('= ')} here"


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
    for (factor, initialisation), members in sorted(groups.items(), key=_order):
        name = PUBLISHED.get((factor, initialisation))
        reference = None if name is None else published_curve(name)
        d, step = number(members[0], "d"), real(members[0], "step")
        label = f"Figure 3: d = {d}, width {factor}x, {initialisation}, Euler step {step:g}"
        comparisons[factor, initialisation] = compare(label, curve(members, verdict.by_horizon), reference)
    return Summary(comparisons)


def _order(group: tuple[tuple[int, str], list[Row]]) -> tuple[int, int]:
    (factor, initialisation), _ = group
    known = initialisation in INITIALISATIONS
    return factor, INITIALISATIONS.index(initialisation) if known else len(INITIALISATIONS)


def _group(row: Row) -> tuple[int, str]:
    n, p = number(row, "n"), number(row, "p")
    factor = round((p - 1) / (minimal_width(n) - 1))
    if factor < 1 or width(n, factor) != p:
        raise ValueError(f"row {row['id']}: p = {p} is not a width of figure 3 at n = {n}")
    return factor, str(row["initialisation"])


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Left the probability of convergence, right the loss ratio: `axes[i]` is the pair of the i-th width."""
    artists: list[Any] = []
    for factor, (left, right) in zip(summary.factors, axes, strict=True):
        sources = list(_sources(summary, factor))
        for of_curve, look in sources:
            interval = _panels.as_published if look is _panels.PUBLISHED else None
            artists += _panels.shares(left, of_curve, look, interval)
            artists += _panels.logistic(left, of_curve, look)
            artists += _panels.losses(right, of_curve, look)
        _panels.label_probability(left)
        if len(sources) > 2:  # room for a longer legend
            low, high = left.get_xlim()
            left.set_xlim(low, high + 0.2 * (high - low))
        artists += _panels.mark_interpolation(left, partial(width, factor=factor), D)
        left.legend(loc="upper right", handlelength=0.8, borderaxespad=0.0, fontsize=9.5)
        _panels.label_losses(right, [of_curve for of_curve, _ in sources], left.get_xlim())
        p = sorted({int(one) for of_curve, _ in sources for one in of_curve.p})
        left.set_title(f"width {factor}x: $p$ = {p[0]} to {p[-1]}", loc="right", fontsize="small")
        right.set_title(f"$d$ = {D}, Euler step 1", loc="right", fontsize="small")
    return artists


def _sources(summary: Summary, factor: int) -> Iterator[tuple[Curve, _panels.Look]]:
    """Curves of one width, published first: the measurements are drawn over it."""
    here = {name: one for (its, name), one in summary.comparisons.items() if its == factor}
    for one in here.values():
        if one.published is not None:
            yield one.published, _panels.PUBLISHED
    for name, one in here.items():
        yield one.measured, _panels.measured_look(name)
