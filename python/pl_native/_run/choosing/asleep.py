"""Whether a run starts small, or has small neurons that may still grow: what capture tells of its error may
then be too small.
"""

from __future__ import annotations

import math

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native.backends.contract import StateTask

_SMALL = 0.03  # of the size that neurons tend to
_NUMBERS = 1 << 20  # held at a time
_FASTER = 2.0  # than the fastest now: patterns are met in which neurons grow faster than in any of the start


def is_small(data: Dataset, network: Network) -> bool:
    """Whether no output at the start can reach a thousandth of the largest label.

    Outputs are at most max_i norm(x_i) (1/p) sum_j abs(a_j) norm(w_j).
    """
    largest, label = data.cached("largest", lambda: (np.max(data.norms), np.max(np.abs(data.y))))
    neurons, total = max(_NUMBERS // network.d, 1), 0.0
    with np.errstate(over="ignore"):
        for k in range(0, network.p, neurons):
            W, rest = network.W[k : k + neurons], network.w_perp_sq[k : k + neurons]
            norms = np.sqrt(np.einsum("jk,jk->j", W, W, dtype=np.float64) + rest)
            total += np.add.reduce(np.abs(network.a[k : k + neurons].astype(np.float64)) * norms)
            if not largest * (total / network.p) < 1e-3 * label:
                return False  # whatever the others are
    return True


def asleep(task: StateTask, W: Array, a: Array, left: float) -> bool:
    """Whether a neuron of (W, a) with rho_j = norm(w_j, a_j) far below the size that the labels ask for,

        sqrt(max abs(y_i) / max norm(x_i)),

    may reach it in the time `left`, were it to grow as fast as any could that has turned along its gradient:

        d log rho_j / dt = 2 a_j <w_j, g_j> / rho_j^2 <= norm(g_j),   g_j = (1/n) sum_i r_i 1_ji x_i .

    Sums are NumPy's own, not those of a BLAS, so that the answer is the same everywhere.
    """
    with np.errstate(all="ignore"):  # numbers beyond range end the run, not this
        rho = np.sqrt(a**2 + np.einsum("jk,jk->j", W, W) + task.w_perp_sq)
        size = math.sqrt(float(np.abs(task.y).max()) / _largest_norm(task))
        if not np.fmin.reduce(rho) < _SMALL * size:
            return False
        small = (rho > 0) & (rho < _SMALL * size)
        if not small.any():
            return False
        fastest = math.sqrt(float(_gradients_sq(task, W, a).max()))
        return _FASTER * fastest * left > math.log(size / float(rho[small].max()))


def _largest_norm(task: StateTask) -> float:
    if task.X is None:
        return float(_norms(task).max())
    return math.sqrt(float(np.einsum("ik,ik->i", task.X, task.X).max()))


def _norms(task: StateTask) -> Array:
    """Of orthogonal inputs."""
    assert task.norms is not None
    return task.norms


def _gradients_sq(task: StateTask, W: Array, a: Array) -> Array:
    """norm(g_j)^2 (p,), some points at a time: n p numbers may be more than there is room for."""
    n, p = len(task.y), len(a)
    g = np.zeros_like(W) if task.X is not None else np.zeros(p)
    block = max(_NUMBERS // p, 1)
    for part in (slice(first, first + block) for first in range(0, n, block)):
        x = task.X[part] if task.X is not None else _norms(task)[part, None]
        z = x * W[:, part].T if task.X is None else np.einsum("ik,jk->ij", x, W)
        r = task.y[part] - np.einsum("ij,j->i", np.maximum(z, 0), a) / p
        pull = (z > 0) * r[:, None] / n
        if task.X is None:
            g += np.einsum("ij,ij->j", pull * x, pull * x)
        else:
            g += np.einsum("ij,ik->jk", pull, x)
    return g if task.X is None else np.einsum("jk,jk->j", g, g)
