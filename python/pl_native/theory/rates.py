"""Bounds of the local PL curvature along a trajectory: Lemma 7 as printed, Theorem 1, after the criterion.

Lemma 7 itself, corrected, is `metrics.pl_lower_bound` and `metrics.pl_upper_bound`; Lemma 2 is
`metrics.average_pl`. `where` and the leading axes `...`: see `pl_native.metrics`.
"""

from __future__ import annotations

import numpy as np

from pl_native import metrics, model
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given
from pl_native.metrics.flow import Value, value
from pl_native.metrics.stack import States
from pl_native.metrics.where import Where


def pl_upper_bound_printed(data: Dataset, where: Where | States) -> Value:
    """(2/n) (Cx+)^2 max_i (1/p) sum_j (a_j^2 + norm(w_j)^2) 1_ji, (...): Lemma 7's upper bound as printed.

    It is wrong for correlated inputs: ten equal inputs have mu = 1.22 where it says 0.24. The bound that
    holds, `metrics.pl_upper_bound`, has (Cx+)^2 + off in the place of (Cx+)^2. Source: Lemma 7.

    >>> data = pl.Dataset(np.ones((10, 1)), np.ones(10))
    >>> network = pl.Network([[1.0]], [1.5])
    >>> metrics.local_pl(data, network) > theory.pl_upper_bound_printed(data, network)
    True
    """
    square = float(np.max(given.dataset(data).norms)) ** 2
    return value(np.asarray(metrics.pl_upper_bound(data, where)) * square / (square + model.off(data)))


def theorem_1_constant(data: Dataset) -> float:
    """C = (6/5) (Cx-)^2 Cy-/Cx+ of Theorem 1.

    >>> round(theory.theorem_1_constant(pl.Dataset.orthogonal([1.0, 2.0], [3.0, -5.0])), 6)
    1.8
    """
    labels = np.abs(given.labelled(data).y.astype(np.float64))
    return 1.2 * float(np.min(data.norms)) ** 2 * float(labels.min()) / float(np.max(data.norms))


def theorem_1_lower_bound(data: Dataset, where: Where | States) -> Value:
    """(C/n) min_i abs(1 - r_i/y_i), (...), C = (6/5) (Cx-)^2 Cy-/Cx+: Theorem 1's lower bound on mu(t).

    Claim: mu(t) >= this for all t >= 0; L -> 0; avg_mu(inf) >= C/n. Hypotheses, at the start: Assumptions 1
    and 2, event I and L(0) <= 2 (Cy+)^2 (`theorem_1_hypotheses`); for the bound at one state, Assumption 1
    there and off <= (2/5) (Cx-)^2 are enough, which Assumption 2 gives for n >= 2. Source: Theorem 1.

    >>> data = pl.Dataset.orthogonal([1.0, 2.0], [3.0, -5.0])
    >>> network = pl.Network([[1.0, -1.0], [-1.0, 1.0]], [2.0, -2.0])
    >>> round(theory.theorem_1_lower_bound(data, network), 4), round(metrics.local_pl(data, network), 4)
    (0.3, 7.6923)
    """
    given.labelled(data)
    r = np.asarray(metrics.residual(data, where))
    rest = np.min(np.abs(1 - r / data.y.astype(np.float64)), axis=-1)
    return value(theorem_1_constant(data) / data.n * rest)


