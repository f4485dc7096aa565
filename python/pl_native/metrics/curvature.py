"""The matrix M of the flow, the bounds of Lemma 7 and of figure 6, averages (Lemma 2).

`where` and the leading axes `...`: see `pl_native.metrics.where`.
"""

from __future__ import annotations

import numpy as np

from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset
from pl_native.metrics.flow import Value, resolved, value
from pl_native.metrics.stack import States
from pl_native.metrics.where import Data, Where, states
from pl_native.model import off


def pl_matrix(data: Data, where: Where | States) -> Array:
    """M, (..., n, n); Lam_j = diag(1 on, lam sliding, 0 off), P_j = diag_i(1_ji):

        M = (1/p) sum_j [ P_j X w_j w_j^T X^T P_j + a_j^2 Lam_j X X^T Lam_j ]

    Where nothing slides, dR/dt = -(1/n) M R. Always mu = (2/n) (R^T M R)/(R^T R).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.pl_matrix(data, pl.Network([[1.0, 1.0]], [3.0]))
    array([[10.,  2.],
           [ 2., 40.]])
    """
    s = states(data, where)
    memory.require(32.0 * s.r.size * s.n, "M, (..., n, n),")
    outer = (np.swapaxes(s.share, -1, -2) * np.square(s.a)[..., None, :]) @ s.share
    matrix: Array = (np.swapaxes(s.live, -1, -2) @ s.live + outer * grams(s)) / s.p
    return matrix


def grams(s: States) -> Array:
    """X X^T of the data of each state, (..., n, n), broadcast."""
    if s.X is None:
        return np.square(s.norms)[..., None] * np.eye(s.n)
    found: Array = s.X @ np.swapaxes(s.X, -1, -2)
    return found


def local_pl_from_matrix(data: Data, where: Where | States) -> Value:
    """mu = (2/n) (R^T M R)/(R^T R), the same number as `local_pl`, (...); NaN where R is 0 or rounding.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.local_pl_from_matrix(data, pl.Network([[1.0, -1.0]], [3.0]))
    8.0
    """
    s = states(data, where)
    pulled = np.einsum("...i,...ik,...k->...", s.r, pl_matrix(data, s), s.r)
    size = np.einsum("...i,...i->...", s.r, s.r)
    with np.errstate(divide="ignore", invalid="ignore"):
        return value(np.where(resolved(s, size / (2 * s.n)), 2 / s.n * pulled / size, np.nan))


def pl_low(data: Data, where: Where | States) -> Value:
    """mu_low = (2/n) min_i (1/p) sum_j a_j^2 1_ji (figure 6), (...).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.pl_low(data, pl.Network([[1.0, 1.0]], [3.0]))
    9.0
    """
    s = states(data, where)
    return value(2 / s.n * np.min(_outer_weight(s), axis=-1))


def pl_upp(data: Data, where: Where | States) -> Value:
    """mu_upp = (16/n) max_i (1/p) sum_j a_j^2 1_ji (figure 6), (...).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.pl_upp(data, pl.Network([[1.0, 1.0]], [3.0]))
    72.0
    """
    s = states(data, where)
    return value(16 / s.n * np.max(_outer_weight(s), axis=-1))


def pl_lower_bound(data: Data, where: Where | States) -> Value:
    """mu >= (2/n) ((Cx-)^2 - off) min_i (1/p) sum_j a_j^2 1_ji (Lemma 7), (...).

    Claim: so at every state, sliding pairs included (they do not count in the sum). Hypotheses: off <
    (Cx-)^2; where it is not the bound is 0, which says nothing. Source: Lemma 7.

    >>> data = pl.Dataset([[1.0, 0.0], [0.5, 2.0]], [1.0, 1.0])
    >>> round(metrics.pl_lower_bound(data, pl.Network([[1.0, 1.0]], [3.0])), 6)
    4.5
    """
    s = states(data, where)
    gap = _of_data(data, s, lambda one: max(0.0, float(np.min(one.norms)) ** 2 - off(one)))
    return value(2 / s.n * gap * np.min(_outer_weight(s), axis=-1))


def pl_upper_bound(data: Data, where: Where | States) -> Value:
    """mu <= (2/n) ((Cx+)^2 + off) max_i (1/p) sum_j (a_j^2 + norm(w_j)^2) 1_ji (Lemma 7), (...).

    Claim: so at every state, sliding pairs included. Hypotheses: none. Source: Lemma 7, corrected: printed
    without `+ off`, which duplicated inputs refute (`theory.pl_upper_bound_printed`).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.pl_upper_bound(data, pl.Network([[1.0, 1.0]], [3.0]))
    44.0
    """
    s = states(data, where)
    most = _of_data(data, s, lambda one: float(np.max(one.norms)) ** 2 + off(one))
    weight = np.square(s.a) + s.norms_sq
    return value(2 / s.n * most * np.max(per_point(weight, s), axis=-1) / s.p)


def average_pl(t: Array, loss: Array) -> Array:
    """avg_mu(t) = log(L(0)/L(t)) / t at each time after the first (Lemma 2), NaN at the first: (m,).

    Claim: it is (1/t) int_0^t mu, so L(t) = L(0) exp(-t avg_mu(t)). Hypotheses: none, for the flow, sliding
    included. Source: Lemma 2. t, loss (m,); infinite where the loss is 0.

    >>> metrics.average_pl(np.array([0.0, 1.0, 2.0]), np.exp([0.0, -3.0, -4.0]))
    array([nan,  3.,  2.])
    """
    times, losses = checks.curves(t=t, loss=loss)
    with np.errstate(divide="ignore", invalid="ignore"):
        average: Array = (np.log(losses[0]) - np.log(losses)) / (times - times[0])
    return average


def per_point(weight: Array, s: States) -> Array:
    """sum_j weight_j 1_ji, (..., n)."""
    found: Array = weight @ s.on if weight.ndim == 1 else np.einsum("...j,...ji->...i", weight, s.on)
    return found


def _outer_weight(s: States) -> Array:
    """(1/p) sum_j a_j^2 1_ji, (..., n)."""
    return per_point(np.square(s.a), s) / s.p


def _of_data(data: Data, s: States, fact: Value) -> Value:
    """A number of one data set, or of each, with an axis for the saved times of its own."""
    if isinstance(data, Dataset):
        return fact(data)
    return np.array([fact(one) for one in data]).reshape(-1, *(1,) * (s.a.ndim - 2))
