"""Where a function changes sign within one step of a run, every place, by its values alone.

On a step the state is a polynomial of time, and so is, nearly, what a smooth function makes of it. It is
sampled at 5, 9, 17, 33 Chebyshev points of the step (those before are among them), until the polynomial
through them

    g(x) ~ sum_k c_k T_k(x),   x in [-1, 1],

either keeps away from 0, abs(c_0) - sum_{k >= 1} abs(c_k) being more than what its last two coefficients
leave open, or is known to a part in 10^9; then its roots say where to look for signs. Where 33 points do not
tell, each half of the step is looked at alone, `_HALVINGS` times at most: so of a function with a corner or a
jump too no pair of crossings further apart than h / 2000 is missed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.polynomial import chebyshev

from pl_native._base.checks import Array

_LEVELS = (4, 8, 16, 32)  # intervals between points
_HALVINGS = 6
_RESOLVED = 1e-9  # of the largest value: what the last coefficients may be
_OPEN = 4.0  # of the last two coefficients, what the others may come to
_ROUNDING = 64 * 2.0**-52  # of the largest value seen: of two smaller ones only the signs are compared
_NEAR = 0.1  # imaginary part of roots that two real ones may be, by rounding

Values = Callable[[float], float]


def rounding(largest: float) -> float:
    """Of values of a function that has been as large as `largest`: below it they may be rounding."""
    return _ROUNDING * largest


def sign(value: float) -> int:
    """-1, 0, 1."""
    return (value > 0) - (value < 0)


def brackets(g: Values, width: float, side: int, noise: float) -> Iterator[tuple[float, float]]:
    """Intervals (lo, hi) of [0, width], in order, between whose ends `g` changes sign; `side` is the sign it
    had before (0: none yet), `noise` what may be rounding.
    """
    last, before = 0.0, side
    for at in _places(g, 0.0, width, noise, _HALVINGS):
        now = sign(g(at))
        if now == 0 or now == before:
            last = at if now else last
            continue
        if before != 0:
            yield last, at
        last, before = at, now


def located(g: Values, lo: float, hi: float, resolution: float) -> float:
    """The end of the change of sign between lo and hi: a place where `g` has the sign of g(hi), closer than
    `resolution` to one where it has not. By regula falsi (Illinois), halved where that is slow.
    """
    after, low, high = sign(g(hi)), g(lo), g(hi)
    for count in range(200):
        if hi - lo <= resolution:
            break
        at = hi - high * (hi - lo) / (high - low) if count % 3 < 2 and high != low else 0.5 * (lo + hi)
        at = min(max(at, lo + 0.5 * resolution), hi - 0.5 * resolution)
        if not lo < at < hi:
            break
        value = g(at)
        if sign(value) == after:
            hi, high, low = at, value, 0.5 * low
        else:
            lo, low, high = at, value, 0.5 * high
    return hi


def _places(g: Values, lo: float, hi: float, noise: float, halvings: int) -> list[float]:
    """Increasing places from lo to hi: between two neighbours `g` changes sign once or not at all."""
    values: Array = np.zeros(0)
    nodes: Array = np.zeros(0)
    for level in _LEVELS:
        nodes = lo + (hi - lo) * _nodes(level)
        values = np.array([g(at) for at in nodes])
        size = float(np.abs(values).max())
        if size <= noise:
            return [lo, hi]
        c = _transform(level) @ values
        left_open = _OPEN * max(abs(c[-1]), abs(c[-2])) + noise
        if abs(c[0]) - np.abs(c[1:]).sum() > left_open:
            return [lo, hi]
        if left_open <= _RESOLVED * size + 2 * noise:
            return _between_roots(c, lo, hi)
    if halvings == 0 or not hi - lo > 1e-15 * hi:
        return [float(at) for at in nodes]
    middle = 0.5 * (lo + hi)
    left = _places(g, lo, middle, noise, halvings - 1)
    return left + _places(g, middle, hi, noise, halvings - 1)[1:]


def _between_roots(c: Array, lo: float, hi: float) -> list[float]:
    """The ends, and one place between any two roots that may be real."""
    largest = np.abs(c).max()
    kept = c[: int(np.flatnonzero(np.abs(c) > 1e-14 * largest)[-1]) + 1]
    if len(kept) < 2:
        return [lo, hi]
    roots = chebyshev.chebroots(kept)
    near = roots[(np.abs(roots.imag) < _NEAR) & (np.abs(roots.real) < 1 + _NEAR)].real
    inside = np.unique(np.clip(near, -1, 1))
    places = np.unique(np.concatenate([[-1.0], 0.5 * (inside[1:] + inside[:-1]), inside, [1.0]]))
    found = lo + (hi - lo) * (0.5 * (places + 1))
    found[0], found[-1] = lo, hi
    return [float(at) for at in found]


@functools.cache
def _nodes(level: int) -> Array:
    """Chebyshev points of the second kind on [0, 1], increasing: (level + 1,); level / 2 has some of them."""
    nodes = np.array([math.sin(0.5 * math.pi * k / level) ** 2 for k in range(level + 1)])
    nodes[-1] = 1.0
    return nodes


@functools.cache
def _transform(level: int) -> Array:
    """Values at `_nodes` to coefficients: (level + 1, level + 1)."""
    k = np.arange(level + 1)
    weights = np.ones(level + 1)
    weights[[0, -1]] = 0.5
    # T_k at node m, whose x is -cos(pi m / level)
    basis = np.cos(np.outer(k, math.pi * (level - k) / level))
    matrix: Array = 2 / level * weights[:, None] * basis * weights[None, :]
    return matrix
