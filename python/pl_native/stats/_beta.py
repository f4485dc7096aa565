"""Regularised incomplete beta function and its inverse, in double precision for parameters up to 1e9.

The power prefactor is evaluated by Loader's saddle-point form (deviance and Stirling error), because the
difference of log-gammas loses nine digits at 1e6; the rest is the classical continued fraction, summed
by Lentz's method.
"""

from __future__ import annotations

import math

_TINY = 1e-300
_EPS = 2.0**-53
_MAX_TERMS = 1_000_000

MOST = 10**9
"""Of counts and degrees of freedom: the continued fraction takes some sqrt of them terms"""


def _stirling_error(n: float) -> float:
    """log Gamma(n+1) minus Stirling's formula; the series from n = 16 on, where it has full precision."""
    if n < 16.0:
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2.0 * math.pi)
    m = n * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - (1 / 1188) / m) / m) / m) / m) / n


def _deviance(x: float, mean: float) -> float:
    """x log(x/mean) + mean - x >= 0, without cancellation when x is close to mean."""
    if abs(x - mean) > 0.1 * (x + mean):
        return x * math.log(x / mean) + mean - x
    v = (x - mean) / (x + mean)
    total, power, k = (x - mean) * v, 2.0 * x * v, 1
    while True:
        power *= v * v
        new = total + power / (2 * k + 1)
        if new == total:
            return total
        total, k = new, k + 1


def log_poisson(s: float, mean: float) -> float:
    """log( exp(-mean) mean^s / Gamma(s + 1) ) for s >= 0, mean > 0, with its digits at any size."""
    if s == 0.0:
        return -mean
    return -_deviance(s, mean) - _stirling_error(s) - 0.5 * math.log(2.0 * math.pi * s)


def _log_prefactor(a: float, b: float, x: float, y: float) -> float:
    """log( x^a y^b / B(a, b) ) with y = 1 - x given separately so that neither end loses digits."""
    n = a + b
    log_binomial = (
        _stirling_error(n)
        - _stirling_error(a)
        - _stirling_error(b)
        - _deviance(a, n * x)
        - _deviance(b, n * y)
    )
    return log_binomial + 0.5 * math.log(a * b / (2.0 * math.pi * n))


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of I_x(a, b) a B(a, b) / (x^a (1-x)^b); converges fast for x < (a+1)/(a+b+2)."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        change = 1.0
        for term in (even, odd):
            d = 1.0 + term * d
            c = 1.0 + term / c
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = c if abs(c) > _TINY else _TINY
            change = c * d
            value *= change
        if abs(change - 1.0) < 2.0 * _EPS:
            return value
    raise ArithmeticError(f"incomplete beta function did not converge at a={a}, b={b}, x={x}")


def _log_tails(a: float, b: float, x: float, y: float) -> tuple[float, float, float]:
    """log I_x(a, b), log of its complement, and log of the density of x; y = 1 - x."""
    log_front = _log_prefactor(a, b, x, y)
    if x < (a + 1.0) / (a + b + 2.0):
        lower = log_front - math.log(a) + math.log(_continued_fraction(a, b, x))
        tails = lower, math.log(-math.expm1(lower)) if lower < 0.0 else -math.inf
    else:
        upper = log_front - math.log(b) + math.log(_continued_fraction(b, a, y))
        tails = math.log(-math.expm1(upper)) if upper < 0.0 else -math.inf, upper
    return *tails, log_front - math.log(x) - math.log(y)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b) = int_0^x u^(a-1) (1-u)^(b-1) du / B(a, b) for a, b > 0 and x in [0, 1]."""
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0):
        raise ValueError(f"incomplete_beta needs a, b > 0 and 0 <= x <= 1, got a={a}, b={b}, x={x}")
    if x in (0.0, 1.0):
        return x
    return math.exp(_log_tails(a, b, x, 1.0 - x)[0])


def beta_quantile(q: float, a: float, b: float, *, upper: bool = False) -> float:
    """x in (0, 1) with I_x(a, b) = q, or 1 - I_x(a, b) = q when `upper`; for 0 < q < 1.

    Safeguarded Newton on the logarithm of the tail as a function of t = log(x/(1-x)), where it is smooth and
    monotone: x keeps its relative precision at both ends.
    """
    if not (a > 0.0 and b > 0.0 and 0.0 < q < 1.0):
        raise ValueError(f"beta_quantile needs a, b > 0 and 0 < q < 1, got q={q}, a={a}, b={b}")
    target, sign = math.log(q), -1.0 if upper else 1.0
    low, high, t = -700.0, 700.0, math.log(a / b)
    for _ in range(200):
        x, y = 1.0 / (1.0 + math.exp(-t)), 1.0 / (1.0 + math.exp(t))
        lower_tail, upper_tail, log_density = _log_tails(a, b, x, y)
        tail = upper_tail if upper else lower_tail
        gap = sign * (tail - target)  # increasing in t
        low, high = (low, t) if gap > 0.0 else (t, high)
        slope = (
            math.exp(min(log_density + math.log(x) + math.log(y) - tail, 700.0)) if tail > -math.inf else 0.0
        )
        new = t - gap / slope if slope > 0.0 else 0.5 * (low + high)
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - t) <= 4.0 * _EPS * max(1.0, abs(t)):
            return 1.0 / (1.0 + math.exp(-new))
        t = new
    return 1.0 / (1.0 + math.exp(-t))
