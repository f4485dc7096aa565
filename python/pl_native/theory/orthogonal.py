"""Orthogonal inputs: live pairs, dead points, and the upper bound of Proposition 1.

A pair (j, i) is live where z_ji > 0; correct if also a_j y_i > 0, wrong if a_j y_i < 0. With orthogonal
inputs z_ji moves only while it is live, so a pair that dies never returns; under Assumption 1 no a_j changes
sign, so a wrong pair never becomes correct.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pl_native import model
from pl_native._base import checks
from pl_native._problem import given
from pl_native._problem.dataset import Dataset
from pl_native._problem.network import Network

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_ROUNDING = 64 * float(np.finfo(np.float64).eps)  # of norm(w_j) norm(x_i): dead pairs rest there, not at 0


class Pairs(NamedTuple):
    """Live pairs by the sign of a_j y_i, (p, n) each; live pairs on a label 0 are in neither."""

    correct: Flags
    wrong: Flags


def live_pairs(data: Dataset, network: Network) -> Pairs:
    """Correct and wrong live pairs of a state. ValueError unless the inputs are orthogonal.

    Live is z_ji > 0 beyond rounding, and on: a pair that died rests at 0 or at +-1e-17.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
    >>> pairs = theory.live_pairs(data, pl.Network([[1.0, 2.0], [3.0, -1.0]], [4.0, -5.0]))
    >>> pairs.correct.tolist(), pairs.wrong.tolist()
    ([[True, False], [False, False]], [[False, True], [True, False]])
    """
    live = (_preactivations(data, network) > 0) & ~_at_rest(data, network)
    agree = np.sign(network.a.astype(np.float64))[:, None] * np.sign(data.y.astype(np.float64))
    return Pairs(live & (agree > 0), live & (agree < 0))


def dead_point_bound(data: Dataset, network: Network) -> float:
    """What the loss stays above for ever: the share of the points without a correct pair (dead points).

        L(t) >= sum over dead i of y_i^2/(2 n)          r_i -> 0 if and only if i is not dead

    Claim: both, for ever. Hypotheses: orthogonal inputs, Assumption 1 (abs(a_j) >= norm(w_j)) at this state.
    Source: section 3, "dead point". A point with label 0 adds nothing. `metrics.dead_points` says which.
    ValueError where a hypothesis is not met.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
    >>> theory.dead_point_bound(data, pl.Network([[1.0, 2.0], [3.0, -1.0]], [4.0, -5.0]))
    1.0
    """
    correct = live_pairs(data, network).correct
    _first_assumption(data, network)
    y = data.y.astype(np.float64)
    return float(np.sum(np.square(y[~correct.any(axis=0)]))) / (2 * data.n)


def settled(data: Dataset, network: Network) -> Network:
    """The same state with the pairs that rest at +-1e-17 put at 0: what died is off for everyone.

    ValueError unless the inputs are orthogonal.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
    >>> theory.settled(data, pl.Network([[1.0, 1e-17]], [4.0])).W.tolist()
    [[1.0, 0.0]]
    """
    rests = _at_rest(data, network)
    W = network.W.copy()
    W[:, : data.n][rests] = 0
    return Network(W, network.a, w_perp_sq=network.w_perp_sq)


def pl_upper_bound_orthogonal(
    data: Dataset, start: Network, network: Network, *, sharp: bool = False
) -> float:
    """Upper bound of Proposition 1 on mu at the state `network` reached from `start`; NaN while a wrong pair
    lives.

        mu <= (2 (Cx+)^2/n) [ (1/p) sum_j (a_j(0)^2 + norm(w_j(0))^2) + 2 (Cy+/Cx-) G sqrt(p n) delta ]
        delta = max_i abs(1 - r_i/y_i),    G = pi/sqrt 6

    Claim: so at every such state. Hypotheses: orthogonal inputs, Assumption 1 at the start, only correct
    pairs left (may never happen at small d). Source: Proposition 1; its constants are derived here. `sharp`
    takes G = 1, which holds too (`growth_bounds` has the proof's two steps). ValueError for inputs that are
    not orthogonal, labels 0, or a start without Assumption 1.

    >>> data = pl.Dataset.orthogonal([1.0], [2.0])
    >>> start = pl.Network([[0.0001], [0.001]], [0.0001, 0.001])
    >>> sol = pl.simulate(data, start, 3.0, method="flow")
    >>> bound = theory.pl_upper_bound_orthogonal(data, start, sol.network)
    >>> round(float(sol.local_pl[-1]), 3), round(bound, 3)
    (0.316, 0.573)
    """
    given.problem(data, start, "start")
    flag = checks.flag("sharp", sharp)
    if not _only_correct(data, network):
        _first_assumption(data, start)
        return math.nan
    scale, delta = _first_assumption(data, start), _displacement(data, network)
    sizes = np.square(start.a.astype(np.float64)) + start.norms_sq
    growth = (1.0 if flag else math.pi / math.sqrt(6)) * math.sqrt(network.p * data.n) * delta
    factor = 2 * float(np.max(data.norms)) ** 2 / data.n
    return factor * (float(np.mean(sizes)) + 2 * scale * growth)


def growth_bounds(data: Dataset, network: Network) -> Floats:
    """The two steps behind Proposition 1, the paper's (61) and (62), as rows (measured, bound), (2, 2).

    They say how far neurons have grown. With w_j+ the coordinates of w_j on its live points, and
    delta = max_i abs(1 - r_i/y_i):

        sum_j a_j^2 norm(w_j+)^2 <= n p^2 (Cy+/Cx-)^2 delta^2
        (1/p) sum_j norm(w_j+)^2 <= sqrt(p n) (Cy+/Cx-) delta

    Proof: only correct pairs live, so abs(y_i) abs(1 - r_i/y_i) = (1/p) sum_j abs(a_j) max(z_ji, 0), a sum of
    terms of one sign: its square is at least the sum of their squares. Sum over i. Then norm(w_j+) <=
    abs(a_j) and Cauchy-Schwarz over j. As a_j^2 + norm(w_j)^2 <= 2 norm(w_j+)^2 + a_j(0)^2 + norm(w_j(0))^2
    (Lemma 1; coordinates off the live points are where they started, or 0), Lemma 7 gives Proposition 1.

    Hypotheses as in `pl_upper_bound_orthogonal`; NaN while a wrong pair lives.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, 1.0])
    >>> theory.growth_bounds(data, pl.Network([[0.6, 0.6]], [1.0])).round(3).tolist()
    [[0.72, 0.72], [0.72, 0.849]]
    """
    given.problem(data, network)
    scale, delta = _first_assumption(data, network), _displacement(data, network)
    if not _only_correct(data, network):
        return np.full((2, 2), math.nan)
    n, p = data.n, network.p
    on = np.maximum(_preactivations(data, network), 0.0) / data.norms
    grown = np.einsum("ji,ji->j", on, on)
    a_sq, bound = np.square(network.a.astype(np.float64)), p * scale * delta
    return np.array(
        [
            [float(a_sq @ grown), n * bound * bound],
            [float(np.mean(grown)), math.sqrt(p * n) * scale * delta],
        ]
    )


def _preactivations(data: Dataset, network: Network) -> Floats:
    given.problem(data, network)
    if not data.is_orthogonal:
        raise ValueError(f"data: expected orthogonal inputs (pl.Dataset.orthogonal), got {data!r}")
    return model.preactivations(data, network)


def _at_rest(data: Dataset, network: Network) -> Flags:
    """(p, n) pairs whose z_ji is rounding: beside norm(w_j), or as the run knows that left them off."""
    z = _preactivations(data, network)
    small: Flags = np.abs(z) <= _ROUNDING * np.sqrt(network.norms_sq)[:, None] * data.norms
    off: Flags = ~model.active(data, network)
    return small | ((z > 0) & off)


def _only_correct(data: Dataset, network: Network) -> bool:
    return not bool(live_pairs(data, network).wrong.any())


def _first_assumption(data: Dataset, network: Network) -> float:
    """Cy+/Cx-, after checking Assumption 1 to rounding (float32 networks too)."""
    if np.any(np.square(network.a.astype(np.float64)) * (1 + 1e-6) < network.norms_sq):
        raise ValueError("network: expected abs(a_j) >= norm(w_j) for all j (Assumption 1)")
    return float(np.max(np.abs(data.y))) / float(np.min(data.norms))


def _displacement(data: Dataset, network: Network) -> float:
    """delta = max_i abs(1 - r_i/y_i) = max_i abs(h(x_i)/y_i)."""
    y = data.y.astype(np.float64)
    if not y.all():
        raise ValueError("data: expected labels != 0, which 1 - r_i/y_i divides by")
    return float(np.max(np.abs(model.outputs(data, network) / y)))
