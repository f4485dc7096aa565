"""How the threshold N grows with a size of the problem (d in figure 4, p in figure 5): points, fits, lines of
text. Both estimators: ours (logistic, with interval) and the paper's (without).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pl_native._base.checks import Array
from pl_native.experiments import verdict
from pl_native.experiments._convergence import Comparison, Curve, compare, curve
from pl_native.experiments._rows import number
from pl_native.stats import Fit, fit
from pl_native.store import Row

Curves: TypeAlias = Mapping[int, Curve]
"""A curve of convergence against n for each size."""


@dataclass(frozen=True, slots=True)
class Points:
    """Thresholds N (m,) at sizes x (m,); standard errors (m,), or None for the paper's estimator."""

    x: Array
    n: Array
    errors: Array | None

    def fit(self, form: str, least: int = 0) -> Fit | None:
        """`stats.fit` of N over the sizes >= `least`; None for fewer than three."""
        keep = self.x >= least
        if np.count_nonzero(keep) < 3:
            return None
        errors = None if self.errors is None else self.errors[keep]
        return fit(self.x[keep], self.n[keep], errors, form)


def by_size(rows: Sequence[Row], size: str) -> dict[int, list[Row]]:
    """Rows in groups of one `size` (a column), increasing."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(number(row, size), []).append(row)
    return dict(sorted(groups.items()))


def compared(
    rows: Sequence[Row], size: str, label: str, theirs: Callable[[int], Curve | None]
) -> dict[int, Comparison]:
    """Convergence by the horizon at each `size` (a column) beside the published curve there, if any; `label`
    has a {} for the size.
    """
    return {
        at: compare(label.format(at), curve(members, verdict.by_horizon, rescale=True), theirs(at))
        for at, members in by_size(rows, size).items()
    }


def measured(comparisons: Mapping[int, Comparison]) -> dict[int, Curve]:
    """The measured curves."""
    return {size: one.measured for size, one in comparisons.items()}


def published(comparisons: Mapping[int, Comparison]) -> dict[int, Curve]:
    """The published curves, where there are any."""
    return {size: one.published for size, one in comparisons.items() if one.published is not None}


def _is_located(curve: Curve) -> bool:
    found = curve.threshold
    return math.isfinite(found.estimate) and math.isfinite(found.interval.width) and found.interval.width > 0


def logistic_points(curves: Curves) -> Points:
    """N of the logistic fits that are located; the error is the 95 % interval's width over 3.92."""
    found = [(size, curve.threshold) for size, curve in sorted(curves.items()) if _is_located(curve)]
    x, n, width = (
        np.array([pick(size, one) for size, one in found], dtype=np.float64)
        for pick in (lambda s, _: s, lambda _, t: t.estimate, lambda _, t: t.interval.width)
    )
    return Points(x, n, width / 3.92)


def estimator_points(curves: Curves) -> Points:
    """N by the paper's estimator, where the logistic fit is located: elsewhere it is an end of the grid."""
    found = [(size, curve.estimator) for size, curve in sorted(curves.items()) if _is_located(curve)]
    x, n = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return Points(x, n, None)


def threshold_lines(
    size: str, comparisons: Mapping[int, Comparison], theirs: Callable[[int, Comparison], float]
) -> list[str]:
    """A line of text for each size: both estimators with interval and runs, N/size, the published N."""
    head = f"{size:>5} {'N (95 %)':<28} {'runs':>5} {f'N/{size}':>7} {'estimator':>10} {'published':>10}"
    lines = [head, "-" * len(head)]
    for at, comparison in comparisons.items():
        threshold, estimator = comparison.measured.threshold, comparison.measured.estimator
        where = threshold.located(".0f").removeprefix("= ")
        other = theirs(at, comparison)
        known = "-" if math.isnan(other) else f"{other:.0f}"
        ratio = threshold.estimate / at
        lines.append(f"{at:>5} {where:<28} {threshold.runs:>5} {ratio:>7.2f} {estimator:>10.0f} {known:>10}")
    return lines


def equation(found: Fit, size: str) -> str:
    """A fit as a formula, with the half widths of its intervals."""
    name = {"linear": size, "square root": f"sqrt({size})", "logarithm": f"log({size})"}.get(found.form)
    if name is None:
        low, high = found.slope_interval.low, found.slope_interval.high
        return f"N ~ {size}^b, b = {found.slope:.3f} [{low:.3f}, {high:.3f}]"
    slope, shift = found.slope_interval.width / 2, found.offset_interval.width / 2
    return f"N = ({found.slope:.2f} +- {slope:.2f}) {name} {found.offset:+.0f} +- {shift:.0f}"


def fit_line(found: Fit, size: str) -> str:
    """A fit in words."""
    over = f"over {size} = {found.x[0]:.0f}..{found.x[-1]:.0f}, {found.x.size} points"
    lack = ""
    if not math.isnan(found.chi2):
        test = f"chi2 = {found.chi2:.1f} for {found.freedom} degrees of freedom, p = {found.p_value:.2g}"
        lack = f"; lack of fit: {test}"
    return f"{equation(found, size)} ({over}, 95 %{lack}; AIC {found.aic:.1f})"
