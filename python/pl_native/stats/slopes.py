"""Means over runs and log-log slopes, with bootstrap intervals over runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pl_native.stats.intervals import Interval, check_level
from pl_native.streams import Purpose, Seed, generator


@dataclass(frozen=True, slots=True, repr=False)
class MeanEstimate:
    """Mean over `runs` runs with a bootstrap interval."""

    estimate: float
    interval: Interval
    runs: int

    def __repr__(self) -> str:
        return f"{self.estimate:.6g} {self.interval!r}, {self.runs} runs"


@dataclass(frozen=True, slots=True, repr=False)
class Slope:
    """Exponent of mean(value) = exp(intercept) n^slope by least squares of the logarithms,
    interval over runs.
    """

    slope: float
    intercept: float
    interval: Interval
    n: np.ndarray
    runs: np.ndarray

    def __repr__(self) -> str:
        low, high = int(self.runs.min()), int(self.runs.max())
        runs = f"{low}" if low == high else f"{low} to {high}"
        return f"slope {self.slope:.4f} {self.interval!r}, {self.n.size} values of n, {runs} runs each"


def _runs(name: str, values: object) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0 or not np.all(np.isfinite(array)):
        raise ValueError(
            f"{name}: expected a one-dimensional, finite, non-empty array over runs, got {values!r}"
        )
    return array


def _resampled_means(values: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(resamples,) bootstrap means, deviations from the mean enlarged by sqrt(m/(m-1)).

    Resampling m runs shrinks the variance by (m-1)/m, which at ten runs would cost 1 % of coverage.
    """
    m = values.size
    draws = np.empty(resamples)
    block = max(1, 2_000_000 // m)  # at most 16 MB of indices and as much of values
    for start in range(0, resamples, block):
        stop = min(start + block, resamples)
        draws[start:stop] = values[rng.integers(0, m, size=(stop - start, m))].mean(axis=1)
    if m == 1:
        return draws
    mean = values.mean()
    enlarged: np.ndarray = np.clip(mean + (draws - mean) * np.sqrt(m / (m - 1)), values.min(), values.max())
    return enlarged


def _check_resamples(resamples: int) -> int:
    if resamples < 100:
        raise ValueError(f"resamples: expected at least 100, got {resamples!r}")
    return int(resamples)


def mean_interval(
    values: Sequence[float] | np.ndarray, level: float = 0.95, *, resamples: int = 4000, seed: Seed = 0
) -> MeanEstimate:
    """Mean of `values` (runs,) with a percentile-bootstrap interval over runs; a single run gets
    an infinite one.
    """
    runs, tail = _runs("values", values), (1.0 - check_level(level)) / 2
    resamples = _check_resamples(resamples)
    mean = float(runs.mean())
    if runs.size == 1:
        return MeanEstimate(mean, Interval(-np.inf, np.inf, level), 1)
    draws = _resampled_means(runs, resamples, generator(seed, Purpose.BOOTSTRAP))
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return MeanEstimate(mean, Interval(float(low), float(high), level), runs.size)


def loglog_slope(
    n: Sequence[float] | np.ndarray,
    values: Sequence[Sequence[float] | np.ndarray],
    level: float = 0.95,
    *,
    resamples: int = 4000,
    seed: Seed = 0,
) -> Slope:
    """Ordinary least-squares slope of log(mean over runs) against log(n), with a bootstrap interval.

    `n` (m,) holds at least two different positive values; `values[i]` (runs_i,) the positive runs at `n[i]`,
    at least two. Runs are resampled independently at each n.
    """
    sizes, tail = _runs("n", n), (1.0 - check_level(level)) / 2
    resamples = _check_resamples(resamples)
    if np.any(sizes <= 0.0) or np.unique(sizes).size < 2:
        raise ValueError(f"n: expected at least two different positive values, got {n!r}")
    if len(values) != sizes.size:
        raise ValueError(f"values: expected one array of runs for each of {sizes.size} n, got {len(values)}")
    runs = [_runs(f"values[{i}]", v) for i, v in enumerate(values)]
    for i, v in enumerate(runs):
        if v.size < 2 or np.any(v <= 0.0):
            raise ValueError(
                f"values[{i}]: expected at least two positive runs at n = {sizes[i]:g}, got {v!r}"
            )
    x = np.log(sizes)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    logs = np.log([v.mean() for v in runs])
    slope = float(weights @ logs)
    rng = generator(seed, Purpose.BOOTSTRAP)
    draws = np.log(np.stack([_resampled_means(v, resamples, rng) for v in runs])).T @ weights
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    intercept = float(logs.mean() - slope * x.mean())
    return Slope(
        slope, intercept, Interval(float(low), float(high), level), sizes, np.array([v.size for v in runs])
    )
