"""The same Euler steps in JAX: jit, vmap over the replicates, the loop inside."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from pl_native.bench.problems import Array, Arrays

jax.config.update("jax_enable_x64", True)  # all dtypes are given by the arrays

Run = Callable[[int], tuple[Array, Array]]
State = tuple[jax.Array, jax.Array]
Step = Callable[[tuple[jax.Array, ...], State, float], State]


def _einsum(fixed: tuple[jax.Array, ...], state: State, eta: float) -> State:
    (X, y), (W, a) = fixed[:2], state
    z = jax.nn.relu(jnp.einsum("nd,pd->np", X, W))
    r = y - jnp.einsum("np,p->n", z, a) / len(a)
    W_dot = jnp.einsum("np,n,nd->pd", (z > 0).astype(z.dtype), r, X) * a[:, None]
    return W + eta * W_dot, a + eta * jnp.einsum("np,n->p", z, r)


def _by_points(fixed: tuple[jax.Array, ...], state: State, eta: float) -> State:
    (X, y), (W, a) = fixed[:2], state
    z = jax.nn.relu(X @ W.T)
    r = y - z @ a / len(a)
    G = jnp.where(z > 0, r[:, None], 0).T @ X
    return W + eta * a[:, None] * G, a + eta * jnp.sum(W * G, axis=1)


def _by_neurons(fixed: tuple[jax.Array, ...], state: State, eta: float) -> State:
    (X, y, columns), (W, a) = fixed, state
    z = jax.nn.relu(W @ columns)
    r = y - a @ z / len(a)
    G = jnp.where(z > 0, r, 0) @ X
    return W + eta * a[:, None] * G, a + eta * jnp.sum(W * G, axis=1)


def _autodiff(fixed: tuple[jax.Array, ...], state: State, eta: float) -> State:
    X, y = fixed[:2]

    def loss(state: State) -> Any:
        W, a = state
        return jnp.sum((y - jax.nn.relu(X @ W.T) @ a / len(a)) ** 2) / 2

    slopes = jax.grad(loss)(state)
    p = len(state[1])
    return state[0] - eta * p * slopes[0], state[1] - eta * p * slopes[1]


def _make(step: Step, made: Arrays, unroll: int = 1) -> Run:
    X, y = jnp.asarray(made.X), jnp.asarray(made.y)
    fixed = (X, y, jnp.asarray(np.ascontiguousarray(made.X.transpose(0, 2, 1))))
    return _looped(step, fixed, (jnp.asarray(made.W), jnp.asarray(made.a)), made.step / X.shape[1], unroll)


def _looped(step: Step, fixed: tuple[jax.Array, ...], start: State, eta: float, unroll: int) -> Run:
    @functools.partial(jax.jit, static_argnums=2)
    def loop(fixed: tuple[jax.Array, ...], state: State, steps: int) -> State:
        each = jax.vmap(lambda data, now: step(data, now, eta))
        return lax.fori_loop(0, steps, lambda _, now: each(fixed, now), state, unroll=unroll)

    def _go(steps: int) -> tuple[Array, Array]:
        W, a = jax.block_until_ready(loop(fixed, start, steps))
        return np.asarray(W), np.asarray(a)

    return _go


def _pairs(fixed: tuple[jax.Array, ...], state: State, eta: float) -> State:
    """Orthogonal data, z (p, n) the state: each pair moves by itself."""
    (sq, y), (z, a) = fixed, state
    live = jax.nn.relu(z)
    r = y - a @ live / len(a)
    return z + jnp.where(z > 0, (eta * sq * r) * a[:, None], 0), a + eta * (live @ r)


def _pairs_by_points(fixed: tuple[jax.Array, ...], state: State, eta: float) -> State:
    (sq, y), (z, a) = fixed, state  # z (n, p)
    live = jax.nn.relu(z)
    r = y - live @ a / len(a)
    return z + jnp.where(z > 0, (eta * sq * r)[:, None] * a, 0), a + eta * (r @ live)


def _pairs_fused(fixed: tuple[jax.Array, ...], state: State, eta: float) -> State:
    """Sums instead of matrix-vector products, so that XLA may fuse them with the elementwise part."""
    (sq, y), (z, a) = fixed, state
    live = jax.nn.relu(z)
    r = y - jnp.sum(live * a[:, None], axis=0) / len(a)
    move = jnp.where(z > 0, (eta * sq * r) * a[:, None], 0)
    return z + move, a + eta * jnp.sum(live * r, axis=1)


def _orthogonal(step: Step, made: Arrays, by_points: bool = False, unroll: int = 1) -> Run:
    if made.norms is None:
        raise ValueError("elementwise: expected orthogonal data")
    n, norms = made.y.shape[1], made.norms[:, None, :]
    z = made.W[:, :, :n] * norms
    start = (jnp.asarray(z.transpose(0, 2, 1) if by_points else z), jnp.asarray(made.a))
    fixed = (jnp.asarray(made.norms**2), jnp.asarray(made.y))
    run = _looped(step, fixed, start, made.step / n, unroll)

    def _lifted(steps: int) -> tuple[Array, Array]:
        z, a = run(steps)
        W = made.W.copy()
        W[:, :, :n] = (z.transpose(0, 2, 1) if by_points else z) / norms
        return W, a

    return _lifted


VARIANTS = {
    "einsum": functools.partial(_make, _einsum),
    "by points": functools.partial(_make, _by_points),
    "by neurons": functools.partial(_make, _by_neurons),
    "by neurons, unrolled": functools.partial(_make, _by_neurons, unroll=4),
    "autodiff": functools.partial(_make, _autodiff),
    "elementwise": functools.partial(_orthogonal, _pairs),
    "elementwise by points": functools.partial(_orthogonal, _pairs_by_points, by_points=True),
    "elementwise, sums": functools.partial(_orthogonal, _pairs_fused),
    "elementwise, unrolled": functools.partial(_orthogonal, _pairs, unroll=8),
}
