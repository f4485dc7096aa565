"""The threshold N: the number of points at which half of the runs converge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from pl_native._base import checks
from pl_native._base.wording import counted
from pl_native.stats._logistic import LogisticData
from pl_native.stats.intervals import Interval, check_level
from pl_native.stats.intervals import counts as run_counts

Counts = Sequence[int] | np.ndarray


@dataclass(frozen=True, slots=True, repr=False)
class Threshold:
    """Fit of P(converged | n) = sigmoid(-(n - N)/scale), scale >= 0.

    `kind` says how the estimate came about: "regular" (finite maximum of the likelihood); "separated" (every
    n converges always or never: N is the middle of the gap, scale 0); "quasi-separated" (one mixed n: N is
    that n, scale 0); "all converged", "none converged" (N is +inf, -inf); "no decrease" (nothing to fit, N is
    nan); "undecided" (all decided runs ended alike and others are undecided: no estimate, N is nan, and
    `interval` is a bound on one side). `undecided` runs count towards both ends of `interval` and not towards
    `estimate`.
    """

    estimate: float
    scale: float
    interval: Interval
    kind: str
    runs: int
    undecided: int

    @property
    def separated(self) -> bool:
        """Whether the data admit a perfect step, so that the scale is not estimable."""
        return self.kind in ("separated", "quasi-separated", "all converged", "none converged")

    def probability(self, n: float | Sequence[float] | np.ndarray) -> np.ndarray:
        """Fitted P(converged) at `n` (any shape), float64; one half at N where the fit is a step; nan
        without a fit.
        """
        distance = np.asarray(n, dtype=np.float64) - self.estimate
        if self.scale > 0.0 and math.isfinite(self.estimate):
            return np.asarray(np.exp(-np.logaddexp(0.0, distance / self.scale)))
        return np.asarray(0.5 - 0.5 * np.sign(distance))

    def located(self, form: str = ".6g") -> str:
        """Where N is, in words: `= 150 [140, 160]`, or what is known without an estimate: `>= 1297`, `<= 80`,
        `not located`. Numbers are formatted by `form`.
        """
        low, high = self.interval.low, self.interval.high
        if math.isfinite(self.estimate):
            return f"= {self.estimate:{form}} [{low:{form}}, {high:{form}}]"
        if math.isfinite(low) == math.isfinite(high):
            return "not located"
        return f">= {low:{form}}" if math.isfinite(low) else f"<= {high:{form}}"

    def __repr__(self) -> str:
        undecided = f"{self.undecided} of {counted(self.runs, 'run')} undecided: " if self.undecided else ""
        level = f"({100 * self.interval.level:g} %)"
        kind = "no estimate" if self.kind == "undecided" else self.kind
        return f"{undecided}N {self.located()} {level}, {kind}, {counted(self.runs, 'run')}"


_MOST = 1e150  # of sizes, whose differences are squared


def _check_sizes(n: object) -> np.ndarray:
    sizes = checks.measured("n", n)
    fits = sizes.ndim == 1 and sizes.size > 0 and bool(np.all(np.abs(sizes) <= _MOST))
    if not fits or np.any(np.diff(sizes) <= 0.0):
        raise ValueError(
            f"n: expected a strictly increasing, non-empty one-dimensional array within {_MOST:g}, got "
            f"{checks.shown(n)}"
        )
    return sizes


def _profile_interval(data: LogisticData, level: float) -> tuple[float, float]:
    """{N: 2 (max log-likelihood - profile log-likelihood at N) <= chi2 quantile}; an interval, ends
    may be infinite.
    """
    cut = data.supremum - 0.5 * NormalDist().inv_cdf(0.5 + level / 2) ** 2
    return _end(data, cut, -1.0), _end(data, cut, +1.0)


def _end(data: LogisticData, cut: float, side: float) -> float:
    """Bisection from a point inside to the end of the interval on one side."""
    if data.limit(side) >= cut:
        return side * math.inf
    inside, step = data.start, data.gap
    outside = inside + side * step
    while data.profile(inside) < cut:  # where convergence rises: the other end is at infinity
        outside, inside, step = inside, inside - side * step, 2.0 * step
        if not math.isfinite(inside):
            raise ArithmeticError("profile likelihood: no starting point inside the interval")
    while data.profile(outside) >= cut:
        inside, step = outside, 2.0 * step
        outside = inside + side * step
    while abs(outside - inside) > 1e-9 * max(1.0, abs(inside)):
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if data.profile(middle) >= cut else (inside, middle)
    return data.to_n(inside)


def logistic_threshold(
    n: Sequence[float] | np.ndarray,
    converged: Counts,
    not_converged: Counts,
    undecided: Counts | None = None,
    level: float = 0.95,
) -> Threshold:
    """Maximum-likelihood logistic threshold, location and scale, with a profile-likelihood interval
    of the location.

    `n` (m,) strictly increasing; the counts (m,) of runs by outcome. The estimate uses the decided runs. The
    interval is the union of the intervals obtained with the undecided runs left out, all converged, and all
    not converged. Under complete separation the likelihood is flat between the last n that always converges
    and the first that never does; the interval ends there as soon as both have three runs (at 95 %), and goes
    beyond with fewer.
    """
    sizes, level = _check_sizes(n), check_level(level)
    columns = []
    for name, counts in (
        ("converged", converged),
        ("not_converged", not_converged),
        ("undecided", undecided),
    ):
        array = (
            np.zeros(sizes.size, np.int64)
            if counts is None and name == "undecided"
            else run_counts(name, counts)
        )
        if array.shape != sizes.shape:
            raise ValueError(f"{name}: expected shape {sizes.shape} like n, got {array.shape}")
        columns.append(array)
    yes, no, open_ = columns
    if not (yes + no + open_).any():
        raise ValueError("logistic_threshold: no runs at any n")
    fit = LogisticData.of(sizes, yes, no)
    variants = [fit]
    if open_.any():
        variants += [LogisticData.of(sizes, yes + open_, no), LogisticData.of(sizes, yes, no + open_)]
    ends = [_profile_interval(variant, level) for variant in variants]
    interval = Interval(min(low for low, _ in ends), max(high for _, high in ends), level)
    runs, left = int((yes + no + open_).sum()), int(open_.sum())
    if left and fit.kind in ("all converged", "none converged"):  # one more decided run could move N anywhere
        return Threshold(math.nan, math.nan, interval, "undecided", runs, left)
    return Threshold(fit.estimate, fit.scale, interval, fit.kind, runs, left)


def published_threshold(
    n: Sequence[float] | np.ndarray, probability: Sequence[float] | np.ndarray, *, rescale: bool = True
) -> float:
    """The paper's estimator of N, nearly the place of a hard step; it has no interval.

    With x = 80 n/n_min (`rescale`; figures 4 and 5) or x = n (figure 3): the K among 10^4 equally spaced
    points of [min x, max x] that minimises sum (P - sigmoid(-(x - K)))^2; N = K n_min/80, or K.
    `n`, `probability`: (m,).
    """
    sizes, share = _check_sizes(n), checks.measured("probability", probability)
    if share.shape != sizes.shape or not np.all((share >= 0.0) & (share <= 1.0)):
        raise ValueError(
            f"probability: expected {sizes.size} values in [0, 1], one for each n, got "
            f"{checks.shown(probability)}"
        )
    if checks.flag("rescale", rescale) and sizes[0] <= 0.0:
        raise ValueError(f"n: expected positive values, got {checks.shown(n)}")
    unit = sizes[0] / 80.0 if rescale else 1.0
    x = sizes / unit
    candidates = np.linspace(x[0], x[-1], 10_000)
    sigmoids = np.exp(-np.logaddexp(0.0, x[None, :] - candidates[:, None]))
    return float(candidates[np.argmin(np.sum((share - sigmoids) ** 2, axis=1))] * unit)
