"""The model and its flow at one state: pure functions of (data, network), in float64, on NumPy.

Notation: z_ji = <w_j, x_i>, h(x_i) = (1/p) sum_j a_j max(z_ji, 0), r_i = y_i - h(x_i), L = (1/2n) sum_i
r_i^2. Nothing here knows about time. Orthogonal data never form X.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given
from pl_native._problem.kinks import ON
from pl_native.model.modes import Modes, modes_of
from pl_native.model.rounding import loss_noise


def preactivations(data: Dataset, network: Network) -> Array:
    """z_ji = <w_j, x_i>, (p, n)."""
    data.check_fits(network)
    memory.require(8.0 * network.p * data.n, "z, (p, n),")
    if data.orthogonal_norms is not None:
        return network.W[:, : data.n] * data.norms
    return _double(network.W) @ _double(data.X).T


def modes(data: Dataset, network: Network) -> Modes:
    """On, sliding (with its share lam) or off, for every pair (j, i): mode and share (p, n).

    What `network.kinks` knows of pairs at their kinks; else by the sign of z_ji, and where

        abs(z_ji) <= 32 eps norm(w_j) norm(x_i)

    (eps = 2^-52: z is 0 to rounding) by the selection rule, as a run of the flow from `network` would.
    """
    return modes_of(data, network, preactivations(data, network))


def active(data: Dataset, network: Network) -> Array:
    """1_ji: True where the pair is on (`modes`), (p, n) bool; sliding pairs are not."""
    found: Array = modes(data, network).mode == ON
    return found


def outputs(data: Dataset, network: Network) -> Array:
    """h(x_i) = (1/p) sum_j a_j max(z_ji, 0), (n,)."""
    return _double(network.a) @ np.maximum(preactivations(data, network), 0.0) / network.p


def residual(data: Dataset, network: Network) -> Array:
    """r_i = y_i - h(x_i), (n,)."""
    return _double(data.y) - outputs(data, network)


def loss(data: Dataset, network: Network) -> float:
    """L = (1/2n) sum_i r_i^2."""
    r = residual(data, network)
    return float(r @ r) / (2 * data.n)


def velocity(data: Dataset, network: Network) -> tuple[Array, Array]:
    """(dW/dt, da/dt), shapes (p, d) and (p,): the velocity taken, -p grad L where nothing slides.

        dw_j/dt = (a_j/n) sum_i r_i lam_ji x_i,  da_j/dt = (1/n) sum_i r_i max(z_ji, 0),

    lam_ji the share of `modes`: 1 on, 0 off.
    """
    z = preactivations(data, network)
    a, r = _double(network.a), residual(data, network)
    pull = a[:, None] * r * modes_of(data, network, z).share / data.n
    return _along_inputs(data, network, pull), np.maximum(z, 0.0) @ r / data.n


def velocity_sq(data: Dataset, network: Network) -> float:
    """sum_j norm(dw_j/dt)^2 + (da_j/dt)^2."""
    dW, da = velocity(data, network)
    return float(np.vdot(dW, dW) + da @ da)


def grad_norm(data: Dataset, network: Network) -> float:
    """norm(grad L) = norm(velocity) / p."""
    return float(np.sqrt(velocity_sq(data, network))) / network.p


def local_pl(data: Dataset, network: Network) -> float:
    """Local PL curvature mu = -(dL/dt)/L = norm(velocity)^2 / (p L); NaN where L is 0 or rounding."""
    level = loss(data, network)
    if not level > 0 or level <= float(loss_noise(data.norms, data.y, network.W, network.a)):
        return math.nan
    return velocity_sq(data, network) / (network.p * level)


def invariant(data: Dataset, network: Network) -> Array:
    """a_j^2 - norm(w_j)^2, (p,): constant along the flow (Lemma 1). norm(w_j) is the whole norm."""
    data.check_fits(network)
    return np.square(_double(network.a)) - network.norms_sq


def n_active(data: Dataset, network: Network) -> int:
    """Number of pairs that are on."""
    return int(np.count_nonzero(active(data, network)))


def off(data: Dataset) -> float:
    """Correlation of the inputs, opnorm(X X^T - D_X), D_X = diag(norm(x_i)^2). Computed once per data set.

    >>> metrics.off(pl.Dataset([[1.0, 0.0], [0.5, 2.0]], [1.0, 1.0]))
    0.5
    """
    given.dataset(data)
    return float(data.cached("off", lambda: _off(data)))


def weakly_correlated(data: Dataset) -> bool:
    """Whether off < (Cx-)^2 for certain, rounding of `off` and of the norms accounted for outward.

    Never so for n > d: X X^T is then singular, and a unit v with X^T v = 0 has

        v^T (X X^T - D_X) v <= -(Cx-)^2.
    """
    if data.is_orthogonal:
        return True
    return data.n <= data.represented and bool(
        data.cached("weakly correlated", lambda: _weakly_correlated(data))
    )


def _weakly_correlated(data: Dataset) -> bool:
    """`weakly_correlated` by bounds on `off` where they decide: eigenvalues cost 5 s at n = 1700.

    Of inputs of norms up to 1, a power of two away: products of others leave the range of numbers.
    """
    eps = float(np.finfo(np.float64).eps)
    scale = 2.0 ** -np.clip(math.frexp(float(np.max(data.norms)))[1], -1000, 1000)
    norms = scale * _double(data.norms)
    # Gram entries are off by at most eps norm norm per coordinate, eigenvalues by a few n eps opnorm
    slack = 4 * (data.n + data.represented) * eps * float(np.sum(np.square(norms)))
    least = float(np.min(norms)) ** 2 * (1 - (data.represented + 8) * eps)
    rest = _off_diagonal(scale * _double(data.X))
    vector = rest[np.argmax(np.einsum("ik,ik->i", rest, rest))]
    for _ in range(8):  # norm(rest v) <= off norm(v), growing with each power
        image = rest @ vector
        size, length = float(np.linalg.norm(image)), float(np.linalg.norm(vector))
        if size + slack * length >= least * length:
            return False
        if size == 0:
            break
        vector = image / size
    if float(np.linalg.norm(rest)) + slack < least:  # Frobenius >= off
        return True
    return bool(off(data) * scale * scale + slack < least)


def _off(data: Dataset) -> float:
    if data.is_orthogonal:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        rest = _off_diagonal(_double(data.X))
    if not np.isfinite(rest).all():
        return math.inf
    return float(np.max(np.abs(np.linalg.eigvalsh(rest))))


def gram(data: Dataset) -> Array:
    """X X^T, (n, n).

    >>> metrics.gram(pl.Dataset([[1.0, 0.0], [0.5, 2.0]], [1.0, 1.0])).tolist()
    [[1.0, 0.5], [0.5, 4.25]]
    """
    given.dataset(data)
    memory.require(16.0 * data.n**2, "X X^T, (n, n),")
    if data.orthogonal_norms is not None:
        return np.diag(np.square(data.norms))
    X = _double(data.X)
    return X @ X.T


def _off_diagonal(X: Array) -> Array:
    """X X^T - D_X, (n, n)."""
    memory.require(16.0 * len(X) ** 2, "X X^T, (n, n),")
    rest: Array = X @ X.T
    np.fill_diagonal(rest, 0.0)
    return rest


def _double(array: Array) -> Array:
    return array.astype(np.float64, copy=False)


def _along_inputs(data: Dataset, network: Network, weights: Array) -> Array:
    """sum_i weights[j, i] x_i, (p, d)."""
    if data.orthogonal_norms is None:
        return weights @ _double(data.X)
    moved = np.zeros(network.W.shape)
    moved[:, : data.n] = weights * data.norms
    return moved


OBSERVABLES: dict[str, Callable[[Dataset, Network], Any]] = {
    "preactivations": preactivations,
    "active": active,
    "outputs": outputs,
    "residual": residual,
    "loss": loss,
    "velocity_sq": velocity_sq,
    "grad_norm": grad_norm,
    "local_pl": local_pl,
    "invariant": invariant,
    "n_active": n_active,
}
"""What `Save(observe=...)` accepts by name: these, and what `offer` adds."""


def offer(functions: dict[str, Callable[[Dataset, Network], Any]]) -> None:
    """More functions of (data, network) by name: those of `metrics` and `theory`, imported later."""
    OBSERVABLES.update(functions)


def observable(name: str) -> Callable[[Dataset, Network], Any]:
    return OBSERVABLES[checks.choice("save.observe", name, tuple(OBSERVABLES))]
