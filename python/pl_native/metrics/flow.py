"""The model and its flow at one state or many: outputs, residual, loss, velocity, local PL, invariant.

`where` and the leading axes `...` of what is returned: see `pl_native.metrics.where`. What depends on the
pattern takes it from the run (`modes`). For one state without kinks these are the functions of
`pl_native.model`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from pl_native import model
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given
from pl_native._problem.kinks import SLIDE
from pl_native.metrics.stack import States
from pl_native.metrics.where import Data, Where, states

Value: TypeAlias = Any
"""A float for one state, an array of the leading axes for many."""


class Modes(NamedTuple):
    """mode (..., p, n) int8: 0 off, 1 on, 2 sliding; share (..., p, n): 0, 1 and lam where it slides."""

    mode: Array
    share: Array


def value(array: Array) -> Value:
    """A float or int where there is no axis."""
    return array.item() if np.ndim(array) == 0 else array


def _fitting(data: Data, network: Network) -> Dataset:
    """What does not depend on the pattern of one state is had without it: an event that asks for the loss
    cost 5 ms at (8, 2, 100) where neurons slide, and costs 0.05."""
    found = given.dataset(data)
    found.check_fits(network, "where")
    return found


def modes(data: Data, where: Where | States) -> Modes:
    """On, sliding (with its share lam) or off, for every pair (j, i): the pattern of the run.

    What `Network.kinks` knows, which a run of the flow or capture fills for its end and its saved states;
    else the sign of z_ji, or where z_ji is 0 to rounding the selection rule (`model.modes`).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.modes(data, pl.Network([[1.0, -1.0]], [1.0])).mode
    array([[1, 0]], dtype=int8)
    """
    s = states(data, where)
    return Modes(s.mode, s.share)


def active(data: Data, where: Where | States) -> Array:
    """1_ji: whether a pair is on, (..., p, n) bool; sliding pairs are not.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0])
    >>> metrics.active(data, pl.Network([[1.0, -1.0]], [1.0]))
    array([[ True, False]])
    """
    return states(data, where).on


def preactivations(data: Data, where: Where | States) -> Array:
    """z_ji = <w_j, x_i>, (..., p, n).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.preactivations(data, pl.Network([[1.0, -1.0]], [1.0]))
    array([[ 1., -2.]])
    """
    return states(data, where).z


def outputs(data: Data, where: Where | States) -> Array:
    """h(x_i) = (1/p) sum_j a_j max(z_ji, 0), (..., n): the predictions.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.outputs(data, pl.Network([[1.0, -1.0]], [3.0]))
    array([3., 0.])
    """
    if isinstance(where, Network):
        return model.outputs(_fitting(data, where), where)
    s = states(data, where)
    found: Array = s.y - s.r
    return found


def residual(data: Data, where: Where | States) -> Array:
    """r_i = y_i - h(x_i), (..., n).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.residual(data, pl.Network([[1.0, -1.0]], [3.0]))
    array([-2., -1.])
    """
    if isinstance(where, Network):
        return model.residual(_fitting(data, where), where)
    return states(data, where).r


def loss(data: Data, where: Where | States) -> Value:
    """L = (1/2n) sum_i r_i^2, (...).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.loss(data, pl.Network([[1.0, -1.0]], [3.0]))
    1.25
    """
    if isinstance(where, Network):
        return model.loss(_fitting(data, where), where)
    s = states(data, where)
    return value(np.einsum("...i,...i->...", s.r, s.r) / (2 * s.n))


def velocity(data: Data, where: Where | States) -> tuple[Array, Array]:
    """(dW/dt, da/dt), shapes (..., p, d) and (..., p): the velocity taken, sliding included.

        dw_j/dt = (a_j/n) sum_i r_i lam_ji x_i      da_j/dt = (1/n) sum_i r_i max(z_ji, 0)

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.velocity(data, pl.Network([[1.0, -1.0]], [3.0]))
    (array([[-3.,  0.]]), array([-1.]))
    """
    s = states(data, where)
    pull = s.a[..., None] * s.r[..., None, :] * s.share / s.n
    return s.along_inputs(pull), np.einsum("...ji,...i->...j", s.live, s.r) / s.n


def velocity_sq(data: Data, where: Where | States) -> Value:
    """sum_j norm(dw_j/dt)^2 + (da_j/dt)^2, (...).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.velocity_sq(data, pl.Network([[1.0, -1.0]], [3.0]))
    10.0
    """
    dW, da = velocity(data, where)
    return value(np.einsum("...jk,...jk->...", dW, dW) + np.einsum("...j,...j->...", da, da))


def grad_norm(data: Data, where: Where | States) -> Value:
    """norm(velocity)/p, (...); where nothing slides this is norm(grad L).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> round(metrics.grad_norm(data, pl.Network([[1.0, -1.0]], [3.0])), 6)
    3.162278
    """
    s = states(data, where)
    return value(np.sqrt(np.asarray(velocity_sq(data, s))) / s.p)


def local_pl(data: Data, where: Where | States) -> Value:
    """Local PL curvature mu = -(dL/dt)/L = norm(velocity)^2/(p L), (...); NaN where L is 0 or rounding of the
    residuals, as in runs.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.local_pl(data, pl.Network([[1.0, -1.0]], [3.0]))
    8.0
    """
    s = states(data, where)
    speed, level = np.asarray(velocity_sq(data, s)), np.asarray(loss(data, s))
    with np.errstate(divide="ignore", invalid="ignore"):
        return value(np.where(resolved(s, level), speed / (s.p * level), np.nan))


def resolved(s: States, level: Array) -> Array:
    """Where the loss `level` is more than rounding of the residuals."""
    found: Array = (level > 0) & ~(level <= s.noise)
    return found


def n_active(data: Data, where: Where | States) -> Value:
    """Number of pairs that are on, (...).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.n_active(data, pl.Network([[1.0, -1.0]], [3.0]))
    1
    """
    return value(np.count_nonzero(states(data, where).on, axis=(-2, -1)))


def n_sliding(data: Data, where: Where | States) -> Value:
    """Number of pairs that slide along their kink, (...).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.n_sliding(data, pl.Network([[1.0, -1.0]], [3.0]))
    0
    """
    s = states(data, where)
    return value(np.count_nonzero(s.mode == SLIDE, axis=(-2, -1)))


def invariant(data: Data, where: Where | States) -> Array:
    """a_j^2 - norm(w_j)^2, (..., p): constant along the flow (Lemma 1). norm(w_j) is the whole norm.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.invariant(data, pl.Network([[1.0, -1.0]], [3.0]))
    array([7.])
    """
    s = states(data, where)
    found: Array = np.square(s.a) - s.norms_sq
    return found
