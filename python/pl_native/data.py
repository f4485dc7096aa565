"""Random data sets of the paper's experiments (section 5 of the paper's notation page, Appendix B).

Every generator draws in float64, in a fixed order (inputs' directions, norms, labels' sizes, labels' signs),
and casts at the end, so that float32 data are the rounded float64 data of the same seed.

Biases are a constant coordinate of the inputs: `with_bias`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset, given
from pl_native._problem.groups import per_group
from pl_native._problem.network import Network
from pl_native.streams import Purpose, Seed, filled, generator, generators

Range = tuple[float, float]


def sphere(
    n: int,
    d: int,
    *,
    seed: Seed,
    dtype: object = np.float64,
    norms: Range = (1.0, 2.0),
    labels: Range = (1.0, 2.0),
    reduced: bool = False,
) -> Dataset:
    """Inputs of uniform direction on the sphere of R^d and norm uniform on `norms` (the
    paper's Experiment 1).

    Labels are uniform on [-high, -low] U [low, high], (low, high) = `labels`. X is (n, d), y (n,), of
    `dtype`.
    `reduced` draws the reduced problem (`pl.reduce`) of such data directly, for d >= n and at the cost of
    d = n: X is (n, n) and lower triangular, in law the Q-less part of a QR. Draw the network with `data=`,
    from a law that no rotation changes (`asymmetric`, `balanced`).

    Raises ValueError or TypeError for sizes < 1, ranges that are not 0 < low <= high, unusable seeds, and
    d < n where `reduced`.
    """
    plan = _plan(n, d, seed, dtype, norms, labels)
    short = checks.flag("reduced", reduced)
    if short and plan.d < plan.n:
        raise ValueError(f"reduced: expected d >= n = {plan.n} for a reduced draw, got d = {plan.d}")
    _ask(plan, 4 * plan.n * (plan.n if short else plan.d))
    if short:
        inputs = _triangle(plan.rng, plan.n, plan.d)
    else:
        inputs = filled(plan.n, plan.d, plan.rng.standard_normal)
    _rescale(inputs, plan.rng.uniform(*plan.norms, plan.n))
    return Dataset(inputs, _labels(plan), d=plan.d if short else None, dtype=plan.dtype)


def gaussian(
    n: int, d: int, *, seed: Seed, dtype: object = np.float64, labels: Range = (1.0, 2.0)
) -> Dataset:
    """Inputs x_i ~ N(0, I/d), labels and errors as in `sphere`. X is (n, d), y (n,), of `dtype`."""
    plan = _plan(n, d, seed, dtype, (1.0, 1.0), labels)
    _ask(plan, 2 * plan.n * plan.d)
    inputs = filled(plan.n, plan.d, plan.rng.standard_normal) / np.sqrt(plan.d)
    return Dataset(inputs, _labels(plan), dtype=plan.dtype)


def orthogonal(
    n: int,
    d: int | None = None,
    *,
    seed: Seed,
    dtype: object = np.float64,
    norms: Range = (1.0, 2.0),
    labels: Range = (1.0, 2.0),
) -> Dataset:
    """Orthogonal inputs x_i = c_i e_i, c_i uniform on `norms` (the paper's Experiment 2), n <= d (default d
    = n).

    Labels as in `sphere`. Only the norms are stored: draw the network with `data=` and X is never formed.
    Raises as `sphere` does, and ValueError when n > d.
    """
    plan = _plan(n, n if d is None else d, seed, dtype, norms, labels)
    if plan.n > plan.d:
        raise ValueError(f"n: expected n <= d = {plan.d} for orthogonal inputs, got {plan.n}")
    _ask(plan, 6 * plan.n)
    lengths = plan.rng.uniform(*plan.norms, plan.n)
    return Dataset.orthogonal(lengths, _labels(plan), plan.d, dtype=plan.dtype)


def group(
    n: int,
    p: int,
    d: int | None = None,
    *,
    seed: Seed,
    dtype: object = np.float64,
    labels: Range = (1.0, 2.0),
    D: ArrayLike | None = None,
) -> Dataset:
    """p groups of k = n/p orthonormal inputs, labels of one sign per group (section 4 of the notation page).

    Group j is the points j k .. (j + 1) k - 1, x_i = e_i in d >= n dimensions (default n); sizes of labels
    are uniform on `labels`, the sign of a group is a fair coin. `initial.group` starts one neuron on each.
    `D` (p,), or one number: the labels of each group are multiplied so that norm(Y_j) = D_j sqrt(k), as in
    Theorem 2. Raises as `orthogonal` does, and ValueError when p does not divide n, and for D <= 0.
    """
    plan = _plan(n, n if d is None else d, seed, dtype, (1.0, 1.0), labels)
    groups = checks.integer("p", p, 1)
    if plan.n % groups != 0:
        raise ValueError(f"p: expected a divisor of n = {plan.n}, got {groups}")
    _ask(plan, 6 * plan.n)
    targets = None if D is None else per_group("D", D, groups, math.inf)
    sizes = plan.rng.uniform(*plan.labels, plan.n)
    if targets is not None:
        own = sizes.reshape(groups, -1)
        sizes = (own * (targets / np.sqrt(np.mean(own**2, axis=1)))[:, None]).ravel()
    signs = np.repeat(np.where(plan.rng.random(groups) < 0.5, -1.0, 1.0), plan.n // groups)
    return Dataset.orthogonal(np.ones(plan.n), sizes * signs, plan.d, dtype=plan.dtype)


def teacher(
    n: int,
    d: int,
    *,
    seed: Seed,
    network: Network | int = 8,
    noise: float = 0.0,
    dtype: object = np.float64,
    norms: Range = (1.0, 2.0),
) -> Dataset:
    """Inputs as in `sphere`, labels y_i = h*(x_i) + noise * N(0, 1) of a teacher network h*, given y_i != 0.

    `network` is the teacher, or the width m of a random one: w_j ~ N(0, I_d), a_j = +-sqrt(m) by a fair coin,
    so that h*(x) has variance norm(x)^2/2 whatever m. A point whose label is 0 (no live teacher neuron, no
    noise) is drawn again, noise and all: the points are independent, each conditioned on y_i != 0.
    Inputs, teacher and noise are drawn from a stream each, whatever the kind of `seed`.

    Raises as `sphere` does, and ValueError for noise < 0, a teacher of another dimension, or one that is
    almost always 0, and for labels beyond the range of `dtype`.
    """
    plan = _plan(n, d, seed, dtype, norms, (1.0, 1.0))
    spread = checks.at_least("noise", noise, 0.0)
    given = _checked_teacher(network, plan.d)
    width = given.p if isinstance(given, Network) else given
    _ask(plan, 3 * plan.n * plan.d + 2 * width * (plan.n + plan.d))
    inputs, own, noises = generators(seed, Purpose.DATA, Purpose.TEACHER, Purpose.NOISE)
    source = given if isinstance(given, Network) else _random_teacher(given, plan.d, own)
    X, y, missing, in_vain = np.empty((plan.n, plan.d)), np.empty(plan.n), np.arange(plan.n), 0
    while len(missing) > 0:
        fresh = filled(len(missing), plan.d, inputs.standard_normal)
        _rescale(fresh, inputs.uniform(*plan.norms, len(missing)))
        with np.errstate(over="ignore", invalid="ignore"):  # it is told below
            labels = np.maximum(fresh @ source.W.T, 0.0) @ source.a / source.p
            X[missing], y[missing] = fresh, labels + spread * noises.standard_normal(len(missing))
            cast = y[missing].astype(plan.dtype)
        if not np.isfinite(cast).all():
            raise ValueError(
                f"network, norms, noise: expected labels within the range of {plan.dtype}, got labels beyond "
                f"it from {source!r}, norms {plan.norms} and noise {spread!r}"
            )
        left = missing[cast == 0]
        in_vain = in_vain + len(missing) if len(left) == len(missing) else 0
        if in_vain > _IN_VAIN:
            raise ValueError(f"network: expected a teacher that is not 0 almost everywhere, got {source!r}")
        missing = left
    return Dataset(X, y, dtype=plan.dtype)


def with_bias(data: Dataset, value: float = 1.0) -> Dataset:
    """The same points with one more coordinate, `value` for all of them: its weights are the biases.

    X is (n, d + 1), norms are sqrt(norm(x_i)^2 + value^2), labels and dtype stay. Orthogonal data become a
    matrix, for they are not orthogonal any more. Raises ValueError for value = 0 and for reduced data, where
    a network's law is that of no bias: reduce after, `pl.reduce(with_bias(data), network)`.
    """
    given.dataset(data)
    if checks.real("value", value) == 0:
        raise ValueError("value: expected a number != 0, got 0")
    if data.reduced:
        raise ValueError("data: expected data that are not reduced; add the bias first, then pl.reduce")
    memory.require(3.0 * data.n * (data.d + 1) * data.dtype.itemsize, "data.with_bias")
    column = np.full((data.n, 1), value, data.dtype)
    return Dataset(np.hstack([data.X, column]), data.y, zero_labels=data.zero_labels)


_IN_VAIN = 100_000  # points of label 0 in a row after which a teacher is taken for one that is always 0


@dataclass(frozen=True)
class _Plan:
    """The checked arguments of a draw."""

    seed: object
    n: int
    d: int
    dtype: np.dtype[Any]
    norms: Range
    labels: Range

    @cached_property
    def rng(self) -> np.random.Generator:
        """Made with the first number, when all is checked: a refused call does not advance a Generator."""
        return generator(self.seed, Purpose.DATA)


def _ask(plan: _Plan, numbers: float) -> None:
    """MemoryError unless so many float64 fit."""
    memory.require(8.0 * numbers, f"a draw of n = {plan.n} points in d = {plan.d} dimensions")


def _plan(n: object, d: object, seed: object, dtype: object, norms: object, labels: object) -> _Plan:
    points, dimension = checks.integer("n", n, 1), checks.integer("d", d, 1)
    ranges = checks.interval("norms", norms), checks.interval("labels", labels)
    precision = checks.float_dtype(dtype)
    least, most = float(np.finfo(precision).smallest_subnormal), float(np.finfo(precision).max)
    for name, (low, high) in zip(("norms", "labels"), ranges, strict=True):
        if low < least or high > most:
            raise ValueError(
                f"{name}: expected numbers within the range of {precision}, got ({low!r}, {high!r})"
            )
    low, high = ranges[0]
    if not np.finfo(np.float64).tiny <= high * high < math.inf:
        raise ValueError(
            f"norms: expected numbers with squares within the range of float64, got ({low!r}, {high!r})"
        )
    return _Plan(seed, points, dimension, precision, *ranges)


def _labels(plan: _Plan) -> Array:
    sizes = plan.rng.uniform(*plan.labels, plan.n)
    return np.where(plan.rng.random(plan.n) < 0.5, -sizes, sizes)


def _rescale(directions: Array, lengths: Array) -> None:
    """Give the rows these norms, in place."""
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions *= lengths[:, None]


def _triangle(rng: np.random.Generator, n: int, d: int) -> Array:
    """(n, n) lower triangular T with the law of R^T, G^T = Q R, G (n, d) standard normal (Bartlett)."""
    T = np.zeros((n, n))
    T[np.tril_indices(n, -1)] = rng.standard_normal(n * (n - 1) // 2)
    T[np.diag_indices(n)] = np.sqrt(rng.chisquare(_degrees(n, d)))
    return T


def _degrees(n: int, d: int) -> Array:
    """Degrees of freedom of T_ii^2: d - i + 1 for i = 1..n, what the i - 1 rows before leave of d."""
    return float(d) - np.arange(n)


def _checked_teacher(given: object, d: int) -> Network | int:
    """A teacher in d dimensions, or the width of a random one."""
    if not isinstance(given, Network):
        return checks.integer("network", given, 1)
    if given.d != d or given.w_perp_sq.any():
        raise ValueError(f"network: expected a teacher in all d = {d} dimensions, got {given!r}")
    return Network(given.W, given.a, dtype=np.float64)


def _random_teacher(m: int, d: int, rng: np.random.Generator) -> Network:
    W = rng.standard_normal((m, d))
    return Network(W, np.where(rng.random(m) < 0.5, -1.0, 1.0) * np.sqrt(m))
