"""Lemma 8, orthogonal inputs: wrong pairs are dead by t_n; how large d has to be for that, explicitly.

Correct and wrong pairs: `theory.live_pairs`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pl_native import model
from pl_native._base import checks
from pl_native._problem import given
from pl_native._problem.dataset import Dataset
from pl_native._problem.network import Network
from pl_native.theory.assumptions import Sides
from pl_native.theory.orthogonal import _ROUNDING, _preactivations, live_pairs


@dataclass(frozen=True, slots=True)
class Extinction:
    """Lemma 8's claims for one trajectory up to t_n.

    correct, shrunk   correct pairs of the start, and how many were smaller at the end
    wrong, alive      wrong pairs of the start, and how many were not 0 at the end
    moved             largest abs(r_i(t) - r_i(0))/abs(y_i) over states and labels != 0 (claimed: <= 1/2)
    """

    correct: int
    shrunk: int
    wrong: int
    alive: int
    moved: float


def extinction_time(data: Dataset, network: Network, *, gap: float | None = None) -> float:
    """t_n of Lemma 8, in units of flow time. Claim: by then every wrong pair is dead.

        t_n = 2 n max_ji max(z_ji(0), 0)/(sqrt(A) Cy- (Cx-)^2),    A <= a_j(0)^2 - norm(w_j(0))^2 for all j

    Hypotheses: orthogonal inputs, every point with a correct pair (event I), A > 0, and
    d >= C log p log(n p) log(C/eps)^2 (explicitly: `extinction_condition`): at small d wrong pairs outlive
    it. Source: Lemma 8. `gap` is A (None: the largest that holds). ValueError for inputs that are not
    orthogonal, labels 0, and A not in (0, min_j a_j^2 - norm^2].

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
    >>> start = pl.Network([[0.3, 0.4], [0.0, -0.3]], [1.3, -1.3])
    >>> round(theory.extinction_time(data, start, gap=1.44), 4)
    1.3333
    """
    A, reach = _gap(data, network, gap), _reach(data, network)
    least = float(np.min(np.abs(data.y.astype(np.float64))))
    rate = math.sqrt(A) * least * float(np.min(data.norms)) ** 2
    if rate == 0.0:  # below the range of numbers
        return math.inf if reach > 0 else 0.0
    return 2 * data.n * reach / rate


def extinction_condition(data: Dataset, network: Network, *, gap: float | None = None) -> Sides:
    """What "d large" has to give at the start for Lemma 8's three claims, explicitly: left <= right = 1/2,

        left = max_i [ abs(h(x_i))/abs(y_i) + (t_n/n) ( (3/2) norm(x_i)^2 (1/p) sum_{j: z_ji > 0} g^2 a_j^2
                       + (Q Z/abs(y_i)) (1/p) sum_{j: z_ji > 0} sqrt(g^2 a_j^2 - A) ) ]
        Q = (3/2) sqrt(sum_k y_k^2 norm(x_k)^2),    g = exp(Q t_n/n)
        Z = max_ji max(z_ji, 0) + (3/2) (t_n/n) g max_j abs(a_j) max_k abs(y_k) norm(x_k)^2

    all at time 0; t_n and A (`gap`) as in `extinction_time`. t_n/n is of order max z_ji, so for d -> inf left
    falls like sqrt(log(n p) n/d).

    Claim: if it holds, no r_i moves by more than left abs(y_i) - abs(h(x_i)) up to t_n, no correct pair
    shrinks, and wrong pairs are 0 at t_n. Hypotheses: orthogonal inputs, no label 0, A > 0. Source: Lemma 8,
    with d >= C log p log(n p) log(C/eps)^2 in the place of this condition, which is derived here.

    *Proof.* While no r_i has moved further than that, s_i r_i lies in [1/2, 3/2] abs(y_i), s_i the sign of
    y_i. Live pairs have z_ji' = (a_j/n) r_i norm(x_i)^2, and a pair off stays off. abs(a_j') <= Q norm(w_j)/n
    (Bessel), and norm(w_j)^2 <= a_j^2 - A, so abs(a_j) grows by no more than g, z_ji to no more than Z, and
    abs(r_i') <= (1/p) sum_j (abs(a_j z_ji') + abs(a_j' z_ji)) is at most abs(y_i)/n times what (t_n/n)
    multiplies: the bound is not passed before t_n. As s_i r_i > 0 correct pairs grow; as abs(a_j) >= sqrt(A)
    wrong ones fall at a rate of at least sqrt(A) Cy- (Cx-)^2/(2n), from max_ji z_ji to 0 by t_n.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
    >>> start = pl.Network([[0.03, 0.04], [0.02, -0.03]], [1.3, -1.3])
    >>> theory.extinction_condition(data, start).holds
    True
    """
    A, z = _gap(data, network, gap), _preactivations(data, network)
    y, square = np.abs(data.y.astype(np.float64)), np.square(data.norms)
    span = extinction_time(data, network, gap=A) / data.n
    pull = 1.5 * math.sqrt(float(np.square(y) @ square))
    if not pull * span <= 300:  # g would overflow
        return Sides(math.inf, 0.5, False)
    a_sq = np.square(network.a.astype(np.float64)) * math.exp(2 * pull * span)
    z_end = _reach(data, network) + 1.5 * span * math.sqrt(float(a_sq.max())) * float(np.max(y * square))
    live = (z > 0) / network.p
    moved = 1.5 * square * (a_sq @ live) + pull * z_end / y * (np.sqrt(np.maximum(a_sq - A, 0.0)) @ live)
    left = float(np.max(np.abs(model.outputs(data, network)) / y + span * moved))
    return Sides(left, 0.5, left <= 0.5)


def extinction(data: Dataset, states: Sequence[Network]) -> Extinction:
    """Lemma 8's three claims along a trajectory: `states` from time 0 to t_n (`extinction_time`).

    Claims: correct pairs have not shrunk at t_n; wrong pairs are 0 at t_n; no r_i has moved by more than
    abs(y_i)/2 before. Hypotheses as in `extinction_time`. Source: Lemma 8. ValueError for fewer than two
    states.

    >>> data = pl.data.orthogonal(20, 10_000, seed=1)
    >>> even = pl.initial.balanced(20, 10_000, seed=2, data=data)
    >>> start = pl.Network(even.W, 1.5 * even.a, w_perp_sq=even.w_perp_sq)
    >>> save, t_n = pl.Save(count=9, states=True), theory.extinction_time(data, start)
    >>> sol = pl.simulate(data, start, t_n, method="flow", save=save)
    >>> found = theory.extinction(data, [sol.state(i) for i in range(9)])
    >>> found.alive, found.shrunk, found.moved < 0.5
    (0, 0, True)
    """
    given.dataset(data)
    if isinstance(states, str | bytes) or not isinstance(states, Sequence):
        raise TypeError(f"states: expected a sequence of pl.Network, got {checks.kind(states)}")
    if len(states) < 2:
        raise ValueError(f"states: expected at least two, from time 0 to t_n, got {len(states)}")
    for k, state in enumerate(states):
        given.problem(data, state, f"states[{k}]")
    before, after = live_pairs(data, states[0]), live_pairs(data, states[-1])
    z0, z1 = (_preactivations(data, state) for state in (states[0], states[-1]))
    slack = _ROUNDING * np.abs(z0)
    labels = np.abs(data.y.astype(np.float64))
    first = model.residual(data, states[0])
    moved = 0.0
    for state in states[1:]:
        change = np.abs(model.residual(data, state) - first)[labels > 0] / labels[labels > 0]
        moved = max(moved, float(np.max(change, initial=0.0)))
    return Extinction(
        correct=int(before.correct.sum()),
        shrunk=int(np.count_nonzero(before.correct & (z1 < z0 - slack))),
        wrong=int(before.wrong.sum()),
        alive=int(np.count_nonzero(before.wrong & after.wrong)),
        moved=moved,
    )


def _gap(data: Dataset, network: Network, gap: float | None) -> float:
    """A, checked: what `gap` says, or the largest."""
    _preactivations(data, network)
    if not np.all(data.y):
        raise ValueError("data: expected labels != 0, of which t_n holds the smallest in its denominator")
    largest = float(np.min(model.invariant(data, network)))
    A = largest if gap is None else checks.positive("gap", gap)
    if not 0 < A <= largest * (1 + 1e-9):  # that of a start made from A, to rounding
        raise ValueError(f"gap: expected A in (0, min_j a_j^2 - norm(w_j)^2 = {largest:.6g}], got {A:.6g}")
    return A


def _reach(data: Dataset, network: Network) -> float:
    """max_ji max(z_ji, 0)."""
    return float(np.max(np.maximum(_preactivations(data, network), 0.0)))
