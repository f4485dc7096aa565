"""Neurons and points: who is alive where, which event holds, norms, angles, alignment, effective rank.

`where` and the leading axes `...`: see `pl_native.metrics.where`.
"""

from __future__ import annotations

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native.metrics.flow import Value, value
from pl_native.metrics.stack import States
from pl_native.metrics.where import Data, Where, states


def live_neurons(data: Data, where: Where | States) -> Array:
    """Number of neurons on at each point, (..., n) int.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.live_neurons(data, pl.Network([[1.0, 1.0], [1.0, -1.0]], [1.0, 1.0]))
    array([2, 1])
    """
    found: Array = np.count_nonzero(states(data, where).on, axis=-2)
    return found


def correct_neurons(data: Data, where: Where | States) -> Array:
    """Number of neurons on at each point with a_j y_i > 0, (..., n) int. Labels must not be 0.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.correct_neurons(data, pl.Network([[1.0, 1.0], [1.0, -1.0]], [1.0, 1.0]))
    array([2, 0])
    """
    s = states(data, where)
    found: Array = np.count_nonzero(s.on & (agreement(s) > 0), axis=-2)
    return found


def wrong_pairs(data: Data, where: Where | States) -> Value:
    """Number of pairs on with a_j y_i < 0, (...). Labels must not be 0.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.wrong_pairs(data, pl.Network([[1.0, 1.0], [1.0, -1.0]], [1.0, 1.0]))
    1
    """
    s = states(data, where)
    return value(np.count_nonzero(s.on & (agreement(s) < 0), axis=(-2, -1)))


def well_initialised(data: Data, where: Where | States) -> Value:
    """Event I (Lemma 5), (...) bool: every point i has a neuron j with z_ji > 0 and a_j y_i > 0.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.well_initialised(data, pl.Network([[1.0, -1.0], [-1.0, 1.0]], [1.0, -1.0]))
    True
    """
    return value(np.all(correct_neurons(data, where) > 0, axis=-1))


def dead_points(data: Data, where: Where | States) -> Array:
    """Points without a live, correctly signed neuron, (..., n) bool.

    For orthogonal inputs and Assumption 1 they stay so, and L(t) >= sum over them of y_i^2/(2n) for ever;
    for correlated inputs another point may bring a neuron back.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.dead_points(data, pl.Network([[1.0, -1.0], [-1.0, 1.0]], [1.0, 1.0]))
    array([False,  True])
    """
    found: Array = correct_neurons(data, where) == 0
    return found


def largest_correct(data: Data, where: Where | States) -> Array:
    """max over {j: a_j y_i > 0} of z_ji, (..., n); -inf where no neuron has the sign. Theorem 1 keeps it > 0.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.largest_correct(data, pl.Network([[2.0, -1.0], [1.0, 3.0]], [1.0, -1.0]))
    array([2., 3.])
    """
    s = states(data, where)
    found: Array = np.max(np.where(agreement(s) > 0, s.z, -np.inf), axis=-2)
    return found


def agreement(s: States) -> Array:
    """Sign of a_j y_i, (..., p, n). Raises ValueError where a label is 0: nothing is right or wrong there."""
    if not np.all(s.y):
        raise ValueError("data: expected labels != 0, since signs of labels decide here, got a label 0")
    found: Array = np.sign(s.a)[..., None] * np.sign(s.y)[..., None, :]
    return found


def neuron_norms(data: Data, where: Where | States) -> Array:
    """norm(w_j) with the part not represented, (..., p).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.neuron_norms(data, pl.Network([[3.0, 4.0]], [1.0], w_perp_sq=[144.0]))
    array([13.])
    """
    found: Array = np.sqrt(states(data, where).norms_sq)
    return found


def angles(data: Data, where: Where | States) -> Array:
    """Angles between neurons in radians, (..., p, p), of their parts in the coordinates represented.

    From chords (2 asin of half the distance of the unit vectors), so that small angles keep their digits;
    NaN for a neuron at 0.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.angles(data, pl.Network([[1.0, 0.0], [0.0, 2.0]], [1.0, 1.0])).round(4)
    array([[0.    , 1.5708],
           [1.5708, 0.    ]])
    """
    s = states(data, where)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = s.W / np.linalg.norm(s.W, axis=-1, keepdims=True)
    apart = np.linalg.norm(unit[..., :, None, :] - unit[..., None, :, :], axis=-1)
    together = np.linalg.norm(unit[..., :, None, :] + unit[..., None, :, :], axis=-1)
    found: Array = 2 * np.arctan2(apart, together)
    return found


def alignment(data: Data, where: Where | States, direction: object) -> Array:
    """Cosine between each neuron and a direction of the coordinates represented, (..., p).

    `direction` (d,) need not be of norm 1. The norm of a neuron is its whole norm; NaN for a neuron at 0.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.alignment(data, pl.Network([[3.0, 4.0]], [1.0]), [2.0, 0.0])
    array([0.6])
    """
    s = states(data, where)
    along = checks.owned("direction", direction, "d", np.dtype(np.float64))
    checks.length("direction", along, s.W.shape[-1], f"W has {s.W.shape[-1]} columns")
    size = float(np.linalg.norm(along))
    if size == 0:
        raise ValueError("direction: expected a vector of norm > 0, got zeros")
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = s.W @ (along / size) / np.sqrt(s.norms_sq)
    return found


def effective_rank(data: Data, where: Where | States) -> Value:
    """Effective rank of W in the coordinates represented, (...): exp of the entropy of its singular values.

        q_k = s_k / sum s,     rank = exp(-sum_k q_k log q_k)      (Roy and Vetterli 2007)

    Between 1 and min(p, d); equal to the rank where all singular values that are not 0 are equal. NaN for
    W = 0.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> round(metrics.effective_rank(data, pl.Network([[3.0, 0.0], [0.0, 3.0]], [1.0, 1.0])), 6)
    2.0
    """
    values = np.linalg.svd(states(data, where).W, compute_uv=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        q = values / values.sum(axis=-1, keepdims=True)
        entropy = -np.sum(np.where(q == 0, 0.0, q * np.log(q)), axis=-1)
    return value(np.exp(entropy))
