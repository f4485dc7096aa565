"""Figure 5: the threshold N(d, p) against p at d = 30, and whether it grows slower than p.

Protocol of the paper: explicit Euler with step 1 in float32 to the horizon 1.5 (sqrt(n p)/4) log(n p); a run
has converged when its loss passes below 1/(2n). Published here: shares at four of the widths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native.experiments import _panels, _scaling
from pl_native.experiments._comparison_table import comparison_table, disagreements, joined
from pl_native.experiments._convergence import Comparison, pooled_test, published_curve
from pl_native.experiments._paper_cell import paper_cell
from pl_native.experiments._power import LEVEL, power_text
from pl_native.experiments._rows import number
from pl_native.stats import CurveTest, Fit
from pl_native.store import Row
from pl_native.sweep import Cell

D = 30
TABLE = "fig5_published_part"
FORMS = ("linear", "square root", "logarithm")
"""a p + b, a sqrt(p) + b, a log(p) + b: the paper's three fits."""

PRESETS: dict[str, dict[int, tuple[range, int]]] = {
    "quick": {
        50: (range(160, 281, 20), 10),
        100: (range(250, 351, 20), 10),
        200: (range(310, 371, 10), 10),
        300: (range(330, 411, 20), 10),
        400: (range(360, 411, 10), 10),
    },
    "paper": {},
}
"""For each width the n and the number of runs per n."""

_GRIDS = (
    (range(50, 100, 10), range(100, 301, 10)),
    (range(100, 260, 10), range(250, 401, 10)),
    (range(260, 310, 10), range(250, 451, 10)),
    (range(310, 350, 10), range(350, 501, 10)),
    (range(350, 410, 10), range(350, 451, 10)),
)
PRESETS["paper"].update((p, (n, 25 if p <= 300 else 20)) for widths, n in _GRIDS for p in widths)


@dataclass(frozen=True, slots=True)
class Growth:
    """Fits of the thresholds of one estimator: the three forms, and the exponent b of N ~ p^b."""

    name: str
    forms: tuple[Fit, ...]
    power: Fit | None

    @property
    def best(self) -> Fit | None:
        """The form of least AIC."""
        return min(self.forms, key=lambda one: one.aic, default=None)


@dataclass(frozen=True, slots=True)
class Summary:
    """A comparison for each width, the growth of N by both estimators and of the published shares, the test
    over all widths.
    """

    comparisons: dict[int, Comparison]
    growths: tuple[Growth, ...]
    test: CurveTest | None

    def table(self) -> str:
        """Measured beside published, as text."""
        lines = [comparison_table(comparison) for comparison in self.comparisons.values()]
        lines += [f"Figure 5: N({D}, p) against p", ""]
        lines += _scaling.threshold_lines("p", self.comparisons, _published_estimator)
        for growth in self.growths:
            lines += ["", f"{growth.name}:", *(f"  {_scaling.fit_line(one, 'p')}" for one in growth.forms)]
            if growth.best is not None:
                lines.append(f"  least AIC: {growth.best.form}{_lacks(growth.best)}")
            if growth.power is not None:
                lines.append(f"  {_scaling.fit_line(growth.power, 'p')}")
        lines += ["", self.verdict()]
        if self.test is not None:
            lines.append(f"Two-sample test over all widths and n: {self.test!r}")
            lines.append(f"Power: {power_text(list(self.comparisons.values()))}.")
        return joined(lines)

    def verdict(self) -> str:
        """Whether N grows slower than p: b < 1 with its whole interval."""
        power = self.growths[0].power if self.growths else None
        if power is None:
            return "Undecided: N located at fewer than three widths."
        low, high = power.slope_interval.low, power.slope_interval.high
        where = (
            f"b = {power.slope:.3f} [{low:.3f}, {high:.3f}], N ~ p^b, p = {power.x[0]:.0f}..{power.x[-1]:.0f}"
        )
        if high < 1.0:
            return f"Reproduced: N grows slower than p ({where})."
        if low < 1.0:
            return f"Undecided: N may or may not grow slower than p ({where})."
        return f"NOT REPRODUCED: N does not grow slower than p ({where})."

    def disagreements(self) -> list[str]:
        """What was published and is not reproduced, in words."""
        found = [what for comparison in self.comparisons.values() for what in disagreements(comparison)]
        return found + ([self.verdict()] if self.verdict().startswith("NOT") else [])


def tasks(preset: str) -> list[Cell]:
    """Cells of a preset, in increasing p and n. ValueError for an unknown preset."""
    checks.choice("preset", preset, tuple(PRESETS))
    return [
        paper_cell(n, D, p, "torch_linear", runs)
        for p, (sizes, runs) in sorted(PRESETS[preset].items())
        for n in sizes
    ]


def summarise(rows: Sequence[Row]) -> Summary:
    """Curves with intervals, thresholds, fits and tests from the rows of any preset, complete or not."""
    for row in rows:
        if number(row, "d") != D:
            raise ValueError(f"row {row['id']}: d = {row['d']}, expected the dimension of figure 5, {D}")
    label = f"Figure 5: d = {D}, p = {{}}, torch_linear, Euler step 1"
    comparisons = _scaling.compared(rows, "p", label, lambda p: published_curve(TABLE, p=p, rescale=True))
    growths = [_growth("Logistic thresholds", _scaling.measured(comparisons))]
    growths.append(_growth("Paper's estimator", _scaling.measured(comparisons), estimator=True))
    growths.append(_growth("Published shares, logistic thresholds", _all_published()))
    return Summary(comparisons, tuple(growths), pooled_test(list(comparisons.values())))


