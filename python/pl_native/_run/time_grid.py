"""Times of a run: of explicit Euler t = k * step, and which k are recorded; of the flow any times."""

from __future__ import annotations

import math

import numpy as np

from pl_native._base import memory
from pl_native._base.checks import Array
from pl_native._problem import Save

_MOST = 2**40  # as in the native core; far below 2**53, where k * step would skip


def n_steps(t_end: float, step: float) -> int:
    """N = round(t_end/step) when that is within 1e-9 relative, else floor + 1: N * step covers t_end.

    At least 1 for t_end > 0, where the ratio is below all numbers, too.
    """
    ratio = t_end / step
    if ratio >= _MOST:
        raise ValueError(f"t_end: t_end/step = {ratio:.3g} steps are too many (at most 2**40)")
    nearest = round(ratio)
    if abs(ratio - nearest) <= 1e-9 * ratio:
        return max(nearest, 1) if t_end > 0 else 0
    return math.floor(ratio) + 1


def save_steps(save: Save, t_end: float, step: float, n: int) -> Array:
    """The steps 0 <= k <= N = `n` at which to record: int64, strictly increasing, never empty."""
    if save.times is not None:
        return _snapped(_within(save.times, t_end), step, n)
    if save.every is not None:
        _ask(n + 1 if save.every <= step else n * step / save.every + 1)
        if save.every <= step:
            return np.arange(n + 1, dtype=np.int64)
        times = save.every * np.arange(math.floor(n * step / save.every) + 1)
        return np.union1d(_snapped(times, step, n), [n]).astype(np.int64)
    count = min(save.count or 2, n + 1)
    if count < 2:
        return np.zeros(1, dtype=np.int64)
    # i * N // (count - 1) without forming i * N, which may exceed int64
    _ask(count)
    whole, rest = divmod(n, count - 1)
    i = np.arange(count, dtype=np.int64)
    return i * whole + i * rest // (count - 1)


def save_times(save: Save, t_end: float) -> Array:
    """The times in [0, t_end] at which the flow records: float64, strictly increasing, never empty."""
    if save.times is not None:
        return np.unique(np.minimum(_within(save.times, t_end), t_end))
    if t_end == 0:
        return np.zeros(1)
    if save.every is not None:
        _ask(t_end / save.every + 1)
        times = save.every * np.arange(math.floor(t_end / save.every * (1 + 1e-12)) + 1)
        return np.union1d(np.minimum(times, t_end), [t_end])
    count = save.count or 2
    if count == 2:
        return np.array([0.0, t_end])
    _ask(count)
    times = t_end * (np.arange(count) / (count - 1))
    times[-1] = t_end
    return times if (times[1:] > times[:-1]).all() else np.unique(times)


_ROW = 96
"""Bytes that a row takes at the least: a few arrays of times while they are made, the columns in the end."""


def _ask(rows: float) -> None:
    memory.require(_ROW * rows, f"a run that saves {rows:.4g} times")


def _within(times: Array, t_end: float) -> Array:
    if times[-1] > t_end * (1 + 1e-9):
        raise ValueError(f"save.times: expected times in [0, t_end = {t_end!r}], got {times[-1]}")
    return times


def _snapped(times: Array, step: float, n: int) -> Array:
    nearest = np.floor(times / step + 0.5)
    return np.unique(np.minimum(nearest, n).astype(np.int64))
