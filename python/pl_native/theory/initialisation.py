"""Lemma 5: the probability of event I, that every point has a live and correctly signed neuron at the start.

For orthogonal inputs the signs of <w_j, x_i> are fair coins, independent over i and j. Given that m of the p
outer weights are positive, a positive label is missed with probability 2^-m and a negative one with 2^-(p-m):
the points share the signs of a, so they are *not* independent.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pl_native._base import checks, memory
from pl_native._base.checks import Array


class Chance(NamedTuple):
    """A probability and its complement, each to its own relative precision."""

    probability: float
    complement: float


def well_initialised_probability(p: int, positive: int, negative: int) -> Chance:
    """P(I) for orthogonal inputs with `positive` labels > 0 and `negative` labels < 0, and 1 - P(I). Exact:

        P(I) = sum_m C(p, m) 2^-p (1 - 2^-m)^positive (1 - 2^-(p-m))^negative

    Hypotheses: orthogonal inputs; neurons i.i.d., w of a law that no change of sign of a coordinate
    changes, the sign of a a fair coin independent of w. 1 - P is summed as such, without cancellation. *Not*
    the product (1 - (3/4)^p)^n: see `product_form`. Source: Lemma 5, corrected in section 3.

    >>> round(theory.well_initialised_probability(12, 10, 10).probability, 4)
    0.5763
    >>> f"{theory.well_initialised_probability(200, 10, 10).complement:.4e}"
    '2.0572e-24'
    """
    width = _width(p)
    up, down = checks.integer("positive", positive, 0), checks.integer("negative", negative, 0)
    m = np.arange(width + 1)
    log_hit = _power_log(up, m) + _power_log(down, width - m)
    return _mixed(width, log_hit)


def well_initialised_average(p: int, n: int) -> Chance:
    """P(I) for n orthogonal inputs averaged over independent fair signs of the labels, and 1 - P(I):

        E[P(I)] = sum_m C(p, m) 2^-p ( 1 - (2^-m + 2^-(p-m))/2 )^n

    Hypotheses and source as in `well_initialised_probability`.

    >>> round(theory.well_initialised_average(12, 20).probability, 4)
    0.5795
    """
    width, points = _width(p), checks.integer("n", n, 1)
    m = np.arange(width + 1)
    missed = (np.exp2(-m) + np.exp2(m - width)) / 2
    return _mixed(width, points * np.log1p(-missed))


def product_form(p: int, n: int) -> float:
    """(1 - (3/4)^p)^n: what P(I) would be if the points were independent. It is wrong, and kept to show it.

    Of orthogonal points with n+ = n- = 10 and p = 12 it says 0.525, the truth is 0.576. Source: section 3.

    >>> round(theory.product_form(12, 20), 4)
    0.5253
    """
    width, points = checks.integer("p", p, 1), checks.integer("n", n, 1)
    return math.exp(points * math.log1p(-(0.75**width)))


def parallel_probability(p: int) -> Chance:
    """P(I) for any number of inputs on one ray with labels of one sign: 1 - (3/4)^p, one point in effect.

    So the converse of Lemma 5 needs its orthogonal inputs. Source: section 3.

    >>> round(theory.parallel_probability(10).complement, 4)
    0.0563
    """
    missed = 0.75 ** checks.integer("p", p, 1)
    return Chance(1 - missed, missed)


def union_bound(p: int, n: int) -> float:
    """Claim: 1 - P(I) <= n (3/4)^p, for any inputs and labels: the bound behind `pl.minimal_width`.

    Hypotheses: neurons i.i.d., w symmetric, the sign of a a fair coin independent of w. Source: Lemma 5.

    >>> round(theory.union_bound(37, 1700), 4)
    0.0405
    """
    return checks.integer("n", n, 1) * 0.75 ** checks.integer("p", p, 1)


def sufficient_width(n: int, eps: float) -> float:
    """4 log(n/eps). Claim: p at least this gives P(I) >= 1 - eps, for any inputs and labels.

    Hypotheses: those of `union_bound`; 0 < eps < 1. Source: Lemma 5.

    >>> round(theory.sufficient_width(100, 0.05), 2)
    30.4
    """
    return 4 * math.log(checks.integer("n", n, 1) / _probability(eps))


def insufficient_width(n: int, eps: float) -> float:
    """3 log(n/eps) - 2. Claim: p at most this gives P(I) < 1 - eps.

    Hypotheses: orthogonal inputs, eps <= 1/2 and n <= 300 000 (printed without them, and false so: for
    duplicated inputs; at eps = 0.9; at eps = 0.7 where all labels have one sign; at eps = 1/2 for n = 308 719
    labels of one sign, p = 38. For fixed eps the width at which P(I) turns grows like (2/log 2) log n
    only). Source: Lemma 5, corrected in section 3 and here.

    >>> round(theory.insufficient_width(100, 0.05), 2)
    20.8
    """
    return 3 * math.log(checks.integer("n", n, 1) / _probability(eps)) - 2


def _probability(eps: object) -> float:
    level = checks.positive("eps", eps)
    if level >= 1:
        raise ValueError(f"eps: expected a probability in (0, 1), got {level!r}")
    return level


def _power_log(count: int, m: Array) -> Array:
    """log (1 - 2^-m)^count; 0 where count = 0 (an empty product, whatever m)."""
    if count == 0:
        return np.zeros(len(m))
    with np.errstate(divide="ignore"):
        found: Array = count * np.log1p(-np.exp2(-m.astype(np.float64)))
    return found


def _width(p: object) -> int:
    """`p`, for sums over 0 to p."""
    width = checks.integer("p", p, 1)
    memory.require(100.0 * width, f"p: a sum over 0 to {width}")  # six arrays, and logarithms in a list
    return width


def _mixed(p: int, log_hit: Array) -> Chance:
    """The binomial mixture of exp(log_hit) and of its complement."""
    log_binomial = math.lgamma(p + 1) - np.array(
        [math.lgamma(m + 1) + math.lgamma(p - m + 1) for m in range(p + 1)]
    )
    log_weight = log_binomial - p * math.log(2)
    hit = math.fsum(np.exp(log_weight + log_hit))
    missed = math.fsum(np.exp(log_weight) * -np.expm1(log_hit))
    return Chance(min(hit, 1.0), min(missed, 1.0))
