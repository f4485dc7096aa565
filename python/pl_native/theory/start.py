"""Lemma 4: the local PL curvature of a random network, for every rotation-invariant law of its neurons.

With w = norm(w) u, u uniform on the sphere, and theta_ik the angle between x_i and x_k, the expectations of
second order are the arc-cosine kernels

    E[1_i 1_k] = (pi - theta)/(2 pi)
    E[<u, x_i>+ <u, x_k>+] = norm(x_i) norm(x_k) (sin theta + (pi - theta) cos theta)/(2 pi d)

and only the fourth-order ones are left to an average over directions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pl_native import model
from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset, given
from pl_native.streams import Purpose, Seed, generator
from pl_native.theory.laws import Law, law_of

_BLOCK = 1 << 22  # numbers held at once


def expected_matrix(data: Dataset, law: Law) -> Array:
    """E[M] at time 0, (n, n), in closed form:

        E[M]_ik = E[norm(w)^2] norm(x_i) norm(x_k) (sin theta + (pi - theta) cos theta)/(2 pi d)
                + E[a^2] <x_i, x_k> (pi - theta)/(2 pi)

    Hypotheses: a rotation-invariant law (`theory.law`), of the dimension of the data. Source: Lemma 4.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
    >>> theory.expected_matrix(data, theory.law("balanced", d=2)).round(4)
    array([[0.75  , 0.0796],
           [0.0796, 0.75  ]])
    """
    second, zeroth = _kernels(data, law)
    matrix: Array = law.moment(2, 0) * second + law.moment(0, 2) * zeroth
    return matrix


@dataclass(frozen=True, slots=True)
class StartCurvature:
    """Lemma 4: sqrt(p) (n mu(0) - beta0) -> N(0, gamma_sq). `gamma_sq_error` is the standard error that
    `directions` random directions leave."""

    beta0: float
    gamma_sq: float
    gamma_sq_error: float
    directions: int


def start_curvature(data: Dataset, law: Law, *, directions: int = 200_000, seed: Seed = 0) -> StartCurvature:
    """beta0 and gamma0^2. Claim: sqrt(p) (n mu(0) - beta0) -> N(0, gamma0^2) in law as p grows, where

        beta0 = (2/norm(y)^2) y^T E[M] y          gamma0^2 = Var(xi)
        xi = (2/norm(y)^2) ( <w, X^T P y>^2 + a^2 norm(X^T P y)^2 - 2 u^T E[M] y + beta0 u^T y ),  u = a P X w

    beta0 and the part of gamma0^2 odd in a are closed forms; the rest is an average over `directions` random
    directions, whose standard error is given. (Printed without the last two terms of xi, which come from the
    residual y - h.) Hypotheses: neurons i.i.d. of a rotation-invariant law, a symmetric given w; no zero y.
    `torch_linear` is not such a law: nothing is claimed. Source: Lemma 4, section 3.

    >>> data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, -2.0])
    >>> found = theory.start_curvature(data, theory.law("balanced", d=2), directions=1000)
    >>> round(found.beta0, 4), found.gamma_sq > 0
    (1.3727, True)
    """
    count = checks.integer("directions", directions, 2)
    memory.require(16.0 * count, f"an average over {count} directions")
    second, zeroth = _kernels(data, law)
    y = data.y.astype(np.float64)
    size = float(y @ y)
    mean = law.moment(2, 0) * second + law.moment(0, 2) * zeroth
    beta0 = 2 / size * float(y @ mean @ y)
    pull = beta0 * y - 2 * mean @ y
    odd = law.moment(2, 2) * float(pull @ second @ pull)
    even = np.concatenate(_even_squares(data, law, count, seed))
    gamma_sq = 4 / size**2 * (odd + float(even.mean())) - beta0**2
    error = 4 / size**2 * float(even.std(ddof=1)) / math.sqrt(count)
    return StartCurvature(beta0, gamma_sq, error, count)


def _even_squares(data: Dataset, law: Law, count: int, seed: Seed) -> list[Array]:
    """E[(norm(w)^2 q1 + a^2 q2)^2 | u] for random u; q1 = <u, X^T P y>^2, q2 = norm(X^T P y)^2."""
    rng = generator(seed, Purpose.NOISE)
    X, y = _on_span(data), data.y.astype(np.float64)
    first, mixed, last = law.moment(4, 0), 2 * law.moment(2, 2), law.moment(0, 4)
    parts, left = [], count
    while left > 0:
        rows = min(left, max(1, _BLOCK // max(X.shape)))
        left -= rows
        g = rng.standard_normal((rows, X.shape[1]))
        rest = rng.chisquare(law.d - X.shape[1], rows) if law.d > X.shape[1] else 0.0
        u = g / np.sqrt(np.einsum("bk,bk->b", g, g) + rest)[:, None]
        moved = ((u @ X.T > 0) * y) @ X
        q1, q2 = np.einsum("bk,bk->b", u, moved) ** 2, np.einsum("bk,bk->b", moved, moved)
        parts.append(first * q1**2 + mixed * q1 * q2 + last * q2**2)
    return parts


def _kernels(data: Dataset, law: Law) -> tuple[Array, Array]:
    """E[<u, x_i>+ <u, x_k>+] and <x_i, x_k> E[1_i 1_k], (n, n) each."""
    law_of(law, given.labelled(data))
    G = model.gram(data)
    sizes = data.norms[:, None] * data.norms
    cosine = np.clip(G / sizes, -1.0, 1.0)
    np.fill_diagonal(cosine, 1.0)
    theta = np.arccos(cosine)
    order_one = sizes * (np.sin(theta) + (math.pi - theta) * cosine) / (2 * math.pi * law.d)
    return order_one, G * (math.pi - theta) / (2 * math.pi)


def _on_span(data: Dataset) -> Array:
    """The inputs in the coordinates represented, (n, represented)."""
    if data.orthogonal_norms is not None:
        return np.diag(data.norms)
    return data.X.astype(np.float64)
