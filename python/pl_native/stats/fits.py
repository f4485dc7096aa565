"""Curves of two parameters through estimates that carry errors: which form fits, and does it fit at all?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from pl_native._base import checks
from pl_native.stats._tails import chi2_tail, student_quantile
from pl_native.stats.intervals import Interval, check_level

_SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "square root": np.sqrt,
    "logarithm": np.log,
    "power": np.log,
}
FORMS = tuple(_SHAPES)
"""y = slope x + offset, slope sqrt(x) + offset, slope log(x) + offset, and exp(offset) x^slope."""


_MOST = 1e140
"""Of values in units of their errors: their squares, and products of these, are within range"""


@dataclass(frozen=True, slots=True, repr=False)
class Fit:
    """Least squares of one of `FORMS` through (x, y).

    slope, offset      with intervals at one level
    chi2, freedom      sum of ((y - fit)/error)^2 and its degrees of freedom; chi2 is NaN without errors
    p_value            lack of fit: probability of a larger chi2 if the form were true; NaN without errors
    aic                Akaike's criterion: chi2 + 4 with errors, m log(rss/m) + 6 without. The smaller the
                       better, among forms of one y ("power" is fitted to log y and is not one of them)
    """

    form: str
    slope: float
    offset: float
    slope_interval: Interval
    offset_interval: Interval
    chi2: float
    freedom: int
    p_value: float
    aic: float
    x: np.ndarray

    def __call__(self, x: float | Sequence[float] | np.ndarray) -> np.ndarray:
        """The fitted y at `x` > 0 (any shape), float64."""
        line = self.slope * _SHAPES[self.form](np.asarray(x, dtype=np.float64)) + self.offset
        return np.asarray(np.exp(line) if self.form == "power" else line)

    def __repr__(self) -> str:
        ends = f"slope {self.slope:.4g} {self.slope_interval!r}, offset {self.offset:.4g}"
        lack = (
            ""
            if math.isnan(self.chi2)
            else f", chi2 {self.chi2:.4g} for {self.freedom}, p {self.p_value:.3g}"
        )
        return f"{self.form}: {ends} {self.offset_interval!r}{lack}, AIC {self.aic:.4g}"


def fit(
    x: Sequence[float] | np.ndarray,
    y: Sequence[float] | np.ndarray,
    errors: Sequence[float] | np.ndarray | None = None,
    form: str = "linear",
    level: float = 0.95,
) -> Fit:
    """Weighted least squares of one of `FORMS` through y (m,) at x (m,), m >= 3.

    `errors` (m,) are standard errors of y. Where chi2 exceeds its degrees of freedom the form does not
    describe y to within them: intervals are then enlarged by sqrt(chi2/freedom), and Student's. Without
    `errors` all y count alike, their spread about the fit is the error, and there is no test of the form.
    ValueError for other shapes, fewer than three points, values that are not finite, errors that are not
    positive, and x (for "power" also y) that is not positive where its logarithm or root is taken.
    """
    checks.choice("form", form, FORMS)
    xs, ys, sigma = _checked(x, y, errors, form)
    tail = 0.5 + check_level(level) / 2
    with np.errstate(over="ignore"):
        design = np.stack([_SHAPES[form](xs), np.ones_like(xs)], axis=1) / sigma[:, None]
        target = (np.log(ys) if form == "power" else ys) / sigma
    largest = max(float(np.abs(part).max()) for part in (design, target))
    if not 0.0 < largest < _MOST or float(np.abs(design).max()) < 1.0 / _MOST:
        raise ValueError(
            f"x, y, errors: expected values whose squares are within range, the largest is {largest:g} errors"
        )
    if np.linalg.matrix_rank(design) < 2:
        raise ValueError(f"x: expected at least two different values, got {checks.shown(x)}")
    covariance = np.linalg.inv(design.T @ design)
    parameters = covariance @ (design.T @ target)
    rss, freedom = float(np.sum((target - design @ parameters) ** 2)), xs.size - 2
    spread = rss / freedom
    enlarged = errors is None or spread > 1.0
    quantile = student_quantile(level, freedom) if enlarged else NormalDist().inv_cdf(tail)
    halves = quantile * np.sqrt(np.diag(covariance) * (spread if enlarged else 1.0))
    (slope, offset), (half, other) = parameters.tolist(), halves.tolist()
    ends = Interval(slope - half, slope + half, level), Interval(offset - other, offset + other, level)
    if errors is None:
        aic = xs.size * math.log(max(rss, 1e-300) / xs.size) + 6.0
        return Fit(form, slope, offset, *ends, math.nan, freedom, math.nan, aic, xs)
    return Fit(form, slope, offset, *ends, rss, freedom, chi2_tail(rss, freedom), rss + 4.0, xs)


def _checked(x: object, y: object, errors: object, form: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xs, ys = _column("x", x), _column("y", y)
    sigma = np.ones_like(xs) if errors is None else _column("errors", errors)
    if xs.size < 3 or ys.shape != xs.shape or sigma.shape != xs.shape:
        raise ValueError(
            f"x, y, errors: expected three values or more of each, got {xs.size}, {ys.size}, {sigma.size}"
        )
    positive = {"errors": sigma}
    if form != "linear":
        positive["x"] = xs
    if form == "power":
        positive["y"] = ys
    for name, values in positive.items():
        if np.any(values <= 0.0):
            raise ValueError(f"{name}: expected positive values, got {checks.shown(values)}")
    if form == "power" and errors is not None:
        sigma = sigma / ys
    return xs, ys, sigma


def _column(name: str, values: object) -> np.ndarray:
    array = checks.measured(name, values)
    if array.ndim != 1 or not np.all(np.isfinite(array)):
        raise ValueError(
            f"{name}: expected a one-dimensional array of finite numbers, got {checks.shown(values)}"
        )
    return array
