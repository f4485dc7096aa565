"""Random networks to start from (section 5 of the notation page).

All take (p, d, *, seed, scale=1.0, dtype=float64, data=None), draw in float64 and cast at the end. The order
of the draws is W, the part not represented, sizes of a, signs of a. `scale` multiplies W *after* abs(a_j)
was drawn, so that it does not touch a (`balanced` is the exception it names).

With orthogonal or reduced `data` only the coordinates that the data use are drawn (W is (p, n)), and the
squared norm of the rest goes to `Network.w_perp_sq`: the same law at the cost of d = n. Reduced data lie in
a basis of their own, so they need a law of W that no rotation changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native._problem.groups import group_labels, per_group
from pl_native.protocol import horizon, minimal_width
from pl_native.streams import Purpose, Seed, filled, generator

__all__ = ["asymmetric", "balanced", "group", "horizon", "minimal_width", "torch_linear"]

_BLOCK = 1 << 20  # uniforms held at once while a long remainder is summed
_MOST = 1e150  # of a scale: its square is finite
_DRAWS = 1 << 23  # normals per group, a fraction of a second, before a direction is given up


def asymmetric(
    p: int, d: int, *, seed: Seed, scale: float = 1.0, dtype: object = np.float64, data: Dataset | None = None
) -> Network:
    """w_j ~ N(0, I_d/d), sign of a_j uniform, abs(a_j) - norm(w_j) ~ Exp(1).

    W is (p, d), or (p, n) when `data` are orthogonal or reduced; a is (p,). Raises ValueError or TypeError
    for sizes < 1, scale <= 0, unusable seeds, or `data` of another dimension.
    """
    plan = _plan(p, d, seed, scale, dtype, data)
    W, rest = _normal(plan)
    return _network(plan, W, _asymmetric_sizes(plan, W, rest), rest)


def torch_linear(
    p: int, d: int, *, seed: Seed, scale: float = 1.0, dtype: object = np.float64, data: Dataset | None = None
) -> Network:
    """Entries of W uniform on [-1/sqrt d, 1/sqrt d] (a framework's default), a as in `asymmetric`.

    Shapes and errors as in `asymmetric`. With orthogonal `data` the norm of the rest is summed from d - n
    uniforms per neuron, in blocks: exact, in little memory, but in time proportional to p (d - n).
    Raises ValueError also for reduced `data`: this law is not that of a rotated W.
    """
    if isinstance(data, Dataset) and data.reduced:
        raise ValueError(
            "data: torch_linear is not rotation invariant, so it cannot be drawn in the basis of reduced "
            "data; draw data and network in full, then pl.reduce(data, network)"
        )
    plan = _plan(p, d, seed, scale, dtype, data)
    bound = 1.0 / math.sqrt(plan.d)
    W = filled(plan.p, plan.drawn, lambda count: plan.rng.uniform(-bound, bound, count))
    rest = _uniform_rest(plan.rng, plan.p, plan.d - plan.drawn, bound)
    return _network(plan, W, _asymmetric_sizes(plan, W, rest), rest)


def balanced(
    p: int, d: int, *, seed: Seed, scale: float = 1.0, dtype: object = np.float64, data: Dataset | None = None
) -> Network:
    """w_j ~ scale * N(0, I_d/d), sign of a_j uniform, abs(a_j) = norm(w_j).

    Here abs(a_j) is not drawn but follows W, so `scale` multiplies both and the network stays balanced.
    Shapes and errors as in `asymmetric`. In floating point a_j^2 - norm(w_j)^2 is zero up to rounding only.
    """
    plan = _plan(p, d, seed, scale, dtype, data)
    W, rest = _normal(plan)
    return _network(plan, W, plan.scale * _norms(W, rest), rest)


def group(
    p: int,
    d: int,
    *,
    seed: Seed,
    N0: object = 1.0,
    c0: object = 1.0,
    scale: float = 1.0,
    dtype: object = np.float64,
    data: Dataset,
) -> Network:
    """One neuron on each group of `data` = `data.group(n, p, d)`: z_ji > 0 exactly on group j.

    s_j w_j = sqrt(N0) (c0 Y/norm(Y) + sqrt(1 - c0^2) e) on the k = n/p coordinates of the group, 0 elsewhere,
    and a_j = s_j norm(w_j). Y (k,) are the group's labels, s_j their sign, e a unit vector uniform among
    those orthogonal to Y, redrawn until all z_ji > 0 on the group; N0 > 0 and 0 < c0 <= 1, numbers or (p,).
    W is (p, n), a is (p,). `scale` multiplies both, as in `balanced`: scale^2 N0 is what N0 would be.

    Raises as `asymmetric` does, and ValueError unless `data` are orthonormal, p divides n and each group's
    labels have one sign, or when no e is found: all z_ji > 0 gets rare fast as k grows, unless c0 is near 1.
    """
    plan = _plan(p, d, seed, scale, dtype, data)
    labels = group_labels(data, plan.p)
    sizes, cosines = per_group("N0", N0, plan.p, math.inf), per_group("c0", c0, plan.p, 1.0)
    W, a, k = np.zeros((plan.p, plan.drawn), plan.dtype), np.zeros(plan.p), labels.shape[1]
    for j, (Y, size, cosine) in enumerate(zip(labels, sizes, cosines, strict=True)):
        sign = math.copysign(1.0, Y[0])
        on = _positive_direction(plan.rng, np.abs(Y), cosine) * (math.sqrt(size) * plan.scale)
        W[j, j * k : (j + 1) * k] = on  # z_ji = w_ji > 0: the inputs of the group are unit vectors
        a[j] = sign * math.sqrt(on @ on)
    return Network.adopt(W, a.astype(plan.dtype), np.zeros(plan.p))


@dataclass(frozen=True)
class _Plan:
    """The checked arguments of a draw; `drawn` is the number of coordinates represented."""

    seed: object
    p: int
    d: int
    drawn: int
    scale: float
    dtype: np.dtype[Any]

    @cached_property
    def rng(self) -> np.random.Generator:
        """Made with the first number, when all is checked: a refused call does not advance a Generator."""
        return generator(self.seed, Purpose.NETWORK)


def _plan(p: object, d: object, seed: object, scale: object, dtype: object, data: object) -> _Plan:
    width, dimension = checks.integer("p", p, 1), checks.integer("d", d, 1)
    drawn = dimension
    if data is not None:
        if not isinstance(data, Dataset):
            raise TypeError(f"data: expected a pl.Dataset or None, got {checks.kind(data)}")
        if data.d != dimension:
            raise ValueError(f"d: expected the dimension of data, {data.d}, got {dimension}")
        drawn = data.represented
    factor, kind = checks.positive("scale", scale), checks.float_dtype(dtype)
    if factor > _MOST:
        raise ValueError(f"scale: expected a number <= {_MOST:g}, got {factor!r}")
    numbers = width * (drawn + 8.0) * (1.0 if kind == np.float64 else 1.5)  # drawn in float64, then cast
    memory.require(8.0 * numbers, f"a draw of p = {width} neurons in {drawn} coordinates")
    return _Plan(seed, width, dimension, drawn, factor, kind)


def _normal(plan: _Plan) -> tuple[Array, Array]:
    """`drawn` coordinates of p vectors N(0, I_d/d) and the squared norm of the others, chi^2_{d-drawn}/d."""
    p, d, drawn = plan.p, plan.d, plan.drawn
    W = filled(p, drawn, plan.rng.standard_normal)
    W /= math.sqrt(d)  # in place: W may be most of the memory there is
    rest = plan.rng.chisquare(d - drawn, p) / d if drawn < d else np.zeros(p)
    return W, rest


def _uniform_rest(rng: np.random.Generator, p: int, count: int, bound: float) -> Array:
    """(p,) sums of `count` squares of uniforms on [-bound, bound], without holding them."""
    rest = np.zeros(p)
    width = max(1, _BLOCK // p)
    for first in range(0, count, width):
        block = rng.uniform(-bound, bound, (p, min(width, count - first)))
        rest += np.einsum("jk,jk->j", block, block)
    return rest


def _norms(W: Array, rest: Array) -> Array:
    norms: Array = np.sqrt(np.einsum("jk,jk->j", W, W) + rest)
    return norms


def _asymmetric_sizes(plan: _Plan, W: Array, rest: Array) -> Array:
    return _norms(W, rest) + plan.rng.exponential(1.0, plan.p)


def _network(plan: _Plan, W: Array, sizes: Array, rest: Array) -> Network:
    """Draw the signs of a, scale W (never a) and cast."""
    a = np.where(plan.rng.random(plan.p) < 0.5, -sizes, sizes)
    W *= plan.scale
    return Network.adopt(W.astype(plan.dtype, copy=False), a.astype(plan.dtype), rest * plan.scale**2)


def _positive_direction(rng: np.random.Generator, Y: Array, c0: float) -> Array:
    """u = c0 Y/norm(Y) + sqrt(1 - c0^2) e, (k,), e a uniform unit vector orthogonal to Y > 0, given u > 0."""
    k = len(Y)
    along: Array = Y / np.linalg.norm(Y)
    if c0 == 1:
        return along
    left = 0 if k == 1 else _DRAWS // k  # of one entry no unit vector is orthogonal to Y
    while left > 0:
        rows = min(left, max(1, _DRAWS // k - left), (1 << 16) // k + 1)  # few at first, then more
        left -= rows
        e = rng.standard_normal((rows, k))
        e -= (e @ along)[:, None] * along
        e /= np.linalg.norm(e, axis=1, keepdims=True)
        u = c0 * along + math.sqrt(1 - c0**2) * e
        good = np.flatnonzero((u > 0).all(axis=1))
        if len(good):
            found: Array = u[good[0]]
            return found
    raise ValueError(
        f"c0: no direction at cosine {c0:g} to the labels is positive on all k = {k} points of its group"
        + (f" in {_DRAWS // k} draws" if k > 1 else "; expected c0 = 1")
    )
