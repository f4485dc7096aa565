"""What a test that rejects nothing would have found: without it, agreement may be no more than few runs.

A test may say that a law is reproduced only where it would have found a shift of n by `ENOUGH` with
probability 90 %. A horizon a tenth shorter moves figure 3's threshold as far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from pl_native._base.checks import Array
from pl_native.experiments._convergence import Comparison
from pl_native.stats import chi2_tail, fit

ENOUGH = 0.1
"""Shift of n, relative, that a comparison of shares has to find."""

LEVEL, CHANCE = 0.01, 0.9
"""Of all tests against what was published: at which they reject, and with which probability they are to find
what is to be found."""

_normal = NormalDist().inv_cdf
_SHIFTS = np.geomspace(1e-3, 1.0, 400)


def detectable_shift(comparisons: Sequence[Comparison]) -> float | None:
    """The least s such that runs of the published law shifted in n by the factor 1 + s, or 1/(1 + s), are
    told from it; None where nothing published is located, or where no shift up to a factor 2 is.

    By the excess of converged runs over all n of all comparisons, to first order: with w = m1 m2/(m1 + m2)
    and P, P' the fitted published law and its shift,

        abs(sum w (P' - P)) >= z_0.995 sd_0 + z_0.9 sd_1,
        sd_0^2 = sum w Q (1 - Q),  Q = (m1 P' + m2 P)/(m1 + m2),
        sd_1^2 = sum w^2 (P' (1 - P')/m1 + P (1 - P)/m2).
    """
    places = [place for one in comparisons for place in _places(one)]
    if not places:
        return None
    n, location, scale, ours, theirs = np.array(places).T
    weight = ours * theirs / (ours + theirs)
    law = _logistic(n, location, scale)
    found = np.ones(_SHIFTS.size, dtype=bool)
    for shift in (1.0 + _SHIFTS, 1.0 / (1.0 + _SHIFTS)):
        moved = _logistic(n, location * shift[:, None], scale * shift[:, None])
        pooled = (ours * moved + theirs * law) / (ours + theirs)
        null = np.sqrt(np.sum(weight * pooled * (1 - pooled), axis=1))
        spread = moved * (1 - moved) / ours + law * (1 - law) / theirs
        other = np.sqrt(np.sum(weight**2 * spread, axis=1))
        excess = np.abs(np.sum(weight * (moved - law), axis=1))
        found &= excess >= _normal(1 - LEVEL / 2) * null + _normal(CHANCE) * other
    return float(_SHIFTS[np.argmax(found)]) if found.any() else None


def _places(one: Comparison) -> list[tuple[float, ...]]:
    """Of each n that both have runs of: n, location and scale of the published law, both numbers of runs."""
    theirs, ours = one.published, one.measured
    if theirs is None or not math.isfinite(theirs.threshold.estimate):
        return []
    scale = max(theirs.threshold.scale, 1e-3 * theirs.threshold.estimate)  # a step, where it is not known
    decided = ours.runs - ours.undecided
    return [
        (float(ours.n[i]), theirs.threshold.estimate, scale, float(decided[i]), float(theirs.runs[j]))
        for i, j in one.pairs()
        if j is not None and decided[i] > 0
    ]


def _logistic(n: Array, location: Array, scale: Array) -> Array:
    found: Array = np.exp(-np.logaddexp(0.0, (n - location) / scale))
    return found


def sufficient(comparisons: Sequence[Comparison]) -> bool:
    """Whether the test of these comparisons may say that the published law is reproduced."""
    least = detectable_shift(comparisons)
    return least is not None and least <= ENOUGH


def power_text(comparisons: Sequence[Comparison]) -> str:
    """The power of the test of these comparisons, in words."""
    least = detectable_shift(comparisons)
    how = f"(at {LEVEL:.0%}, with probability {CHANCE:.0%})"
    if least is None:
        return f"no shift of n by less than a factor 2 would be found {how}"
    return f"a shift of n by {least:.1%} would be found {how}"


def sees_curvature(x: Array, y: Array, errors: Array) -> bool:
    """Whether a test of lack of fit with these errors would find that y at x is not on a line.

    chi2 of y about its line, were the errors added, is non-central with parameter that of y itself; its
    lower tail is taken as that of a normal variable.
    """
    if x.size < 3:
        return False
    line = fit(x, y, errors)
    low = line.freedom + line.chi2 - _normal(CHANCE) * math.sqrt(2 * (line.freedom + 2 * line.chi2))
    return low > 0 and chi2_tail(low, line.freedom) <= LEVEL