def _all_published() -> _scaling.Curves:
    found = {p: published_curve(TABLE, p=p, rescale=True) for p in (50, 100, 200, 400)}
    return {p: one for p, one in found.items() if one is not None}


def _growth(name: str, curves: _scaling.Curves, *, estimator: bool = False) -> Growth:
    points = _scaling.estimator_points(curves) if estimator else _scaling.logistic_points(curves)
    forms = [found for form in FORMS if (found := points.fit(form)) is not None]
    return Growth(name, tuple(forms), points.fit("power"))


def _lacks(found: Fit) -> str:
    return ", though not to within the errors of N" if found.p_value < LEVEL else ""


def _published_estimator(_: int, comparison: Comparison) -> float:
    return math.nan if comparison.published is None else comparison.published.estimator


def draw(summary: Summary, axes: Sequence[Sequence[Any]]) -> list[Any]:
    """N against p with the three fits, the same in logarithms with N ~ p^b, P(converged) against n;
    `axes[0]` are the three.
    """
    left, middle, right = axes[0]
    ours, theirs = _scaling.measured(summary.comparisons), _all_published()
    artists: list[Any] = []
    look = _panels.hollow(_panels.MEASURED)
    for ax in (left, middle):
        artists += _panels.points(
            ax, _scaling.logistic_points(theirs), _panels.PUBLISHED, "published, logistic fit, 95 %"
        )
        artists += _panels.points(
            ax, _scaling.logistic_points(ours), _panels.MEASURED, "ours, logistic fit, 95 %"
        )
        ax.set(xlabel="number of neurons $p$", ylabel=f"threshold $N({D}, p)$")
    artists += _panels.points(left, _scaling.estimator_points(ours), look, "ours, paper's estimator")
    artists += _forms(left, summary.growths[0])
    artists += _power(middle, summary)
    left.set_title("Threshold", loc="left")
    middle.set_title("Exponent", loc="left")
    left.legend(loc="lower right")
    artists += _curves(right, ours)
    return artists


def _forms(ax: Any, growth: Growth) -> list[Any]:
    """The three fits with their AIC above the least."""
    if growth.best is None:
        return []
    names, artists = dict(zip(FORMS, ("$a p + b$", "$a\\sqrt{p} + b$", "$a\\log p + b$"), strict=True)), []
    looks = ((_panels.PURPLE, ":"), (_panels.ORANGE, "--"), (_panels.GREEN, "-"))
    for found, (color, dash) in zip(growth.forms, looks, strict=True):
        label = f"{names[found.form]}: $\\Delta$AIC {found.aic - growth.best.aic:.0f}"
        artists += _panels.fitted(ax, found, label, dash, color=color, zorder=1)
    return artists


def _power(ax: Any, summary: Summary) -> list[Any]:
    """N ~ p^b in logarithms, beside b = 1."""
    ax.set(xscale="log", yscale="log")
    artists: list[Any] = []
    for growth, look in ((summary.growths[0], _panels.MEASURED), (summary.growths[2], _panels.PUBLISHED)):
        if growth.power is not None:
            ends = growth.power.slope_interval
            label = f"{look.name}: $b$ = {growth.power.slope:.2f} [{ends.low:.2f}, {ends.high:.2f}]"
            artists += _panels.fitted(ax, growth.power, label, look.line, color=look.color, lw=1.4)
    if (shown := summary.growths[0].power) is not None:
        x = np.array([shown.x[0], 1.8 * shown.x[0]])
        y = 0.85 * shown(x[0]) * x / x[0]
        artists += ax.plot(x, y, color=_panels.MARK, lw=1.2, label="slope 1: $N \\propto p$")
        x_ticks, y_ticks = (50, 100, 200, 400), (150, 200, 300, 400)
        ax.set_xticks(x_ticks, [f"{tick}" for tick in x_ticks])
        ax.set_yticks(y_ticks, [f"{tick}" for tick in y_ticks])
        ax.minorticks_off()
    handles, labels = ax.get_legend_handles_labels()
    lines = [
        (h, text) for h, text in zip(handles, labels, strict=True) if "b$ =" in text or "slope 1" in text
    ]
    if lines:
        ax.legend(*zip(*lines, strict=True), loc="lower right")
    return artists


def _curves(ax: Any, ours: _scaling.Curves) -> list[Any]:
    """P(converged) against n, a colour for each of at most eight of the widths."""
    artists: list[Any] = []
    shown = sorted(ours)[:: max(1, -(-len(ours) // 8))]
    for colour, p in zip(_panels.ramp(len(shown)), shown, strict=True):
        artists += _panels.family(ax, ours[p], 1.0, colour, f"{p}")
    _panels.label_probability(ax)
    _panels.family_legend(ax, "$p$", ours.values())
    return artists
