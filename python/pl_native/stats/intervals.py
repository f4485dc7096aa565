"""Confidence intervals of a proportion, and the object every interval of this package is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from pl_native._base import checks
from pl_native._base.wording import counted
from pl_native.stats._beta import MOST, beta_quantile


@dataclass(frozen=True, slots=True, repr=False)
class Interval:
    """Closed confidence interval [low, high] at confidence `level`; an end may be infinite."""

    low: float
    high: float
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("low", "high", "level"):
            checks.number(name, getattr(self, name))
        if not self.low <= self.high:
            raise ValueError(f"interval: low must not exceed high, got [{self.low}, {self.high}]")

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __repr__(self) -> str:
        return f"[{self.low:.6g}, {self.high:.6g}] ({100 * self.level:g} %)"

    @property
    def width(self) -> float:
        """high - low."""
        return self.high - self.low


def overlap(first: Interval, second: Interval) -> bool:
    """Whether two closed intervals have a point in common; they must be of one confidence level."""
    for name, value in (("first", first), ("second", second)):
        if not isinstance(value, Interval):
            raise TypeError(f"{name}: expected an Interval, got {checks.kind(value)}")
    if first.level != second.level:
        raise ValueError(
            f"overlap: levels differ, {first.level} and {second.level}; compare intervals of one level"
        )
    return first.low <= second.high and second.low <= first.high


@dataclass(frozen=True, slots=True, repr=False)
class Proportion:
    """`successes` of `trials` runs, with a confidence interval of the probability."""

    successes: int
    trials: int
    interval: Interval
    method: str

    @property
    def estimate(self) -> float:
        """successes / trials; nan without trials."""
        return self.successes / self.trials if self.trials else math.nan

    def __repr__(self) -> str:
        share = f"{self.successes}/{counted(self.trials, 'run')}"
        return f"{self.estimate:.4g} ({share}) {self.interval!r} {self.method}"


_LEAST, _MOST = 1e-6, 1.0 - 1e-12
"""Levels: the tails, and what lies between them, keep their digits in what is made of them"""


def check_level(level: float) -> float:
    """Validated confidence level."""
    found = checks.number("level", level)
    if not _LEAST <= found <= _MOST:
        raise ValueError(
            f"level: expected a confidence level in (0, 1), got {found!r} (it may be 1e-6 to 1 - 1e-12)"
        )
    return found


def check_counts(successes: object, trials: object) -> tuple[np.ndarray, np.ndarray]:
    """Both as int64 arrays of one shape; refuses fractions, negatives and successes > trials."""
    k, m = counts("successes", successes), counts("trials", trials)
    if k.shape != m.shape:
        raise ValueError(f"successes and trials: shapes differ, {k.shape} and {m.shape}")
    if np.any(k > m):
        raise ValueError(
            f"successes: more successes than trials, {checks.shown(successes)} of {checks.shown(trials)}"
        )
    return k, m


def counts(name: str, value: object) -> np.ndarray:
    """As int64; refuses fractions and negatives."""
    raw = checks.measured(name, value)
    if not np.all(np.isfinite(raw)) or np.any(raw != np.floor(raw)):
        raise ValueError(f"{name}: expected whole numbers of runs, got {checks.shown(value)}")
    if np.any(raw < 0) or np.any(raw > MOST):
        raise ValueError(f"{name}: expected counts >= 0 and at most 10^9, got {checks.shown(value)}")
    return raw.astype(np.int64)


def _one(successes: int, trials: int) -> tuple[int, int]:
    k, m = check_counts(successes, trials)
    if k.ndim:
        raise ValueError(f"successes: expected one count, got shape {k.shape}")
    return int(k), int(m)


@lru_cache(maxsize=4096)
def _clopper_pearson_ends(k: int, m: int, alpha: float) -> tuple[float, float]:
    half = alpha / 2
    if m == 0:
        return 0.0, 1.0
    if k == 0:
        return 0.0, -math.expm1(math.log(half) / m)
    if k == m:
        return math.exp(math.log(half) / m), 1.0
    return beta_quantile(half, k, m - k + 1), beta_quantile(half, k + 1, m - k, upper=True)


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> Proportion:
    """Exact interval of a binomial probability: each tail, P(K >= k | low) and P(K <= k | high), is
    (1 - level)/2.

    Conservative: covers with probability at least `level`. [0, 1] without trials; one end is exact 0 or 1 at
    k = 0 or m.
    """
    k, m = _one(successes, trials)
    low, high = _clopper_pearson_ends(k, m, 1.0 - check_level(level))
    return Proportion(k, m, Interval(low, high, level), "Clopper-Pearson")


def wilson(successes: int, trials: int, level: float = 0.95) -> Proportion:
    """Score interval: the q with (k/m - q)^2 <= z^2 q (1 - q)/m. Covers `level` on average over q, not
    for every q.
    """
    k, m = _one(successes, trials)
    z = NormalDist().inv_cdf(0.5 + check_level(level) / 2)
    if m == 0:
        return Proportion(k, m, Interval(0.0, 1.0, level), "Wilson")
    # The root without cancellation, then the other end from the product of the two roots, k^2/(m (m + z^2)).
    centre, spread = 2 * k + z * z, z * math.sqrt(z * z + 4.0 * k * (m - k) / m)
    high = (centre + spread) / (2 * (m + z * z))
    low = 2.0 * k * k / (m * (centre + spread))
    return Proportion(k, m, Interval(low, min(1.0, high) if k < m else 1.0, level), "Wilson")


def hoeffding(successes: int, trials: int, level: float = 0.95) -> Proportion:
    """The paper's error bars: k/m -+ sqrt(log(2/(1 - level))/(2 m)), one-sided at k = 0 and k = m, cut at
    0 and 1.
    """
    k, m = _one(successes, trials)
    half = math.sqrt(math.log(2.0 / (1.0 - check_level(level))) / (2 * m)) if m else math.inf
    centre = k / m if m else 0.5
    return Proportion(k, m, Interval(max(0.0, centre - half), min(1.0, centre + half), level), "Hoeffding")
