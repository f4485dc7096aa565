"""Tails of Student's t, of chi-squared and of F, without SciPy."""

from __future__ import annotations

import math
from statistics import NormalDist

from pl_native._base import checks
from pl_native.stats._beta import MOST, beta_quantile, incomplete_beta, log_poisson


def student_quantile(level: float, freedom: float) -> float:
    """Two-sided quantile of Student's t: P(abs(T) <= t) = level.

    Beyond 10^9 degrees of freedom by the first term after the normal law, which is exact there.
    """
    freedom, level = checks.positive("freedom", freedom), checks.real("level", level)
    if not 0.0 <= level < 1.0:
        raise ValueError(f"level: expected a probability in [0, 1), got {level!r}")
    beyond = 1.0 - level
    if beyond == 1.0:
        return 0.0
    if freedom > MOST:
        z = -NormalDist().inv_cdf(beyond / 2)
        return z * (1.0 + (z * z + 1.0) / (4.0 * freedom))
    if freedom < _LEAST:
        raise ValueError(f"freedom: expected a number >= {_LEAST:g}, got {freedom!r}")
    x = beta_quantile(beyond, freedom / 2, 0.5)
    y = 1.0 - x if x < 0.5 else beta_quantile(beyond, 0.5, freedom / 2, upper=True)  # without cancellation
    return math.sqrt(freedom * y / x)


_LEAST = 0.125
"""Degrees of freedom below which quantiles are beyond double precision"""


def chi2_tail(x: float, freedom: int) -> float:
    """P(chi-squared with `freedom` degrees of freedom > x), by the finite sums for whole degrees.

    even: exp(-x/2) sum_{k < freedom/2} (x/2)^k / k!
    odd:  erfc(sqrt(x/2)) + exp(-x/2) sum_{k < (freedom-1)/2} (x/2)^(k+1/2) / Gamma(k + 3/2)

    summed from the largest term on, both ways, as far as the terms count. At most 10^9 degrees.
    """
    x, freedom = checks.number("x", x), checks.integer("freedom", freedom, 1, MOST)
    if not x >= 0.0:
        raise ValueError(f"x: expected a number >= 0, got {x!r}")
    half = x / 2
    if half in (0.0, math.inf):
        return 1.0 if half == 0.0 else 0.0
    last = freedom / 2 - 1.0  # the largest power of x/2, the least is 0 or 1/2
    total = math.erfc(math.sqrt(half)) if freedom % 2 else 0.0
    top = last - max(0.0, math.ceil(last - half))
    if top < 0.0:  # all terms fall, from the first on
        top = last % 1.0
    if last < 0.0:
        return total
    greatest = math.exp(log_poisson(top, half))
    term, s = greatest, top
    while s >= 0.0 and term > _NOTHING * greatest:  # down
        total += term
        term *= s / half
        s -= 1.0
    term, s = greatest, top
    while s < last and term > _NOTHING * greatest:  # up
        s += 1.0
        term *= half / s
        total += term
    return min(total, 1.0)


_NOTHING = 1e-18  # of a sum of terms, the greatest of which is 1


def f_tail(f: float, first: float, second: float) -> float:
    """P(F > f) for an F variable with `first` and `second` degrees of freedom: I_x(second/2, first/2) at
    x = second/(second + first f). At most 10^9 degrees.
    """
    f = checks.number("f", f)
    if not f >= 0.0:
        raise ValueError(f"f: expected a number >= 0, got {f!r}")
    first, second = _freedom("first", first), _freedom("second", second)
    return incomplete_beta(second / 2, first / 2, second / (second + first * f))


def _freedom(name: str, value: object) -> float:
    found = checks.real(name, value)
    if not _LEAST <= found <= MOST:
        raise ValueError(f"{name}: expected degrees of freedom from {_LEAST:g} to {MOST:g}, got {found!r}")
    return found
