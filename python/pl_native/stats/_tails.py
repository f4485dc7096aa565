"""Tails of Student's t, of chi-squared and of F, without SciPy."""

from __future__ import annotations

import math

from pl_native._base import checks
from pl_native.stats._beta import beta_quantile, incomplete_beta


def student_quantile(level: float, freedom: float) -> float:
    """Two-sided quantile of Student's t: P(abs(T) <= t) = level."""
    freedom, level = checks.positive("freedom", freedom), checks.real("level", level)
    if not 0.0 <= level < 1.0:
        raise ValueError(f"level: expected a probability in [0, 1), got {level!r}")
    x = beta_quantile(1.0 - level, freedom / 2, 0.5)
    return math.sqrt(freedom * (1.0 - x) / x)


def chi2_tail(x: float, freedom: int) -> float:
    """P(chi-squared with `freedom` degrees of freedom > x), by the finite sums for whole degrees.

    even: exp(-x/2) sum_{k < freedom/2} (x/2)^k / k!
    odd:  erfc(sqrt(x/2)) + exp(-x/2) sum_{k < (freedom-1)/2} (x/2)^(k+1/2) / Gamma(k + 3/2)
    """
    x, freedom = checks.number("x", x), checks.integer("freedom", freedom, 1)
    if not x >= 0.0:
        raise ValueError(f"x: expected a number >= 0, got {x!r}")
    half = x / 2
    if freedom % 2:
        total, term, k = math.erfc(math.sqrt(half)), math.sqrt(half) / math.gamma(1.5), 1.5
    else:
        total, term, k = 0.0, 1.0, 1.0
    for _ in range(freedom // 2):
        total += math.exp(-half) * term
        term *= half / k
        k += 1.0
    return min(total, 1.0)


def f_tail(f: float, first: float, second: float) -> float:
    """P(F > f) for an F variable with `first` and `second` degrees of freedom: I_x(second/2, first/2) at
    x = second/(second + first f).
    """
    f = checks.number("f", f)
    if not f >= 0.0:
        raise ValueError(f"f: expected a number >= 0, got {f!r}")
    first, second = checks.positive("first", first), checks.positive("second", second)
    return incomplete_beta(second / 2, first / 2, second / (second + first * f))
