"""Two-sample test of convergence curves: do two sets of runs converge alike at every n?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pl_native._base import checks, memory
from pl_native.stats.intervals import check_counts
from pl_native.streams import Purpose, Seed, generator


@dataclass(frozen=True, slots=True, repr=False)
class CurveTest:
    """Result of `two_sample_test`.

    `p_value` combines `p_shift` (one curve lies above the other) and `p_shape` (they differ in any way);
    `excess` is the number of converged runs of the first sample beyond its expectation under equality.
    """

    p_value: float
    p_shift: float
    p_shape: float
    excess: float
    n: np.ndarray
    runs: tuple[int, int]
    resamples: int

    def __repr__(self) -> str:
        return (
            f"p = {self.p_value:.4g} (shift {self.p_shift:.4g}, shape {self.p_shape:.4g}; first "
            f"{self.excess:+.1f} converged; {self.n.size} n, {self.runs[0]} and {self.runs[1]} runs)"
        )


def _xlogx(k: np.ndarray) -> np.ndarray:
    """k log k of whole numbers; looked up, where there are more of them than values."""
    top = int(k.max(initial=0))
    each = np.arange(top + 1) if top < k.size else k
    product: np.ndarray = each * np.log(np.maximum(each, 1.0))
    return product if each is k else product[k]


def _likelihood_ratio(k1: np.ndarray, m1: np.ndarray, total: np.ndarray, m2: np.ndarray) -> np.ndarray:
    """2 log likelihood ratio of "two probabilities at each n" against "one at each n", summed over
    the last axis.
    """
    k2 = total - k1
    free = _xlogx(k1) + _xlogx(m1 - k1) - _xlogx(m1) + _xlogx(k2) + _xlogx(m2 - k2) - _xlogx(m2)
    common = _xlogx(total) + _xlogx(m1 + m2 - total) - _xlogx(m1 + m2)
    statistic: np.ndarray = 2.0 * (free - common).sum(axis=-1)
    return statistic


def _tail(statistic: np.ndarray) -> np.ndarray:
    """For each entry the fraction of entries at least as large: a permutation p-value, itself included."""
    statistic = np.round(statistic, 9)  # equal tables must tie whatever the order of summation
    ordered = np.sort(statistic)
    fraction: np.ndarray = (
        statistic.size - np.searchsorted(ordered, statistic, side="left")
    ) / statistic.size
    return fraction


def two_sample_test(
    n1: Sequence[float] | np.ndarray,
    counts1: tuple[Sequence[int] | np.ndarray, Sequence[int] | np.ndarray],
    n2: Sequence[float] | np.ndarray,
    counts2: tuple[Sequence[int] | np.ndarray, Sequence[int] | np.ndarray],
    *,
    resamples: int = 19_999,
    seed: Seed = 0,
) -> CurveTest:
    """Test that P(converged | n) is the same function in two samples, over all n they share.

    `counts` = (converged, runs), integer arrays like the n beside them. Given the total converged at each n,
    the first sample's share is hypergeometric under equality: the null law is simulated from that, so the
    test is valid for any number of runs (p >= 1/(resamples + 1); conservative where counts are small, never
    anti-conservative). Two statistics are used, the excess of converged runs summed over n, |sum (k1 - E
    k1)|/sd, sharp against a shift of the threshold, and the likelihood ratio summed over n, sharp against a
    change of shape; the p-value of the smaller of their p-values is taken in the same resamples, so that
    looking twice costs nothing in size.
    """
    checks.integer("resamples", resamples, 99)
    n, k1, m1, k2, m2 = _shared(n1, counts1, n2, counts2)
    total = k1 + k2
    rng = generator(seed, Purpose.BOOTSTRAP)
    memory.require(8.0 * 8 * resamples * n.size, f"a test of {resamples} resamples")
    draws = rng.hypergeometric(total, m1 + m2 - total, m1, size=(resamples, n.size))
    tables = np.concatenate([k1[None, :], draws])
    m = (m1 + m2).astype(np.float64)
    mean = total * m1 / m
    variance = np.sum(mean * (m2 / m) * (m - total) / np.maximum(m - 1.0, 1.0))
    excess = (tables - mean).sum(axis=1)
    shift = _tail(np.abs(excess) / np.sqrt(variance) if variance > 0.0 else np.zeros(len(tables)))
    shape = _tail(_likelihood_ratio(tables, m1, total, m2))
    combined = _tail(-np.minimum(shift, shape))
    return CurveTest(
        float(combined[0]),
        float(shift[0]),
        float(shape[0]),
        float(excess[0]),
        n,
        (int(m1.sum()), int(m2.sum())),
        resamples,
    )


def _sample(label: str, n: object, counts: object) -> dict[float, tuple[int, int]]:
    sizes = checks.measured(f"n{label}", n)
    if not (isinstance(counts, tuple) and len(counts) == 2):
        raise ValueError(f"counts{label}: expected a pair (converged, runs), got {checks.shown(counts)}")
    k, m = check_counts(*counts)
    if sizes.ndim != 1 or sizes.shape != k.shape:
        raise ValueError(f"n{label}: expected shape {k.shape} like its counts, got {sizes.shape}")
    if np.unique(sizes).size != sizes.size:
        raise ValueError(f"n{label}: values must be different, got {checks.shown(sizes)}")
    return {size: (int(a), int(b)) for size, a, b in zip(sizes.tolist(), k, m, strict=True) if b > 0}


def _shared(n1: object, counts1: object, n2: object, counts2: object) -> tuple[np.ndarray, ...]:
    first, second = _sample("1", n1, counts1), _sample("2", n2, counts2)
    shared = sorted(first.keys() & second.keys())
    if not shared:
        raise ValueError(f"n1 and n2: no common n with runs, got {sorted(first)} and {sorted(second)}")
    columns = np.array([[*first[n], *second[n]] for n in shared], dtype=np.int64).T
    return np.array(shared), *columns
