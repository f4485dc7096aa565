"""Groups of points, one for each neuron (section 4): their labels, and numbers given for each."""

from __future__ import annotations

import math

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem.dataset import Dataset


def group_labels(data: object, p: int) -> Array:
    """(p, k) float64 labels, one row per group of k = n/p consecutive points; ValueError for other data."""
    if not isinstance(data, Dataset):
        raise TypeError(f"data: expected a pl.Dataset (data.group), got {checks.kind(data)}")
    if data.orthogonal_norms is None or not np.all(data.norms == 1):
        raise ValueError(f"data: expected orthonormal inputs (data.group), got {data!r}")
    if data.n % p != 0:
        raise ValueError(f"p: expected a divisor of n = {data.n}, got {p}")
    labels = data.y.astype(np.float64).reshape(p, -1)
    mixed = np.flatnonzero((np.sign(labels) != np.sign(labels[:, :1])).any(axis=1) | (labels[:, 0] == 0))
    if len(mixed):
        raise ValueError(
            f"data: expected labels of one sign in each group (data.group), not in group {mixed[0]}"
        )
    return labels


def per_group(name: str, value: object, p: int, most: float) -> Array:
    """(p,) numbers in (0, most] from one number or one per group."""
    values: Array
    if isinstance(value, int | float | str | np.generic) or value is None:
        values = np.full(p, checks.positive(name, value))
    else:
        values = checks.owned(name, value, "p", np.dtype(np.float64))
        checks.length(name, values, p, f"p = {p} groups")
    wrong = np.flatnonzero((values <= 0) | (values > most))
    if len(wrong):
        end = "" if math.isinf(most) else f" and <= {most:g}"
        raise ValueError(f"{name}: expected numbers > 0{end}, got {values[wrong[0]]} for group {wrong[0]}")
    return values
