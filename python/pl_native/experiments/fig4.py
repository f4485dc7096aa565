"""Figure 4: the threshold N(d, p) against d at p = 30, and whether it is linear.

Protocol of the paper: explicit Euler with step 1 in float32 to the horizon 1.5 (sqrt(n p)/4) log(n p); a run
has converged when its loss passes below 1/(2n). Published counts: four of the ten dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native.experiments import published, verdict
from pl_native.experiments._comparison_table import comparison_table, disagreements
from pl_native.experiments._convergence import (
    Comparison,
    compare,
    curve,
    pooled_test,
    published_curve,
)
from pl_native.experiments._panels import MEASURED, PUBLISHED
from pl_native.experiments._paper_cell import paper_cell
from pl_native.experiments._rows import number
from pl_native.stats import CurveTest
from pl_native.store import Row
from pl_native.sweep import Cell

P = 30
TABLE = "fig4_published_part"
PUBLISHED_N = {10: 30, 20: 80, 30: 150, 40: 280, 50: 400, 60: 600, 70: 840, 80: 961, 90: 1169, 100: 1301}
"""N by the published estimator, by dimension."""

LINEAR_FROM = 70
"""The dimension from which the published thresholds are on a line."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Part of a preset: these dimensions, each over its published n, `replicates` runs per n."""

    d: tuple[int, ...]
    replicates: int


PRESETS: dict[str, tuple[Grid, ...]] = {
    "quick": (Grid((10, 30, 60), 6),),
    "published": (Grid((10, 30, 60, 100), 20),),
    "paper": (Grid(tuple(range(10, 101, 10)), 20),),
}


