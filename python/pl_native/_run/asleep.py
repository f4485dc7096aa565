"""Whether a run has small neurons that may still grow: capture, whose steps see the loss only, would miss
them.
"""

from __future__ import annotations

import math

import numpy as np

from pl_native._base.checks import Array
from pl_native.backends.contract import StateTask

_SMALL = 0.1  # of the size that neurons tend to
_FASTER = 2.0  # than the fastest now: patterns are met in which neurons grow faster than in any of the start


def asleep(task: StateTask, W: Array, a: Array, left: float) -> bool:
    """Whether a neuron of (W, a) with rho_j = norm(w_j, a_j) far below the size of the others, or of the
    labels, may reach it in the time `left`, were it to grow as fast as any could that has turned along its
    gradient:

        d log rho_j / dt = 2 a_j <w_j, g_j> / rho_j^2 <= norm(g_j),   g_j = (1/n) sum_i r_i 1_ji x_i .

    Sums are NumPy's own, not those of a BLAS, so that the answer is the same everywhere.
    """
    rho = np.sqrt(a**2 + np.einsum("jk,jk->j", W, W) + task.w_perp_sq)
    norms = task.norms if task.X is None else np.sqrt(np.einsum("ik,ik->i", task.X, task.X))
    assert norms is not None
    size = max(float(rho.max()), math.sqrt(float(np.abs(task.y).max()) / float(norms.max())))
    small = (rho > 0) & (rho < _SMALL * size)
    if not small.any():
        return False
    z = norms[:, None] * W.T if task.X is None else np.einsum("ik,jk->ij", task.X, W)
    r = task.y - np.einsum("ij,j->i", np.maximum(z, 0), a) / len(a)
    pull = (z > 0) * r[:, None] / len(r)
    g = (pull * norms[:, None]).T if task.X is None else np.einsum("ij,ik->jk", pull, task.X)
    fastest = math.sqrt(float(np.einsum("jk,jk->j", g, g).max()))
    return _FASTER * fastest * left > math.log(size / float(rho[small].max()))
