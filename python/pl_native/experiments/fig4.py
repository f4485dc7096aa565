"""Figure 4: the threshold N(d, p) against d at p = 30, and whether it is linear.

Protocol of the paper: explicit Euler with step 1 in float32 to the horizon 1.5 (sqrt(n p)/4) log(n p); a run
has converged when its loss passes below 1/(2n). Published: N at all ten dimensions, counts at four of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native.experiments import _panels, _scaling, published
from pl_native.experiments._comparison_table import comparison_table, disagreements, joined
from pl_native.experiments._convergence import Comparison, Curve, pooled_test, published_curve
from pl_native.experiments._paper_cell import INITIALISATIONS, paper_cell
from pl_native.experiments._power import LEVEL, power_text, sees_curvature
from pl_native.experiments._rows import number
from pl_native.stats import CurveTest, Fit
from pl_native.store import Row
from pl_native.sweep import Cell

P = 30
TABLE = "fig4_published_part"
PUBLISHED_N = {10: 30, 20: 80, 30: 150, 40: 280, 50: 400, 60: 600, 70: 839, 80: 961, 90: 1169, 100: 1301}
"""N by the published estimator, by dimension."""

LINEAR_FROM = 70
"""The dimension from which the published thresholds are on a line."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Part of a preset: these dimensions, for each initialisation, `replicates` runs per n: over the
    published n, or those within `near` of the published threshold (as a fraction of it).
    """

    d: tuple[int, ...]
    replicates: int
    initialisations: tuple[str, ...] = ("torch_linear",)
    near: float = math.inf


_ALL = tuple(range(10, 101, 10))

PRESETS: dict[str, tuple[Grid, ...]] = {
    "quick": (Grid(_ALL, 8, near=0.35),),
    "published": (Grid((10, 30, 60, 100), 20),),
    "paper": (Grid(_ALL, 20), Grid(_ALL, 20, ("asymmetric",))),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One initialisation: a comparison for each dimension, fits of N, a test over all dimensions.

    `lines`: straight lines through the logistic thresholds, over all dimensions and from `LINEAR_FROM` on;
    `estimator_line`: over all by the paper's estimator; `power`: N ~ d^b. None or left out for fewer than
    three dimensions.
    """

    comparisons: dict[int, Comparison]
    lines: tuple[Fit, ...]
    estimator_line: Fit | None
    power: Fit | None
    test: CurveTest | None
    sees_curvature: bool
    """whether the test of lack of fit would find that the published N are not on a line"""


@dataclass(frozen=True, slots=True)
class Summary:
    """One `Setting` for each initialisation that has rows."""

    settings: dict[str, Setting]

    @property
    def comparisons(self) -> dict[tuple[str, int], Comparison]:
        """All comparisons, by initialisation and dimension."""
        return {(name, d): one for name, its in self.settings.items() for d, one in its.comparisons.items()}

    def table(self) -> str:
        """Measured beside published, as text."""
        return "\n".join(_table(name, setting) for name, setting in self.settings.items())

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        found = []
        for setting in self.settings.values():
            found += [what for one in setting.comparisons.values() for what in disagreements(one)]
            if setting.lines and setting.lines[0].p_value < LEVEL:
                found.append(f"N linear in d: rejected, {_scaling.fit_line(setting.lines[0], 'd')}")
        return found