@dataclass(frozen=True, slots=True)
class Line:
    """N = slope * d + offset by weighted least squares, with 95 % intervals from those of the N."""

    slope: float
    offset: float
    slope_error: float
    offset_error: float
    chi2: float
    d: tuple[int, ...]

    def __str__(self) -> str:
        first, last = self.d[0], self.d[-1]
        return (
            f"N = ({self.slope:.2f} +- {self.slope_error:.2f}) d + ({self.offset:.0f} +- "
            f"{self.offset_error:.0f}) over d = {first}..{last} (95 %; chi2 = {self.chi2:.1f} for "
            f"{len(self.d) - 2} degrees of freedom)"
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """One comparison for each dimension, the lines through their thresholds, the test over all dimensions."""

    comparisons: dict[int, Comparison]
    lines: tuple[Line, ...]
    test: CurveTest | None

    def table(self) -> str:
        """Measured beside published, as text."""
        parts = [comparison_table(comparison) for comparison in self.comparisons.values()]
        return "\n".join([*parts, *_threshold_table(self)])

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        return [what for comparison in self.comparisons.values() for what in disagreements(comparison)]


def sizes(d: int) -> tuple[int, ...]:
    """The n of the paper at dimension d: those published, else d..30 d - 200 in steps of d."""
    table = published.load(TABLE)
    given: list[int] = table["n"][table["d"] == d].tolist()
    return tuple(given) if given else tuple(range(d, 30 * d - 200 + 1, d))


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset. ValueError for an unknown preset."""
    checks.choice("preset", preset, tuple(PRESETS))
    return [
        paper_cell(n, d, P, "torch_linear", grid.replicates)
        for grid in PRESETS[preset]
        for d in grid.d
        for n in sizes(d)
    ]


def summarise(rows: Sequence[Row]) -> Summary:
    """Curves with intervals, thresholds, tests and lines from the rows of any preset, complete or not."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        if number(row, "p") != P:
            raise ValueError(f"row {row['id']}: p = {row['p']}, expected the width of figure 4, {P}")
        groups.setdefault(number(row, "d"), []).append(row)
    comparisons = {
        d: compare(
            f"Figure 4: d = {d}, p = {P}, torch_linear, Euler step 1",
            curve(members, verdict.by_horizon, rescale=True),
            published_curve(TABLE, d, rescale=True),
        )
        for d, members in sorted(groups.items())
    }
    subsets = (list(comparisons), [d for d in comparisons if d >= LINEAR_FROM])
    lines = [line for dims in subsets if (line := _line(comparisons, dims)) is not None]
    return Summary(comparisons, tuple(dict.fromkeys(lines)), pooled_test(list(comparisons.values())))


def _line(comparisons: dict[int, Comparison], dimensions: Sequence[int]) -> Line | None:
    """Weighted least squares through located thresholds; None for fewer than three."""
    found = [(d, comparisons[d].measured.threshold) for d in dimensions]
    found = [(d, fit) for d, fit in found if math.isfinite(fit.interval.width) and fit.interval.width > 0]
    if len(found) < 3:
        return None
    d = np.array([one for one, _ in found], dtype=np.float64)
    n = np.array([fit.estimate for _, fit in found])
    weight = np.array([(3.92 / fit.interval.width) ** 2 for _, fit in found])
    design = np.stack([d, np.ones_like(d)], axis=1)
    covariance = np.linalg.inv(design.T @ (weight[:, None] * design))
    slope, offset = covariance @ (design.T @ (weight * n))
    errors = 1.96 * np.sqrt(np.diag(covariance))
    chi2 = float(np.sum(weight * (n - slope * d - offset) ** 2))
    where = tuple(int(one) for one in d)
    return Line(float(slope), float(offset), float(errors[0]), float(errors[1]), chi2, where)


def _threshold_table(summary: Summary) -> list[str]:
    head = f"{'d':>5} {'N (95 %)':<28} {'runs':>5} {'N/d':>7} {'estimator':>10} {'published':>10}"
    lines = [f"Figure 4: N(d, {P}) against d", "", head, "-" * len(head)]
    for d, comparison in summary.comparisons.items():
        fit, estimator = comparison.measured.threshold, comparison.measured.estimator
        where = fit.located(".0f").removeprefix("= ")
        theirs = PUBLISHED_N.get(d, "-")
        lines.append(
            f"{d:>5} {where:<28} {fit.runs:>5} {fit.estimate / d:>7.2f} {estimator:>10.0f} {theirs:>10}"
        )
    lines += ["", *(str(line) for line in summary.lines)]
    if summary.test is not None:
        lines.append(f"Two-sample test over all dimensions and n: {summary.test!r}")
    return [*lines, ""]


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """Left N against d with intervals and lines, right P(converged) against n/d; `axes[0]` is the pair."""
    left, right = axes[0]
    artists = _thresholds(summary, left)
    for d, comparison in summary.comparisons.items():
        share = [q.estimate for q in comparison.measured.probability]
        artists += right.plot(comparison.measured.n / d, share, ".-", lw=1.0, label=f"$d = {d}$")
    right.set(xlabel="$n/d$", ylabel="P(loss < 1/(2n) by the horizon)", ylim=(-0.04, 1.04))
    right.set_title("Probability of convergence", loc="left")
    right.legend(loc="upper right", ncols=2)
    return artists


def _thresholds(summary: Summary, ax: Any) -> list[Any]:
    d = np.array(list(summary.comparisons), dtype=np.float64)
    fits = [comparison.measured.threshold for comparison in summary.comparisons.values()]
    n = np.array([fit.estimate for fit in fits])
    ends = np.array([(fit.interval.low, fit.interval.high) for fit in fits]).T
    bars = np.nan_to_num(np.abs(np.stack([n - ends[0], ends[1] - n])), posinf=0.0)
    artists = [
        ax.errorbar(
            d, n, bars, fmt="s", color=MEASURED.color, capsize=3, label="measured, logistic fit, 95 %"
        )
    ]
    theirs = [(one, PUBLISHED_N[one]) for one in summary.comparisons if one in PUBLISHED_N]
    if theirs:
        artists += ax.plot(
            *zip(*theirs, strict=True), "o", color=PUBLISHED.color, mfc="white", label="published estimator"
        )
    for line, dash in zip(summary.lines, ("-", "--"), strict=False):
        over = np.array([line.d[0], line.d[-1]], dtype=np.float64)
        label = f"${line.slope:.1f}\\,d {line.offset:+.0f}$ over {line.d[0]}..{line.d[-1]}"
        artists += ax.plot(
            over, line.slope * over + line.offset, dash, color=MEASURED.color, lw=1.0, label=label
        )
    ax.set(xlabel="dimension $d$", ylabel=f"threshold $N(d, {P})$")
    ax.set_title("Threshold", loc="left")
    ax.legend(loc="upper left")
    return artists
