"""Proposition 2: which multiples of n^-alpha enclose the curvature of a group initialisation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pl_native._base import checks
from pl_native.theory.closed_form import _row

_LARGEST = 10**12  # sizes whose divisors are found by trial


@dataclass(frozen=True, slots=True)
class GroupCurvatureBounds:
    """lower <= mu(t) for t >= onset (if `lower_applies`), mu(t) <= upper for all t (if `upper_applies`)."""

    lower: float
    upper: float
    onset: float
    lower_applies: bool
    upper_applies: bool


def group_size(n: int, alpha: float) -> int:
    """k = n^(2 (1 - alpha)) rounded to a divisor of n, the nearest in ratio (Proposition 2).

    alpha in [1/2, 1): k = n, one group, at 1/2. Then p = n/k, and the exponent that k stands for is
    `group_exponent(n, k)`. ValueError for alpha outside [1/2, 1) and n > 1e12.

    >>> [theory.group_size(10_000, alpha) for alpha in (0.5, 0.6, 0.75, 0.9)]
    [10000, 2000, 100, 5]
    >>> round(theory.group_exponent(10_000, 2000), 4)
    0.5874
    """
    size, power = checks.integer("n", n, 1, most=10**30), checks.real("alpha", alpha)
    if not 0.5 <= power < 1:
        raise ValueError(f"alpha: expected an exponent in [1/2, 1), got {power!r}")
    if size > _LARGEST:
        raise ValueError(f"n: expected at most {_LARGEST} (its divisors are found by trial), got {size}")
    trial = np.arange(1, math.isqrt(size) + 1)
    small = trial[size % trial == 0]
    divisors = np.concatenate([small, size // small])
    wanted = 2 * (1 - power) * math.log(size)
    return int(divisors[np.argmin(np.abs(np.log(divisors) - wanted))])


def group_exponent(n: int, k: int) -> float:
    """alpha that groups of k of n points stand for after rounding: 1 - log k/(2 log n) (Proposition 2).

    n^alpha = n/sqrt(k). ValueError for n < 2, or k that does not divide n.

    >>> theory.group_exponent(10_000, 100)
    0.75
    """
    size, points = checks.integer("n", n, 2), checks.integer("k", k, 1)
    if size % points != 0:
        raise ValueError(f"k: expected a divisor of n = {size}, got {points}")
    return 1 - math.log(points) / (2 * math.log(size))


def group_curvature_bounds(
    labels: ArrayLike, p: int, *, N0: ArrayLike = 1.0, c0: ArrayLike = 1.0
) -> GroupCurvatureBounds:
    """K-/n^alpha and K+/n^alpha of Proposition 2, with alpha the actual exponent: n^alpha = n/sqrt(k).

    Claim: K-/n^alpha <= mu(t) <= K+/n^alpha. Hypotheses: orthonormal inputs, a group initialisation, and
    those beside the constants. Source: Proposition 2, corrected.

        K+ = 4 Cy+                            for all t, if N0_j <= p norm(Y_j)
        K- = 2 Cy- min_j q_j/(1 + q_j)        for t >= onset = (n^alpha/(2 Cy-)) log(n^alpha Cy+),
             q_j = N0_j (1 + c0_j)^2/4        if N0_j <= p norm(Y_j)/2

    The condition of K- is needed and not printed: n = k = 100, p = 1, y = 1, w proportional to
    (30, 1, ..., 1), N0 = 100 breaks it at t = 11.513 (the example below).

    labels  (n,) in p groups of n/p consecutive points; N0, c0  scalars or (p,). ValueError for labels that
    are 0, p that does not divide n, N0 <= 0, c0 outside (0, 1].

    >>> c0 = 129 / (999**0.5 * 10)
    >>> bounds = theory.group_curvature_bounds([1.0] * 100, 1, N0=100.0, c0=c0)
    >>> mu = theory.group_closed_form(11.513, 10.0, 100, 1, N0=100.0, c0=c0).local_pl[0]
    >>> bounds.lower_applies, round(bounds.onset, 2), round(bounds.lower, 6), round(float(mu), 6)
    (False, 11.51, 0.196045, 0.194399)
    """
    y = checks.measured("labels", labels)
    groups = checks.integer("p", p, 1, most=10**30)
    if y.ndim != 1 or y.size == 0 or not np.all(np.isfinite(y)) or np.any(y == 0):
        raise ValueError(
            f"labels: expected a one-dimensional array of numbers != 0, got {checks.shown(labels)}"
        )
    if y.size % groups != 0:
        raise ValueError(f"p: expected a divisor of n = {y.size}, got {groups}")
    start, cosine = _row("N0", N0), _row("c0", c0, 1.0)
    for name, value in (("N0", start), ("c0", cosine)):
        if len(value) not in (1, groups):
            raise ValueError(f"{name}: expected one number or one per group ({groups}), got {len(value)}")
    size = np.linalg.norm(y.reshape(groups, -1), axis=1)
    least, most = float(np.min(np.abs(y))), float(np.max(np.abs(y)))
    scale = y.size / math.sqrt(y.size / groups)  # n^alpha
    q = start * (1 + cosine) ** 2 / 4
    return GroupCurvatureBounds(
        lower=2 * least * float(np.min(q / (1 + q))) / scale,
        upper=4 * most / scale,
        onset=scale / (2 * least) * math.log(scale * most),
        lower_applies=bool(np.all(start <= groups * size / 2)),
        upper_applies=bool(np.all(start <= groups * size)),
    )
