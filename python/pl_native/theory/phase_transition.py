"""Theorem 2: the loss from a group initialisation becomes a staircase, and in which window each step falls.

Groups are told by D_j = norm(Y_j)/sqrt(k), k = n/p points each. Times are in units of t_n (`time_unit`).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pl_native._base import checks
from pl_native.theory.closed_form import MOST_POINTS, _row, group_closed_form

Floats = NDArray[np.float64]


def time_unit(n: int, p: int) -> float:
    """t_n = (sqrt(n p)/4) log(n p), the time scale of Theorem 2, in units of flow time.

    ValueError for n p = 1, where it is 0.

    >>> round(theory.time_unit(100, 2), 4)
    18.7324
    """
    size = checks.integer("n", n, 1, MOST_POINTS) * checks.integer("p", p, 1)
    if size == 1:
        raise ValueError("n: expected n p >= 2, got n = p = 1, of which t_n is 0")
    return math.sqrt(size) / 4 * math.log(size)


def limit_loss(t: ArrayLike, D: ArrayLike, p: int) -> Floats:
    """L_inf(t), the limit of the rescaled loss L(t t_n) as n grows at fixed p (Theorem 2). Shape (m,).

    Claim: L(t t_n) -> L_inf(t), t_n = `time_unit`. Hypotheses: orthonormal inputs, a group initialisation
    with `D` (p,), N0 and c0 fixed. Source: Theorem 2.

        L_inf(t) = sum over {j: t < 1/D_j} of D_j^2/(2 p)

    t (m,) in units of t_n. ValueError unless D holds p numbers > 0.

    >>> theory.limit_loss([0.0, 0.4, 0.6, 1.1], D=[1.0, 2.0], p=2).tolist()
    [1.25, 1.25, 0.25, 0.0]
    """
    times, targets = _row("t", t, zero=True), _targets(D, p)
    found: Floats = (np.where(times[:, None] < 1 / targets, targets**2, 0.0)).sum(axis=1) / (2 * p)
    return found


def staircase(D: ArrayLike, p: int) -> tuple[Floats, Floats]:
    """(times (s,), levels (s + 1,)) of L_inf: its steps, groups of equal D merged into one (Theorem 2).

    levels[0] is the loss before the first step, levels[i + 1] that after times[i]; the last one is 0.
    Arguments and errors as in `limit_loss`.

    >>> times, levels = theory.staircase([1.0, 2.0, 2.0, 1.0], p=4)
    >>> times.tolist(), levels.tolist()
    ([0.5, 1.0], [1.25, 0.25, 0.0])
    """
    targets = _targets(D, p)
    times = np.unique(1 / targets)
    before = limit_loss(np.concatenate([[0.0], times]), targets, p)
    return times, before


def rescaled_loss(
    t: ArrayLike, D: ArrayLike, n: int, p: int, *, N0: ArrayLike = 1.0, c0: ArrayLike = 1.0
) -> Floats:
    """L(t t_n) of a group initialisation, by the closed form, (m,): what tends to `limit_loss` (Theorem 2).

    D (p,) with norm(Y_j) = D_j sqrt(n/p); N0, c0 as in `group_closed_form`. Errors as there and in
    `limit_loss`.

    >>> theory.rescaled_loss([0.0, 0.7, 2.0], D=[1.0, 2.0], n=10**18, p=2).round(3).tolist()
    [1.25, 0.249, 0.0]
    """
    times, targets = _row("t", t, zero=True), _targets(D, p)
    unit = time_unit(n, p)
    labels = targets * math.sqrt(n / p)
    return group_closed_form(times * unit, labels, n, p, N0=N0, c0=c0).loss


def fraction_time(fraction: float, D: float, n: int, p: int, *, N0: float = 1.0) -> float:
    """When the loss of a group has fallen to `fraction` of norm(Y)^2/(2n), in units of t_n, exactly (c0 = 1).

        N0/(p norm(Y) - N0) exp(2 kappa t) = 1/sqrt(fraction) - 1

    ValueError unless 0 < fraction < 1, N0 < p norm(Y), and the group starts above that fraction.

    >>> [round(theory.fraction_time(f, 2.0, 10**18, 2), 4) for f in (0.9, 0.1)]  # 1/D = 0.5
    [0.4472, 0.5347]
    """
    level = _fraction("fraction", fraction, 1.0)
    unit, target, start = time_unit(n, p), checks.positive("D", D), checks.positive("N0", N0)
    label = target * math.sqrt(n / p)
    if start >= p * label * (1 - math.sqrt(level)):
        raise ValueError(
            f"N0: expected N0 < p norm(Y) (1 - sqrt(fraction)) = {p * label * (1 - math.sqrt(level)):.6g} "
            f"(the group starts above that fraction of its loss), got {start}"
        )
    x = (math.log1p(-math.sqrt(level)) - math.log(level) / 2 - _log_ratio(start, p * label - start)) / 2
    return x * n / label / unit


def _log_ratio(over: float, under: float) -> float:
    ratio = over / under
    return math.log(ratio) if ratio > 0 else math.log(over) - math.log(under)  # of 1e-324 and less


def transition_time(D: float, n: int, p: int, *, N0: float = 1.0, c0: float = 1.0) -> float:
    """When N passes p norm(Y)/2, in units of t_n, to leading order in n: 1/D and its logarithmic shift.

        (1/D) (1 + [2 log(D/N0) + 4 log(2/(1 + c0))]/log(n p))

    So c0 < 1 acts as N0 (1 + c0)^2/4 does, and N0 and c0 move every step by O(1/log n) only: the limit of
    Theorem 2 does not see them. What is left out is O(N0/sqrt(n) log n). ValueError for N0 <= 0, c0 not in
    (0, 1].

    >>> [round(theory.transition_time(1.0, 10**6, 2, N0=N0), 4) for N0 in (1.0, 0.01)]
    [1.0, 1.6348]
    """
    target, start = checks.positive("D", D), checks.positive("N0", N0)
    cosine = _row("c0", checks.positive("c0", c0), 1.0)[0]
    time_unit(n, p)
    shift = 2 * math.log(target / start) + 4 * math.log(2 / (1 + cosine))
    return (1 + shift / math.log(n * p)) / target


def window(eps: float, D: float, n: int, p: int) -> float:
    """Time that a group's loss takes from the fraction 1 - eps to eps of norm(Y)^2/(2n), in units of t_n.

        (2/D) log( [(1 - sqrt eps)/sqrt eps] [sqrt(1 - eps)/(1 - sqrt(1 - eps))] )/log(n p)

    Claim: so, exactly. Hypotheses: c0 = 1, eps < 1/2, the group starts above the fraction 1 - eps. Source:
    Theorem 2, corrected: the prefactor is 2/D; `window_as_printed` has the paper's. ValueError unless
    0 < eps < 1/2.

    >>> case = {"eps": 0.1, "D": 2.0, "n": 10**18, "p": 2}
    >>> round(theory.window(**case), 4), theory.window(**case) / theory.window_as_printed(**case)
    (0.0875, 4.0)
    """
    small = _fraction("eps", eps, 0.5)
    target = checks.positive("D", D)
    time_unit(n, p)
    low, high = math.sqrt(small), math.sqrt(1 - small)
    # 1 - sqrt(1 - eps) = eps/(1 + sqrt(1 - eps)): no cancellation
    odds = (1 - low) / low * high * (1 + high) / small
    return 2 / target * math.log(odds) / math.log(n * p)


def window_as_printed(eps: float, D: float, n: int, p: int) -> float:
    """The window of Theorem 2 with the prefactor that the paper prints, 1/(2 D): a factor 4 too short.

    Arguments and errors as in `window`.

    >>> round(theory.window_as_printed(0.1, 2.0, 10**18, 2), 4)
    0.0219
    """
    return window(eps, D, n, p) / 4


def _targets(D: ArrayLike, p: int) -> Floats:
    targets = _row("D", D)
    if len(targets) != checks.integer("p", p, 1, most=10**30):
        raise ValueError(f"D: expected one number for each of p = {p} groups, got {len(targets)}")
    return targets


def _fraction(name: str, value: float, below: float) -> float:
    number = checks.positive(name, value)
    if number >= below:
        raise ValueError(f"{name}: expected a number in (0, {below:g}), got {number!r}")
    return number
