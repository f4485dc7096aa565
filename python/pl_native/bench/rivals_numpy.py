"""The same Euler steps in NumPy. Every function returns run(steps) -> (W, a), from the start each time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pl_native.bench.problems import Array, Arrays

Run = Callable[[int], tuple[Array, Array]]


def _one_by_one(made: Arrays, single: Callable[..., tuple[Array, Array]]) -> Run:
    def _go(steps: int) -> tuple[Array, Array]:
        ends = [single(*one, made.step, steps) for one in zip(made.X, made.y, made.W, made.a, strict=True)]
        return np.stack([W for W, _ in ends]), np.stack([a for _, a in ends])

    return _go


def _plain(X: Array, y: Array, W: Array, a: Array, step: float, steps: int) -> tuple[Array, Array]:
    n, p = len(y), len(a)
    W, a = W.copy(), a.copy()
    for _ in range(steps):
        z = X @ W.T
        z[z <= 0] = 0
        r = y - z @ a / p
        pull = np.where(z > 0, r[:, None], 0)
        W_dot, a_dot = (pull.T @ X) * a[:, None] / n, z.T @ r / n
        W += step * W_dot
        a += step * a_dot
    return W, a


def _by_points(X: Array, y: Array, W: Array, a: Array, step: float, steps: int) -> tuple[Array, Array]:
    """z as (n, p): preallocated, a float mask, and <w_j, g_j> for the outer weights."""
    n, p = len(y), len(a)
    W, a, eta = W.copy(), a.copy(), X.dtype.type(step / n)
    z, on, G, h = np.empty((n, p), X.dtype), np.empty((n, p), X.dtype), np.empty_like(W), np.empty_like(y)
    for _ in range(steps):
        np.matmul(X, W.T, out=z)
        np.greater(z, 0, out=on)
        np.maximum(z, 0, out=z)
        np.matmul(z, a, out=h)
        np.subtract(y, h / p, out=h)
        np.multiply(on, h[:, None], out=on)
        np.matmul(on.T, X, out=G)
        a_dot = np.einsum("jk,jk->j", W, G)
        G *= (eta * a)[:, None]
        W += G
        a += eta * a_dot
    return W, a


def _by_neurons(X: Array, y: Array, W: Array, a: Array, step: float, steps: int) -> tuple[Array, Array]:
    """z as (p, n): long rows for the elementwise part, X stored both ways."""
    n, p = len(y), len(a)
    W, a, eta = W.copy(), a.copy(), X.dtype.type(step / n)
    columns = np.ascontiguousarray(X.T)
    z, on, G, h = np.empty((p, n), X.dtype), np.empty((p, n), X.dtype), np.empty_like(W), np.empty_like(y)
    for _ in range(steps):
        np.matmul(W, columns, out=z)
        np.greater(z, 0, out=on)
        np.maximum(z, 0, out=z)
        np.matmul(a, z, out=h)
        np.subtract(y, h / p, out=h)
        np.multiply(on, h, out=on)
        np.matmul(on, X, out=G)
        a_dot = np.einsum("jk,jk->j", W, G)
        G *= (eta * a)[:, None]
        W += G
        a += eta * a_dot
    return W, a


def plain(made: Arrays) -> Run:
    return _one_by_one(made, _plain)


def by_points(made: Arrays) -> Run:
    return _one_by_one(made, _by_points)


def by_neurons(made: Arrays) -> Run:
    return _one_by_one(made, _by_neurons)


def batched(made: Arrays) -> Run:
    """All replicates in one 3-D matmul, z as (r, p, n)."""
    X, y, step = made.X, made.y[:, None, :], made.step
    n, p = X.shape[1], made.W.shape[1]
    columns = np.ascontiguousarray(X.transpose(0, 2, 1))

    def _go(steps: int) -> tuple[Array, Array]:
        W, a, eta = made.W.copy(), made.a[:, None, :].copy(), X.dtype.type(step / n)
        z = np.empty((len(X), p, n), X.dtype)
        on, G = np.empty_like(z), np.empty_like(W)
        for _ in range(steps):
            np.matmul(W, columns, out=z)
            np.greater(z, 0, out=on)
            np.maximum(z, 0, out=z)
            r = y - np.matmul(a, z) / p
            np.multiply(on, r, out=on)
            np.matmul(on, X, out=G)
            a_dot = np.einsum("rjk,rjk->rj", W, G)[:, None, :]
            G *= eta * a.transpose(0, 2, 1)
            W += G
            a += eta * a_dot
        return W, a[:, 0, :]

    return _go


def elementwise(made: Arrays) -> Run:
    """Orthogonal data: z (r, p, n) is the state, nothing is multiplied by X."""
    if made.norms is None:
        raise ValueError("elementwise: expected orthogonal data")
    norms, y = made.norms[:, None, :], made.y[:, None, :]
    n, p = y.shape[2], made.W.shape[1]
    step = made.y.dtype.type(made.step / n)

    def _go(steps: int) -> tuple[Array, Array]:
        z, a = made.W[:, :, :n] * norms, made.a[:, :, None].copy()
        pull = step * norms**2
        for _ in range(steps):
            live = np.maximum(z, 0)
            r = y - (a * live).sum(axis=1, keepdims=True) / p
            z += (z > 0) * a * (pull * r)
            a += step * (live * r).sum(axis=2, keepdims=True)
        W = made.W.copy()
        W[:, :, :n] = z / norms
        return W, a[:, :, 0]

    return _go


VARIANTS = {
    "plain": plain,
    "by points": by_points,
    "by neurons": by_neurons,
    "batched": batched,
    "elementwise": elementwise,
}
