"""Certificates of orthogonal data, checked point by point in exact numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from pl_native._problem import Dataset, Status
from pl_native._run.proof.certificate import Certificate
from pl_native.theory import exact
from pl_native.theory.exact import Rational, Vector
from pl_native.theory.exact_state import demand


def verify_orthogonal(c: Certificate, data: Dataset) -> list[str]:
    """K_rho is diagonal: norm(x_i)^2 sum am_j^2 over the neurons that are on at i, farther than rho off 0.

    A point without such a neuron must be dead: every pair off, or put on its kink and pushed back to it.
    """
    demand(
        c.held_until is None, "nothing is held of orthogonal data that have a verdict, or are given by norms"
    )
    if c.verdict is None:
        return []
    assert c.rate is not None
    assert c.distance is not None
    assert c.limit_loss is not None
    z, x_sq = _coordinates(c, data)
    y, a = exact.vector(data.y), exact.vector(c.state.a)
    radius, n, p = Fraction(c.margins.radius), data.n, c.state.p
    least = max(radius, Fraction(c.moved))  # smaller ones are moved to 0 where no neuron is on
    k: Fraction | None = None
    live, dead, moved = Fraction(0), Fraction(0), Fraction(0)
    for i in range(n):
        far = [v > 0 and v * v > least * least * x_sq[i] for v in z[i]]  # beyond `least` of their kinks
        am = [max(abs(a_j) - radius, Fraction(0)) for a_j, on in zip(a, far, strict=True) if on]
        if any(am):
            mine = x_sq[i] * exact.square(am)
            k = mine if k is None else min(k, mine)
            height = exact.dot(a, [max(v, Fraction(0)) for v in z[i]]) / p
            live += (y[i] - height) ** 2
            continue
        for j, v in enumerate(z[i]):
            pushed = v < 0 or (a[j] * y[i] < 0 and abs(a[j]) > radius)
            demand(pushed, f"no neuron will ever be on at the point {i}")
            moved += max(v, Fraction(0)) ** 2 / x_sq[i]
        dead += y[i] ** 2
    demand(
        (dead > 0) == (c.verdict is Status.DEAD_POINT), "DEAD_POINT is said where a label is lost, only there"
    )
    demand(c.verdict in (Status.DEAD_POINT, Status.CONVERGED), "the verdict is one of orthogonal data")
    demand(moved <= Fraction(c.moved) ** 2, f"pairs of dead points are moved by at most {c.moved:.4g}")
    path_sq = _path_sq(c, k, live / (2 * n), n * p)
    demand(path_sq < radius * radius, "the path is shorter than the radius")
    path = exact.root_above(path_sq)
    demand(path + exact.root_above(moved) <= Fraction(c.distance), f"the limit is within {c.distance:.4g}")
    low, high = (Fraction(v) for v in c.limit_loss)
    demand(low <= dead / (2 * n) <= high, f"lim L is in [{c.limit_loss[0]!r}, {c.limit_loss[1]!r}]")
    return [
        f"rate {c.rate:.6g}, path {float(path):.4g} < radius {float(radius):.4g}",
        f"lim L >= {float(low):.6g}",
    ]


def heights(c: Certificate, data: Dataset) -> tuple[Vector, Vector]:
    """h(x_i) and norm(x_i)^2, of any inputs."""
    z, x_sq = _coordinates(c, data)
    a = exact.vector(c.state.a)
    return [exact.dot(a, [max(v, Fraction(0)) for v in row]) / c.state.p for row in z], x_sq


def _path_sq(c: Certificate, k: Fraction | None, loss: Fraction, size: int) -> Fraction:
    """4 p L_V/mu_rho, mu_rho the certificate's rate, at most 2 k/(n p); `size` is n p, `loss` L_V."""
    assert c.rate is not None
    if not math.isfinite(c.rate):
        demand(k is None, "nothing moves")
        return Fraction(0)
    rate = Fraction(c.rate)
    demand(rate > 0, "the rate is above 0")
    demand(k is None or rate * size <= 2 * k, f"the rate is {c.rate:.6g}")
    return 4 * c.state.p * loss / rate


def orthogonal(data: Dataset) -> bool:
    """Whether the inputs, given as X, are orthogonal exactly."""
    rows = exact.matrix(data.X)
    return not any(exact.dot(u, v) for i, u in enumerate(rows) for v in rows[:i])


def _coordinates(c: Certificate, data: Dataset) -> tuple[Rational, Vector]:
    """z (n, p) and norm(x_i)^2; coordinates that are 0 do not count."""
    moving = c.state.cut(data.represented)
    W = exact.transpose(exact.matrix(moving.W))
    norms = data.orthogonal_norms
    if norms is not None:
        lengths = exact.vector(norms)
        return [[v * w for w in W[i]] for i, v in enumerate(lengths)], [v * v for v in lengths]
    rows = [[(k, Fraction(float(row[k]))) for k in np.flatnonzero(row)] for row in data.X]
    z = [[sum((v * W[k][j] for k, v in row), Fraction(0)) for j in range(c.state.p)] for row in rows]
    return z, [sum((v * v for _, v in row), Fraction(0)) for row in rows]
