"""What can be proved about the flow from a state, in double precision and rounded outward.

CONVERGED needs sum r_i^2 < min y_i^2, off < (Cx-)^2 (decided before the run: `EulerTask.certifiable`) and
abs(a_j) >= norm(w_j) for all j.
"""

from __future__ import annotations

import numpy as np

from pl_native._base.checks import Array
from pl_native.backends.contract import EulerTask

_UNIT = 2.0**-53


def criterion_level(task: EulerTask) -> float:
    """min_i y_i^2: the paper's criterion is sum r_i^2 below it."""
    return float(np.min(np.square(task.y.astype(np.float64))))


def proves_convergence(task: EulerTask, W: Array, a: Array) -> bool:
    """The three conditions at the state (W, a)."""
    if not task.certifiable:
        return False
    W64, a64 = W.astype(np.float64), a.astype(np.float64)
    norms_sq = np.einsum("jk,jk->j", W64, W64)
    outward = 1 + _gamma(W.shape[1] + 4)
    if np.any(np.square(a64) < (norms_sq + task.w_perp_sq) * outward):
        return False
    return _residual_sq_upper(task, W64, a64) < criterion_level(task) * (1 - 4 * _UNIT)


def loss_bound(task: EulerTask, dead: Array) -> float | None:
    """Orthogonal inputs, `dead` (n,) the points without a live neuron: for ever, rounded down,

        L >= sum of y_i^2 / (2n) over them.

    None: nothing is claimed.
    """
    if not task.orthogonal or not dead.any():
        return None
    n, lost = len(task.y), task.y[dead].astype(np.float64)
    bound = float(lost @ lost) / (2 * n) * (1 - (n + 4) * float(np.finfo(np.float64).eps))
    return bound if bound > 0 else None


def _residual_sq_upper(task: EulerTask, W: Array, a: Array) -> float:
    """sum_i r_i^2 with an upper bound on what rounding may have hidden.

    Each r_i is off by at most gamma(d + p + 4) (abs(y_i) + (1/p) sum_j abs(a_j) norm(w_j) norm(x_i)), by
    Cauchy-Schwarz, whatever the order of the sums; gamma(p + 8) for orthogonal inputs, where z_ji
    is one product.
    """
    X, y, p = task.X.astype(np.float64), task.y.astype(np.float64), len(a)
    if X.ndim == 2:
        z, norms, terms = X @ W.T, np.linalg.norm(X, axis=1), X.shape[1] + p + 4
    else:
        z, norms, terms = X[:, None] * W.T, X, p + 8
    r = y - np.maximum(z, 0.0) @ a / p
    size = np.abs(a) @ np.linalg.norm(W, axis=1) / p
    slack = _gamma(terms) * (np.abs(y) + size * norms)
    return float(np.sum(np.square(np.abs(r) + slack))) * (1 + _gamma(len(y) + 4))


def _gamma(terms: int) -> float:
    """Relative error of a sum of `terms` products (Higham's gamma), doubled to cover its own rounding."""
    return 2 * terms * _UNIT
