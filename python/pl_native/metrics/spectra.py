"""Spectra of M and of the flow with its pattern frozen: dense when small, matrix-free extremes when large.

`where` and the leading axes `...`: see `pl_native.metrics.where`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._problem.kinks import SLIDE
from pl_native.metrics.curvature import grams, pl_matrix
from pl_native.metrics.stack import States
from pl_native.metrics.where import Data, Where, states

_START = 20250216  # of the one random vector that Lanczos starts from


def spectrum(data: Data, where: Where | States) -> Array:
    """Eigenvalues of M (`pl_matrix`), ascending, (..., n): dense, n^3 each. NaN where M is beyond range.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.spectrum(data, pl.Network([[1.0, 1.0]], [3.0])).round(4)
    array([ 9.8673, 40.1327])
    """
    return _eigenvalues(pl_matrix(data, where))


def _eigenvalues(matrix: Array) -> Array:
    """Ascending, (..., n); NaN of a matrix with numbers beyond range."""
    finite = np.asarray(np.isfinite(matrix).all(axis=(-2, -1)))
    within = matrix if finite.all() else np.where(finite[..., None, None], matrix, 0.0)
    found: Array = np.where(finite[..., None], np.linalg.eigvalsh(within), np.nan)
    return found


def frozen_matrix(data: Data, where: Where | States) -> Array:
    """K of the flow with its pattern frozen: modes stay, and dR/dt = -(1/n) K R, (..., n, n).

        K = (1/p) sum_j [ P_j X w_j w_j^T X^T P_j + a_j^2 P_j X Pi_j X^T P_j ]

    Pi_j: projection off the inputs that neuron j slides on. Where nothing slides K = M; R^T K R = R^T M R.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.frozen_matrix(data, pl.Network([[1.0, 1.0]], [3.0]))
    array([[10.,  2.],
           [ 2., 40.]])
    """
    s = states(data, where)
    memory.require(32.0 * s.r.size * s.n, "K, (..., n, n),")
    on = s.on.astype(np.float64)
    gram = grams(s)
    outer = (np.swapaxes(on, -1, -2) * np.square(s.a)[..., None, :]) @ on
    inner = np.swapaxes(s.live, -1, -2) @ s.live
    K: Array = (inner + outer * gram) / s.p
    gram = np.broadcast_to(gram, K.shape)
    slides = s.mode == SLIDE
    for index in zip(*np.nonzero(slides.any(axis=-1)), strict=True):
        lead = index[:-1]
        G, held = gram[lead], slides[index]
        if not np.isfinite(G).all():  # and so is K
            continue
        lost = G[:, held] @ np.linalg.pinv(G[np.ix_(held, held)], hermitian=True) @ G[held]
        K[lead] -= s.a[index] ** 2 / s.p * (on[index][:, None] * on[index]) * lost
    return K


def frozen_rates(data: Data, where: Where | States) -> Array:
    """Rates at which the residual of the flow with its pattern frozen decays: eigenvalues of K/n, (..., n).

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> metrics.frozen_rates(data, pl.Network([[1.0, 1.0]], [3.0])).round(4)
    array([ 4.9336, 20.0664])
    """
    K = frozen_matrix(data, where)
    rates: Array = _eigenvalues(K) / K.shape[-1]
    return rates


@dataclass(frozen=True, slots=True)
class Extremes:
    """Least and largest eigenvalue of M; each within its error of an eigenvalue. `products` with M taken."""

    low: float
    high: float
    low_error: float
    high_error: float
    products: int


def spectrum_extremes(
    data: Data, where: Where | States, *, rtol: float = 1e-8, products: int = 400
) -> Extremes:
    """Least and largest eigenvalue of M of one state without forming M: Lanczos, reorthogonalised.

    A product costs 2 p n d multiplications, memory is `products` vectors (n,). Ends when both residual norms
    are at most rtol times the largest eigenvalue, or at min(products, n) products. The least one converges
    slowly where the spectrum is dense near it: its error says how far it is. NaN where M is beyond range.

    >>> data = pl.Dataset([[1.0, 0.0], [0.0, 2.0]], [1.0, -1.0])
    >>> found = metrics.spectrum_extremes(data, pl.Network([[1.0, 1.0]], [3.0]))
    >>> round(found.low, 4), round(found.high, 4)
    (9.8673, 40.1327)
    """
    s = states(data, where)
    if s.a.ndim != 1:
        raise ValueError(f"where: expected one state, got states of leading axes {s.a.shape[:-1]}")
    limit = checks.positive("rtol", rtol)
    most = min(checks.integer("products", products, 1), s.n)
    return _lanczos(lambda u: _product(s, u), s.n, most, limit)


def _product(s: States, u: Array) -> Array:
    """M u."""
    pulled = s.along_inputs(s.share * u)
    second = (np.square(s.a)[:, None] * s.share * s.against_inputs(pulled)).sum(axis=0)
    found: Array = (s.live.T @ (s.live @ u) + second) / s.p
    return found


def _lanczos(product: Callable[[Array], Array], n: int, most: int, rtol: float) -> Extremes:
    q = np.random.default_rng(_START).standard_normal(n)
    basis = np.empty((most, n))
    basis[0] = q / np.linalg.norm(q)
    alpha, beta = np.empty(most), np.empty(most)
    for k in range(most):
        image = product(basis[k])
        alpha[k] = basis[k] @ image
        for _ in range(2):  # twice is enough
            image = image - basis[: k + 1].T @ (basis[: k + 1] @ image)
        beta[k] = np.linalg.norm(image)
        if not (np.isfinite(alpha[k]) and np.isfinite(beta[k])):
            return Extremes(math.nan, math.nan, math.nan, math.nan, k + 1)
        theta, vectors = np.linalg.eigh(
            np.diag(alpha[: k + 1]) + np.diag(beta[:k], 1) + np.diag(beta[:k], -1)
        )
        errors = beta[k] * np.abs(vectors[-1])
        size = max(float(np.abs(theta).max()), float(np.finfo(float).tiny))
        if k + 1 == most or max(errors[0], errors[-1]) <= rtol * size or beta[k] <= 1e-14 * size:
            return Extremes(float(theta[0]), float(theta[-1]), float(errors[0]), float(errors[-1]), k + 1)
        basis[k + 1] = image / beta[k]
    raise AssertionError("unreachable: the loop ends at its last product")
