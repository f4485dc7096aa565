"""Random data sets of the paper's experiments (section 5 of the paper's notation page, Appendix B).

Every generator draws in float64, in a fixed order (inputs' directions, norms, labels' sizes, labels' signs),
and casts at the end, so that float32 data are the rounded float64 data of the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native import _checks
from pl_native._checks import Array
from pl_native.streams import Purpose, Seed, generator
from pl_native.types import Dataset

Range = tuple[float, float]


def sphere(
    n: int,
    d: int,
    *,
    seed: Seed,
    dtype: object = np.float64,
    norms: Range = (1.0, 2.0),
    labels: Range = (1.0, 2.0),
) -> Dataset:
    """Inputs of uniform direction on the sphere of R^d and norm uniform on `norms` (the paper's Experiment
    1).

    Labels are uniform on [-high, -low] U [low, high], (low, high) = `labels`. X is (n, d), y (n,), of
    `dtype`.
    Raises ValueError or TypeError for sizes < 1, ranges that are not 0 < low <= high, and unusable seeds.
    """
    plan = _plan(n, d, seed, dtype, norms, labels)
    directions = plan.rng.standard_normal((plan.n, plan.d))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions *= plan.rng.uniform(*plan.norms, plan.n)[:, None]
    return Dataset(directions, _labels(plan), dtype=plan.dtype)


def gaussian(
    n: int, d: int, *, seed: Seed, dtype: object = np.float64, labels: Range = (1.0, 2.0)
) -> Dataset:
    """Inputs x_i ~ N(0, I/d), labels as in `sphere`. X is (n, d), y (n,), of `dtype`; errors as in
    `sphere`.
    """
    plan = _plan(n, d, seed, dtype, (1.0, 1.0), labels)
    inputs = plan.rng.standard_normal((plan.n, plan.d)) / np.sqrt(plan.d)
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
    lengths = plan.rng.uniform(*plan.norms, plan.n)
    return Dataset.orthogonal(lengths, _labels(plan), plan.d, dtype=plan.dtype)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The checked arguments of a draw."""

    rng: np.random.Generator
    n: int
    d: int
    dtype: np.dtype[Any]
    norms: Range
    labels: Range


def _plan(n: object, d: object, seed: object, dtype: object, norms: object, labels: object) -> _Plan:
    points, dimension = _checks.integer("n", n, 1), _checks.integer("d", d, 1)
    ranges = _checks.interval("norms", norms), _checks.interval("labels", labels)
    return _Plan(generator(seed, Purpose.DATA), points, dimension, _checks.float_dtype(dtype), *ranges)


def _labels(plan: _Plan) -> Array:
    sizes = plan.rng.uniform(*plan.labels, plan.n)
    return np.where(plan.rng.random(plan.n) < 0.5, -sizes, sizes)
