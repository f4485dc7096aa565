"""The same Euler steps in Numba: fused loops that skip dead pairs, BLAS, prange over replicates."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from pl_native.bench.problems import Array, Arrays

Run = Callable[[int], tuple[Array, Array]]


@numba.njit(fastmath=True, cache=True)
def _fused(X, y, W, a, eta, steps):  # type: ignore[no-untyped-def]
    """One pass over the points; only live pairs add to the gradient."""
    (n, d), p = X.shape, len(a)
    G, z = np.empty_like(W), np.empty_like(a)
    for _ in range(steps):
        G[:] = 0
        for i in range(n):
            h = X.dtype.type(0)
            for j in range(p):
                s = X.dtype.type(0)
                for k in range(d):
                    s += W[j, k] * X[i, k]
                z[j] = s
                if s > 0:
                    h += a[j] * s
            r = y[i] - h / X.dtype.type(p)
            for j in range(p):
                if z[j] > 0:
                    for k in range(d):
                        G[j, k] += r * X[i, k]
        _advance(W, a, G, eta)


@numba.njit(fastmath=True, cache=True)
def _by_lanes(X, y, W, a, eta, steps):  # type: ignore[no-untyped-def]
    """As `_fused`, with neurons along the vector lanes (W transposed) and a mask instead of a branch."""
    (n, d), p = X.shape, len(a)
    V, G = np.ascontiguousarray(W.T), np.empty((d, p), W.dtype)
    z, pull = np.empty_like(a), np.empty_like(a)
    for _ in range(steps):
        G[:] = 0
        for i in range(n):
            z[:] = 0
            for k in range(d):
                x = X[i, k]
                for j in range(p):
                    z[j] += V[k, j] * x
            h = X.dtype.type(0)
            for j in range(p):
                z[j] = max(z[j], X.dtype.type(0))
                h += a[j] * z[j]
            r = y[i] - h / X.dtype.type(p)
            for j in range(p):
                pull[j] = r if z[j] > 0 else X.dtype.type(0)
            for k in range(d):
                x = X[i, k]
                for j in range(p):
                    G[k, j] += pull[j] * x
        for j in range(p):
            s = X.dtype.type(0)
            for k in range(d):
                s += V[k, j] * G[k, j]
            z[j] = s
        for k in range(d):
            for j in range(p):
                V[k, j] += eta * a[j] * G[k, j]
        for j in range(p):
            a[j] += eta * z[j]
    W[:] = V.T


@numba.njit(fastmath=True, cache=True)
def _blas(X, y, W, a, eta, steps):  # type: ignore[no-untyped-def]
    columns, p = np.ascontiguousarray(X.T), len(a)
    z, G = np.empty((p, len(y)), X.dtype), np.empty_like(W)
    r = np.empty_like(y)
    for _ in range(steps):
        np.dot(W, columns, z)
        r[:] = 0
        for j in range(p):
            for i in range(len(y)):
                r[i] += a[j] * max(z[j, i], X.dtype.type(0))
        for i in range(len(y)):
            r[i] = y[i] - r[i] / y.dtype.type(p)
        for j in range(p):
            for i in range(len(y)):
                z[j, i] = r[i] if z[j, i] > 0 else X.dtype.type(0)
        np.dot(z, X, G)
        _advance(W, a, G, eta)


@numba.njit(fastmath=True, cache=True)
def _advance(W, a, G, eta):  # type: ignore[no-untyped-def]
    for j in range(len(a)):
        s = W.dtype.type(0)
        for k in range(W.shape[1]):
            s += W[j, k] * G[j, k]
            W[j, k] += eta * a[j] * G[j, k]
        a[j] += eta * s


@numba.njit(parallel=True, cache=True)
def _over_replicates(X, y, W, a, eta, steps):  # type: ignore[no-untyped-def]
    for k in numba.prange(len(X)):
        _fused(X[k], y[k], W[k], a[k], eta, steps)


@numba.njit(parallel=True, cache=True)
def _lanes_over_replicates(X, y, W, a, eta, steps):  # type: ignore[no-untyped-def]
    for k in numba.prange(len(X)):
        _by_lanes(X[k], y[k], W[k], a[k], eta, steps)


@numba.njit(fastmath=True, cache=True)
def _pairs(sq, y, z, a, eta, steps):  # type: ignore[no-untyped-def]
    """Orthogonal data, z (p, n) the state."""
    p, n = z.shape
    r = np.empty_like(y)
    for _ in range(steps):
        r[:] = 0
        for j in range(p):
            for i in range(n):
                r[i] += a[j] * max(z[j, i], z.dtype.type(0))
        for i in range(n):
            r[i] = y[i] - r[i] / y.dtype.type(p)
        for j in range(p):
            s = z.dtype.type(0)
            aj = a[j] * eta
            for i in range(n):
                s += r[i] * max(z[j, i], z.dtype.type(0))
                z[j, i] += aj * sq[i] * r[i] if z[j, i] > 0 else z.dtype.type(0)
            a[j] += eta * s


def _run(made: Arrays, loop: Callable[..., None], batched: bool) -> Run:
    eta = made.y.dtype.type(made.step / made.y.shape[1])

    def _go(steps: int) -> tuple[Array, Array]:
        W, a = made.W.copy(), made.a.copy()
        if batched:
            loop(made.X, made.y, W, a, eta, steps)
        else:
            for k in range(len(a)):
                loop(made.X[k], made.y[k], W[k], a[k], eta, steps)
        return W, a

    return _go


def elementwise(made: Arrays) -> Run:
    """Orthogonal data, each pair by itself."""
    if made.norms is None:
        raise ValueError("elementwise: expected orthogonal data")
    norms, n = made.norms, made.y.shape[1]
    eta = made.y.dtype.type(made.step / n)

    def _go(steps: int) -> tuple[Array, Array]:
        W, a = made.W.copy(), made.a.copy()
        z = W[:, :, :n] * norms[:, None, :]
        for k in range(len(a)):
            _pairs(norms[k] ** 2, made.y[k], z[k], a[k], eta, steps)
        W[:, :, :n] = z / norms[:, None, :]
        return W, a

    return _go


VARIANTS = {
    "fused loops": lambda made: _run(made, _fused, False),
    "fused, neurons along lanes": lambda made: _run(made, _by_lanes, False),
    "BLAS inside": lambda made: _run(made, _blas, False),
    "fused, prange": lambda made: _run(made, _over_replicates, True),
    "lanes, prange": lambda made: _run(made, _lanes_over_replicates, True),
    "elementwise": elementwise,
}
