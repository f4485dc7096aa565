"""Convergence curves: what figures 3, 4 and 5 have in common. P(converged) and loss ratio against n,
threshold N.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Status
from pl_native.experiments import published
from pl_native.stats import (
    CurveTest,
    Interval,
    MeanEstimate,
    Proportion,
    Threshold,
    clopper_pearson,
    logistic_threshold,
    mean_interval,
    published_threshold,
    two_sample_test,
)
from pl_native.store import Row

UNDECIDED = {Status.WALL_TIME.name, Status.STEP_LIMIT.name, Status.SWITCH_LIMIT.name}
"""Runs that ended for want of time or steps, before the protocol's horizon: neither converged nor not."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Convergence against n, increasing: all arrays and tuples have one entry per n."""

    n: Array
    p: Array
    converged: Array
    undecided: Array
    runs: Array
    probability: tuple[Proportion, ...]
    loss_ratio: tuple[MeanEstimate, ...]
    """mean over runs of loss at the end over loss at the start, converged runs as 0"""
    threshold: Threshold
    estimator: float
    """the published estimator of N"""

    @property
    def not_converged(self) -> Array:
        """Runs decided against."""
        rest: Array = self.runs - self.converged - self.undecided
        return rest


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measured curve beside the published one, where there is one."""

    label: str
    measured: Curve
    published: Curve | None
    test: CurveTest | None

    def pairs(self) -> list[tuple[int, int | None]]:
        """Index of each measured n, and of the same n in the published curve."""
        where = {} if self.published is None else {int(n): i for i, n in enumerate(self.published.n)}
        return [(i, where.get(int(n))) for i, n in enumerate(self.measured.n)]


def curve(rows: Sequence[Row], seed: int = 0, *, rescale: bool = False) -> Curve:
    """Curve of the rows of one law (any order); a run has converged when its loss ended at or below its
    target.

    `seed` is that of the bootstrap of the loss ratios, `rescale` as in `stats.published_threshold`.
    """
    if not rows:
        raise ValueError("rows: expected at least one run")
    by_n: dict[int, list[Row]] = {}
    for row in rows:
        by_n.setdefault(number(row, "n"), []).append(row)
    sizes = sorted(by_n)
    counts = np.array([_outcomes(by_n[n]) for n in sizes], dtype=np.int64).T
    ratios = [mean_interval([_ratio(row) for row in by_n[n]], seed=seed) for n in sizes]
    p = [number(by_n[n][0], "p") for n in sizes]
    return _assemble(np.array(sizes), np.array(p), counts, tuple(ratios), rescale)


def published_curve(name: str, d: int | None = None, *, rescale: bool = False) -> Curve | None:
    """A table of `pl_native.published` with columns n, p, runs, converged, as a curve; None without rows of
    `d`.

    Its loss ratios, where it has them (else NaN), are means without a published spread: their intervals are
    unbounded.
    """
    table = published.load(name)
    if d is not None:
        table = {key: column[table["d"] == d] for key, column in table.items()}
    if not table["n"].size:
        return None
    p = table.get("p", np.zeros_like(table["n"]))
    counts = np.stack([table["converged"], np.zeros_like(table["n"]), table["runs"]])
    open_interval = Interval(-math.inf, math.inf)
    ratios = [
        MeanEstimate(float(v), open_interval, int(m))
        for v, m in zip(table.get("loss_ratio", np.full(p.shape, np.nan)), counts[2], strict=True)
    ]
    return _assemble(table["n"], p, counts, tuple(ratios), rescale)


def compare(label: str, measured: Curve, reference: Curve | None) -> Comparison:
    """Both curves and the two-sample test over the n they share; a reference that shares none is left out."""
    if reference is None or not np.intersect1d(measured.n, reference.n).size:
        return Comparison(label, measured, None, None)
    decided = measured.runs - measured.undecided
    test = two_sample_test(
        measured.n, (measured.converged, decided), reference.n, (reference.converged, reference.runs)
    )
    return Comparison(label, measured, reference, test)


def _assemble(n: Array, p: Array, counts: Array, ratios: tuple[MeanEstimate, ...], rescale: bool) -> Curve:
    converged, undecided, runs = counts
    decided = runs - undecided
    share = converged / np.maximum(decided, 1)
    return Curve(
        n=n,
        p=p,
        converged=converged,
        undecided=undecided,
        runs=runs,
        probability=tuple(clopper_pearson(int(k), int(m)) for k, m in zip(converged, decided, strict=True)),
        loss_ratio=ratios,
        threshold=logistic_threshold(n, converged, decided - converged, undecided),
        estimator=published_threshold(n, share, rescale=rescale) if n.size > 1 else math.nan,
    )


def _outcomes(rows: Sequence[Row]) -> tuple[int, int, int]:
    """(converged, undecided, all) runs."""
    converged = sum(_converged(row) for row in rows)
    undecided = sum(row["status"] in UNDECIDED and not _converged(row) for row in rows)
    return converged, undecided, len(rows)


def _converged(row: Row) -> bool:
    return real(row, "loss_end") <= real(row, "stop_loss")


def _ratio(row: Row) -> float:
    return 0.0 if _converged(row) else real(row, "loss_end") / real(row, "loss_start")


def real(row: Row, name: str) -> float:
    """A column that must hold a float."""
    value = row[name]
    if not isinstance(value, float):
        raise TypeError(f"row {row['id']}: expected a number in {name}, got {value!r}")
    return value


def number(row: Row, name: str) -> int:
    """A column that must hold an integer."""
    value = row[name]
    if not isinstance(value, int):
        raise TypeError(f"row {row['id']}: expected a whole number in {name}, got {value!r}")
    return value
