"""Certificates by the criterion, checked in exact numbers."""

from __future__ import annotations

import math
from fractions import Fraction

from pl_native._problem import Dataset
from pl_native._run.proof.certificate import Certificate
from pl_native.theory import exact
from pl_native.theory.exact_orthogonal import heights
from pl_native.theory.exact_state import demand


def verify_criterion(c: Certificate, data: Dataset) -> list[str]:
    """abs(a_j) >= norm(w_j), sum r_i^2 < min y_i^2, and the rate that independent inputs give then.

    mu = (2/n) lam_min(X X^T) min_i (abs(y_i) - norm(r))/norm(x_i)
    """
    assert c.rate is not None
    assert c.distance is not None
    moving = c.state.cut(data.represented)
    a, y, n = exact.vector(moving.a), exact.vector(data.y), data.n
    sizes = [
        exact.square(w) + o
        for w, o in zip(exact.matrix(moving.W), exact.vector(moving.w_perp_sq), strict=True)
    ]
    demand(all(v * v >= size for v, size in zip(a, sizes, strict=True)), "abs(a_j) >= norm(w_j) for all j")
    at, x_sq = heights(c, data)
    loss = exact.square([label - h for label, h in zip(y, at, strict=True)]) / (2 * n)
    r_norm = exact.root_above(2 * n * loss)
    above = [(abs(label) - r_norm) / exact.root_above(square) for label, square in zip(y, x_sq, strict=True)]
    demand(min(above) > 0, "sum r_i^2 < min y_i^2")
    demand(math.isfinite(c.rate) and c.rate > 0, "the rate is finite and above 0")
    rate = Fraction(c.rate)
    least = rate * n / (2 * min(above))
    demand(_least_is(data, x_sq, least), f"lam_min(X X^T) >= {float(least):.6g}")
    path_sq = 4 * moving.p * loss / rate
    demand(path_sq <= Fraction(c.distance) ** 2, f"the limit is within {c.distance:.4g}")
    return [
        f"the criterion holds for ever, and L(t) <= L(0) exp(-{c.rate:.6g} t)",
        f"path <= {math.sqrt(float(path_sq)):.6g}",
    ]


def _least_is(data: Dataset, x_sq: exact.Vector, least: Fraction) -> bool:
    """Whether lam_min(X X^T) >= least: of orthogonal inputs the smallest norm squared."""
    if data.orthogonal_norms is not None:
        return min(x_sq) >= least
    X = exact.matrix(data.X)
    gram = exact.product(X, exact.transpose(X))
    for i, row in enumerate(gram):
        row[i] -= least
    return exact.positive_definite(gram)
