"""What is measured of a state beside its pass over the data, in double precision: of no claim."""

from __future__ import annotations

import numpy as np

from pl_native._base.checks import Array
from pl_native.backends.contract import EulerTask
from pl_native.model import rounding


def invariants(W: Array, a: Array) -> Array:
    """a_j^2 - norm(w_j)^2 on the coordinates represented, (p,): constant along the flow (Lemma 1)."""
    W64, a64 = W.astype(np.float64, copy=False), a.astype(np.float64, copy=False)
    found: Array = np.square(a64) - np.einsum("jk,jk->j", W64, W64)
    return found


def loss_noise(X: Array, y: Array, W: Array, a: Array) -> float:
    """As `model.rounding.loss_noise`; `X` (n, d) or, of orthogonal inputs, their norms (n,)."""
    norms = X if X.ndim == 1 else np.linalg.norm(X.astype(np.float64, copy=False), axis=1)
    return float(rounding.loss_noise(norms, y, W, a))


def largest_rate(task: EulerTask, W: Array, a: Array, W_dot: Array, a_dot: Array) -> float:
    """How fast the fastest neuron grows or turns, one at 0 left out: the largest of

    max(d log rho_j/dt, 0) + norm(du_j/dt),     rho_j = norm(w_j, a_j),     u_j = (w_j, a_j)/rho_j.
    """
    unit = float(np.finfo(W.dtype).eps)
    W, W_dot, a, a_dot = (v.astype(np.float64, copy=False) for v in (W, W_dot, a, a_dot))
    rho_sq = np.einsum("jk,jk->j", W, W) + a**2 + task.w_perp_sq
    at = rho_sq > 0
    growth = (np.einsum("jk,jk->j", W, W_dot) + a * a_dot)[at] / rho_sq[at]
    speed_sq = (np.einsum("jk,jk->j", W_dot, W_dot) + a_dot**2)[at] / rho_sq[at]
    turning_sq = speed_sq - growth**2
    noise = max(64 * 2.0**-52, 256 * unit**2) * speed_sq
    rates = np.maximum(growth, 0) + np.sqrt(np.where(turning_sq > noise, turning_sq, 0))
    return float(rates.max(initial=0.0))
