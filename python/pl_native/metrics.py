"""Curvature and what surrounds it: the matrix M of the flow, Lemma 7's bounds, averages (Lemma 2).

Functions of one state, (data, network), are float64. Those of `pl_native.model` (outputs, residual, loss,
velocity, local_pl, ...) are offered here too.
"""

from __future__ import annotations

import numpy as np

from pl_native._base import memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native._problem.kinks import ON
from pl_native.model import (
    active,
    grad_norm,
    gram,
    invariant,
    local_pl,
    loss,
    modes,
    n_active,
    off,
    outputs,
    preactivations,
    residual,
    velocity,
    velocity_sq,
)

__all__ = [
    "active",
    "average_pl",
    "grad_norm",
    "gram",
    "invariant",
    "local_pl",
    "local_pl_from_matrix",
    "loss",
    "modes",
    "n_active",
    "off",
    "outputs",
    "pl_low",
    "pl_lower_bound",
    "pl_matrix",
    "pl_upp",
    "pl_upper_bound",
    "preactivations",
    "residual",
    "velocity",
    "velocity_sq",
]


def pl_matrix(data: Dataset, network: Network) -> Array:
    """M, (n, n), with P_j = diag_i(1_ji) and Lam_j = diag(1 on, lam sliding, 0 off),

        M = (1/p) sum_j [ P_j X w_j w_j^T X^T P_j + a_j^2 Lam_j X X^T Lam_j ]

    Where nothing slides, dR/dt = -(1/n) M R.
    """
    memory.require(32.0 * data.n**2, "M, (n, n),")
    mode, share = modes(data, network)
    live = np.where(mode == ON, preactivations(data, network), 0.0)
    a = network.a.astype(np.float64, copy=False)
    matrix: Array = (live.T @ live + (share.T * np.square(a)) @ share * gram(data)) / network.p
    return matrix


def local_pl_from_matrix(data: Dataset, network: Network) -> float:
    """mu = (2/n) (R^T M R)/(R^T R), the same number as `local_pl`; NaN where R = 0."""
    r = residual(data, network)
    size = float(r @ r)
    return 2 / data.n * float(r @ pl_matrix(data, network) @ r) / size if size > 0 else float("nan")


def pl_low(data: Dataset, network: Network) -> float:
    """mu_low = (2/n) min_i (1/p) sum_j a_j^2 1_ji (figure 6)."""
    return 2 / data.n * float(np.min(_outer_weight(data, network)))


def pl_upp(data: Dataset, network: Network) -> float:
    """mu_upp = (16/n) max_i (1/p) sum_j a_j^2 1_ji (figure 6)."""
    return 16 / data.n * float(np.max(_outer_weight(data, network)))


def pl_lower_bound(data: Dataset, network: Network) -> float:
    """Lemma 7's lower bound,

        mu >= (2/n) ((Cx-)^2 - off) min_i (1/p) sum_j a_j^2 1_ji.

    Says nothing where off >= (Cx-)^2: then 0.
    """
    gap = max(0.0, float(np.min(data.norms)) ** 2 - off(data))
    return 2 / data.n * gap * float(np.min(_outer_weight(data, network)))


def pl_upper_bound(data: Dataset, network: Network) -> float:
    """Lemma 7's upper bound, corrected by `+ off`,

    mu <= (2/n) ((Cx+)^2 + off) max_i (1/p) sum_j (a_j^2 + norm(w_j)^2) 1_ji.
    """
    weight = np.square(network.a.astype(np.float64, copy=False)) + network.norms_sq
    largest = float(np.max(weight @ active(data, network))) / network.p
    return 2 / data.n * (float(np.max(data.norms)) ** 2 + off(data)) * largest


def average_pl(t: Array, loss: Array) -> Array:
    """avg_mu(t) = log(L(0)/L(t)) / t at each time after the first (Lemma 2); NaN at the first. Shapes (m,).

    Infinite where the loss is 0.
    """
    spent = np.asarray(t, np.float64) - t[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        average: Array = (np.log(loss[0]) - np.log(loss)) / spent
    return average


def _outer_weight(data: Dataset, network: Network) -> Array:
    """(1/p) sum_j a_j^2 1_ji, (n,)."""
    a = network.a.astype(np.float64, copy=False)
    weight: Array = np.square(a) @ active(data, network) / network.p
    return weight