def sizes(d: int) -> tuple[int, ...]:
    """The n of the paper at dimension d: those published, else d..30 d - 200 in steps of d."""
    table = published.load(TABLE)
    given: list[int] = table["n"][table["d"] == d].tolist()
    return tuple(given) if given else tuple(range(d, 30 * d - 200 + 1, d))


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset. ValueError for an unknown preset."""
    checks.choice("preset", preset, tuple(PRESETS))
    return [
        paper_cell(n, d, P, initialisation, grid.replicates)
        for grid in PRESETS[preset]
        for initialisation in grid.initialisations
        for d in grid.d
        for n in sizes(d)
        if abs(n - PUBLISHED_N[d]) <= max(grid.near * PUBLISHED_N[d], 1.5 * d)
    ]


def summarise(rows: Sequence[Row]) -> Summary:
    """Curves with intervals, thresholds, tests and lines from the rows of any preset, complete or not."""
    settings: dict[str, list[Row]] = {}
    for row in rows:
        if number(row, "p") != P:
            raise ValueError(f"row {row['id']}: p = {row['p']}, expected the width of figure 4, {P}")
        settings.setdefault(str(row["initialisation"]), []).append(row)
    shown = [*(name for name in INITIALISATIONS if name in settings), *(settings.keys() - {*INITIALISATIONS})]
    return Summary({name: _setting(name, settings[name]) for name in shown})


def _setting(initialisation: str, rows: Sequence[Row]) -> Setting:
    def theirs(d: int) -> Curve | None:
        return published_curve(TABLE, d=d, rescale=True) if initialisation == "torch_linear" else None

    label = f"Figure 4: d = {{}}, p = {P}, {initialisation}, Euler step 1"
    comparisons = _scaling.compared(rows, "d", label, theirs)
    points = _scaling.logistic_points(_scaling.measured(comparisons))
    lines = [line for least in (0, LINEAR_FROM) if (line := points.fit("linear", least)) is not None]
    if len(lines) == 2 and lines[0].x.size == lines[1].x.size:
        lines.pop()
    return Setting(
        comparisons,
        tuple(lines),
        _scaling.estimator_points(_scaling.measured(comparisons)).fit("linear"),
        points.fit("power"),
        pooled_test(list(comparisons.values())),
        _sees_curvature(points),
    )


def _sees_curvature(points: _scaling.Points) -> bool:
    known = np.isin(points.x, list(PUBLISHED_N))
    if points.errors is None:
        return False
    theirs = np.array([PUBLISHED_N[int(d)] for d in points.x[known]], dtype=np.float64)
    return sees_curvature(points.x[known], theirs, points.errors[known])


def _table(name: str, setting: Setting) -> str:
    lines = [comparison_table(one) for one in setting.comparisons.values()]
    lines += [f"Figure 4: N(d, {P}) against d, {name}", ""]
    lines += _scaling.threshold_lines(
        "d", setting.comparisons, lambda d, _: float(PUBLISHED_N.get(d, math.nan))
    )
    lines.append("")
    if setting.lines:
        lines += [f"Logistic thresholds: {_scaling.fit_line(line, 'd')}" for line in setting.lines]
        lines.append(_linear(setting.lines[0], setting.sees_curvature))
    if setting.estimator_line is not None:
        lines.append(f"Paper's estimator: {_scaling.fit_line(setting.estimator_line, 'd')}")
    if setting.power is not None:
        lines.append(f"Logistic thresholds: {_scaling.fit_line(setting.power, 'd')}")
    if setting.test is not None:
        lines.append(f"Two-sample test over all dimensions and n: {setting.test!r}")
        lines.append(f"Power: {power_text(list(setting.comparisons.values()))}.")
    return joined(lines)


def _linear(line: Fit, sees_curvature: bool) -> str:
    """The verdict on linearity."""
    over = f"over d = {line.x[0]:.0f}..{line.x[-1]:.0f}"
    if line.p_value < LEVEL:
        return f"NOT REPRODUCED: N is not linear in d {over} (lack of fit rejected at {LEVEL:.0%})."
    if not sees_curvature:
        return f"Undecided: with errors so large the published N, too, would be on a line {over}."
    return f"Reproduced: N against d {over} contradicts no line (lack of fit not rejected at {LEVEL:.0%})."


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """N against d with intervals and lines, N/d against d, P(converged) against n/d of the first
    initialisation; `axes[0]` are the three.
    """
    left, middle, right = axes[0]
    artists: list[Any] = []
    theirs = _scaling.Points(
        np.array(list(PUBLISHED_N), float), np.array(list(PUBLISHED_N.values()), float), None
    )
    for ax, over in ((left, False), (middle, True)):
        for name, setting in summary.settings.items():
            artists += _thresholds(ax, name, setting, over=over)
        artists += _panels.points(ax, theirs, _panels.PUBLISHED, "published (paper's estimator)", over=over)
    left.set(xlabel="dimension $d$", ylabel=f"threshold $N(d, {P})$")
    left.set_title("Threshold", loc="left")
    middle.set(xlabel="dimension $d$", ylabel="$N/d$", ylim=(0, None))
    middle.set_title("Points per dimension", loc="left")
    _, high = left.get_ylim()
    left.set_ylim(top=1.25 * high)  # room for the legend
    left.legend(*_legend(left, lines=True), loc="upper left")
    entries = _legend(middle, lines=False)
    middle.set_ylim(0, middle.get_ylim()[1] * (1.05 + 0.1 * len(entries[0])))
    middle.legend(*entries, loc="upper left")
    artists += _curves(right, next(iter(summary.settings.values())))
    return artists


def _legend(ax: Any, *, lines: bool) -> tuple[list[Any], list[str]]:
    """Of an axes' artists with a label the fitted lines, or the points."""
    found = zip(*ax.get_legend_handles_labels(), strict=True)
    kept = [(handle, label) for handle, label in found if label.startswith("$") == lines]
    return [handle for handle, _ in kept], [label for _, label in kept]


def _thresholds(ax: Any, name: str, setting: Setting, *, over: bool) -> list[Any]:
    """Both estimators of one initialisation, and the lines (N, or N/d where `over`)."""
    look, curves = _panels.measured_look(name), _scaling.measured(setting.comparisons)
    artists = _panels.points(
        ax, _scaling.logistic_points(curves), look, f"{look.name}, logistic fit, 95 %", over=over
    )
    label = f"{look.name}, paper's estimator"
    artists += _panels.points(ax, _scaling.estimator_points(curves), _panels.hollow(look), label, over=over)
    for line, dash in zip(setting.lines, ("-", "--"), strict=False):
        x = np.linspace(line.x[0], line.x[-1], 101)
        words = f"${line.slope:.1f}\\,d {line.offset:+.0f}$ ($d\\geq{line.x[0]:.0f}$)"
        words += f": lack of fit {_panels.chance(line.p_value)}"
        y = line(x) / x if over else line(x)
        artists += ax.plot(x, y, dash, color=look.color, lw=1.2, label=None if over else words)
    return artists


def _curves(ax: Any, setting: Setting) -> list[Any]:
    """P(converged) against n/d, a colour for each dimension."""
    artists: list[Any] = []
    for colour, (d, comparison) in zip(
        _panels.ramp(len(setting.comparisons)), setting.comparisons.items(), strict=True
    ):
        artists += _panels.family(ax, comparison.measured, d, colour, f"{d}")
    ax.set(xlabel="$n/d$", ylabel="P(loss < 1/(2n) by the horizon)", ylim=(-0.04, 1.04))
    ax.set_title("Convergence", loc="left")
    ax.set_xlim(0, min(20.0, ax.get_xlim()[1]))
    _panels.family_legend(ax, "$d$", _scaling.measured(setting.comparisons).values())
    return artists