def preactivation_floor(data: Dataset, start: Network, t: object) -> Array:
    """A floor of max over {j: a_j y_i > 0} of z_ji at the times t (m,), (m, n): it never goes below

        min( its value at 0,  (abs(y_i) - off norm(R(0))/norm(x_i)^2) / A_i(t) ),
        A_i(t) = sqrt( (p_i/p) ( (1/p) sum_j a_j(0)^2 + norm(y)^2 t/(2n) ) ),

    p_i the number of j with a_j y_i > 0.

    Claim: Theorem 1's fourth, its largest correctly signed pre-activation of every point stays > 0, with an
    explicit value. Hypotheses: those of Theorem 1. Source: Theorem 1, (36) of the paper; the constants are
    derived here. Attained: at t = 0, and in its second part by starts with L(0) -> 0.

    *Proof.* Let s_i be the sign of y_i. By Cauchy-Schwarz a neuron on at i with a_j y_i > 0 has z_ji' >=
    (abs(a_j)/n) (s_i r_i norm(x_i)^2 - off norm(R)), so the largest z can fall only where s_i r_i <=
    off norm(R)/norm(x_i)^2, that is where s_i h(x_i) >= abs(y_i) - off norm(R(0))/norm(x_i)^2 (> 0 under
    Assumption 2 and the bound on L(0), as norm(R) never rises). There s_i h(x_i) <= (1/p) sum over
    {a_j y_i > 0} of abs(a_j) max z, and d/dt (1/p) sum_j a_j^2 = (2/n) sum_i r_i h(x_i) <= norm(y)^2/(2n).

    >>> data = pl.Dataset.orthogonal([1.0, 2.0], [3.0, -5.0])
    >>> start = pl.Network([[1.0, -1.0], [-1.0, 1.0]], [2.0, -2.0])
    >>> theory.preactivation_floor(data, start, [0.0, 10.0]).round(4)
    array([[1.    , 2.    ],
           [0.4497, 0.7495]])
    """
    given.problem(given.labelled(data), start, "start")
    times = checks.owned("t", np.atleast_1d(checks.measured("t", t)), "m", np.dtype(np.float64))
    if times.min() < 0:
        raise ValueError(f"t: expected times >= 0, got {times.min()}")
    y, a = data.y.astype(np.float64), start.a.astype(np.float64)
    r = np.asarray(metrics.residual(data, start))
    pull = np.abs(y) - model.off(data) * float(np.linalg.norm(r)) / np.square(data.norms)
    right = np.count_nonzero(np.sign(a)[:, None] * np.sign(y) > 0, axis=0)
    square = float(a @ a) / start.p + float(y @ y) / (2 * data.n) * times
    with np.errstate(divide="ignore"):
        later = np.maximum(pull, 0.0) / np.sqrt(right / start.p * square[:, None])
    floor: Array = np.minimum(np.asarray(metrics.largest_correct(data, start)), later)
    return floor


def rate_after_criterion(data: Dataset, where: Where | States) -> Value:
    """(2/n) ((Cx-)^2 - off) (Cy-/Cx+) (1 - sqrt(2 n L)/Cy-), (...): bounds mu once sum r^2 < (Cy-)^2.

    Claim: mu(t) >= this from then on, so L -> 0: this rate is what the status CONVERGED certifies.
    Hypotheses: Assumption 1 at that state, off < (Cx-)^2 and sum_i r_i^2 < (Cy-)^2; 0 where one of the last
    two fails. Source: section 3, "after the criterion".

    *Proof.* mu >= (2/n)((Cx-)^2 - off) min_i (1/p) sum_j a_j^2 1_ji (Lemma 7), and by Assumption 1
    norm(x_i) (1/p) sum_j a_j^2 1_ji >= abs(h(x_i)) >= abs(y_i) - abs(r_i).

    >>> data = pl.Dataset.orthogonal([1.0, 2.0], [3.0, -5.0])
    >>> network = pl.Network([[2.0, -1.0], [-1.0, 2.0]], [2.5, -2.5])
    >>> round(theory.rate_after_criterion(data, network), 4), round(metrics.local_pl(data, network), 4)
    (1.25, 5.125)
    """
    smallest = float(np.min(np.abs(given.labelled(data).y.astype(np.float64))))
    gap = max(0.0, float(np.min(data.norms)) ** 2 - model.off(data))
    left = 1 - np.sqrt(2 * data.n * np.asarray(metrics.loss(data, where))) / smallest
    scale = 2 / data.n * gap * smallest / float(np.max(data.norms))
    return value(scale * np.maximum(left, 0.0))
