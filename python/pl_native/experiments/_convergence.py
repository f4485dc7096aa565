"""Convergence curves: what figures 3, 4 and 5 have in common. P(converged) and loss ratio against
n, threshold N.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native.experiments import published
from pl_native.experiments._rows import number, real
from pl_native.experiments.verdict import Outcome, Tally
from pl_native.stats import (
    CurveTest,
    Interval,
    MeanEstimate,
    Proportion,
    Threshold,
    logistic_threshold,
    mean_interval,
    published_threshold,
    two_sample_test,
)
from pl_native.store import Row

Judge: TypeAlias = Callable[[Row], Outcome]
"""The question that is asked of a run: `verdict.of_flow` or `verdict.by_horizon`."""


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


def curve(rows: Sequence[Row], judge: Judge, seed: int = 0, *, rescale: bool = False) -> Curve:
    """Curve of the rows of one law (any order), each run as `judge` finds it.

    `seed` is that of the bootstrap of the loss ratios, `rescale` as in `stats.published_threshold`.
    ValueError or TypeError for no rows, for rows without the numbers, and for a judge that finds no Outcome.
    """
    if not rows:
        raise ValueError("rows: expected at least one run")
    by_n: dict[int, list[Row]] = {}
    for row in rows:
        by_n.setdefault(number(row, "n"), []).append(row)
    sizes = sorted(by_n)
    outcomes = {n: [_judged(judge, row) for row in by_n[n]] for n in sizes}
    ratios = [
        mean_interval([_ratio(*pair) for pair in zip(by_n[n], outcomes[n], strict=True)], seed=seed)
        for n in sizes
    ]
    p = [number(by_n[n][0], "p") for n in sizes]
    tallies = [Tally.of(outcomes[n]) for n in sizes]
    return _assemble(np.array(sizes), np.array(p), tallies, tuple(ratios), rescale)


@functools.cache
def published_curve(name: str, *, rescale: bool = False, **where: int) -> Curve | None:
    """A table of `experiments.published` with columns n, runs, converged, as a curve; None without rows
    `where` the columns named have these values. Asked for again it is the same object, whose arrays cannot be
    written to.

    Its loss ratios, where it has them (else NaN), are means without a published spread: their
    intervals are unbounded.
    """
    table = published.load(name)
    here = np.logical_and.reduce([table[key] == value for key, value in where.items()])
    if where:
        table = {key: column[here] for key, column in table.items()}
    if not table["n"].size:
        return None
    p = table.get("p", np.zeros_like(table["n"]))
    counts = zip(table["converged"].tolist(), table["runs"].tolist(), strict=True)
    tallies = [Tally(converged, runs - converged, 0) for converged, runs in counts]
    open_interval = Interval(-math.inf, math.inf)
    ratios = [
        MeanEstimate(float(v), open_interval, int(m))
        for v, m in zip(table.get("loss_ratio", np.full(p.shape, np.nan)), table["runs"], strict=True)
    ]
    found = _assemble(table["n"], p, tallies, tuple(ratios), rescale)
    for column in (found.n, found.p, found.converged, found.undecided, found.runs):
        column.setflags(write=False)
    return found


def compare(label: str, measured: Curve, reference: Curve | None) -> Comparison:
    """Both curves and the two-sample test over the n they share; a reference that shares none is left out."""
    if reference is None or not np.intersect1d(measured.n, reference.n).size:
        return Comparison(label, measured, None, None)
    decided = measured.runs - measured.undecided
    test = two_sample_test(
        measured.n, (measured.converged, decided), reference.n, (reference.converged, reference.runs)
    )
    return Comparison(label, measured, reference, test)


def pooled_test(comparisons: Sequence[Comparison]) -> CurveTest | None:
    """The two-sample test over several comparisons at once: each (comparison, n) is a place of its own."""
    places, ours, theirs = _pooled(comparisons)
    if not places.size:
        return None
    return two_sample_test(places, (ours[0], ours[1]), places, (theirs[0], theirs[1]))


def pooled_difference(comparisons: Sequence[Comparison]) -> tuple[float, Interval]:
    """Our share of converged runs less the published one, and its 95 % interval, over all shared n of several
    comparisons; NaN without any.

    With weights w = m1 m2/(m1 + m2) at each n, normal; variances by (k + 1)/(m + 2), so that a share of 0 or
    1 has one.
    """
    _, ours, theirs = _pooled(comparisons)
    weight = ours[1] * theirs[1] / np.maximum(ours[1] + theirs[1], 1)
    if not weight.sum() > 0:
        return math.nan, Interval(-math.inf, math.inf)
    weight = weight / weight.sum()
    apart, variance = 0.0, 0.0
    for sign, (k, m) in ((1.0, ours), (-1.0, theirs)):
        share = (k + 1) / (m + 2)
        apart += sign * float(np.sum(weight * k / np.maximum(m, 1)))
        variance += float(np.sum(weight**2 * share * (1 - share) / np.maximum(m, 1)))
    half = NormalDist().inv_cdf(0.975) * math.sqrt(variance)
    return apart, Interval(apart - half, apart + half)


def _pooled(comparisons: Sequence[Comparison]) -> tuple[Array, Array, Array]:
    """Every n that both have, as a place (m,), and (converged, decided) of ours and the published, (2, m)."""
    places, ours, theirs = [], [], []
    for k, one in enumerate(comparisons):
        for i, j in one.pairs():
            if one.published is None or j is None:
                continue
            decided = one.measured.runs[i] - one.measured.undecided[i]
            places.append(k * 1e9 + float(one.measured.n[i]))
            ours.append((one.measured.converged[i], decided))
            theirs.append((one.published.converged[j], one.published.runs[j]))
    first, second = (np.array(counts, dtype=np.int64).reshape(-1, 2).T for counts in (ours, theirs))
    return np.array(places), first, second


def _assemble(
    n: Array, p: Array, tallies: Sequence[Tally], ratios: tuple[MeanEstimate, ...], rescale: bool
) -> Curve:
    counts = [(tally.converged, tally.not_converged, tally.undecided) for tally in tallies]
    converged, against, undecided = np.array(counts, dtype=np.int64).T
    share = converged / np.maximum(converged + against, 1)
    return Curve(
        n=n,
        p=p,
        converged=converged,
        undecided=undecided,
        runs=converged + against + undecided,
        probability=tuple(tally.share() for tally in tallies),
        loss_ratio=ratios,
        threshold=logistic_threshold(n, converged, against, undecided),
        estimator=published_threshold(n, share, rescale=rescale) if n.size > 1 else math.nan,
    )


def _judged(judge: Judge, row: Row) -> Outcome:
    if not callable(judge):
        raise TypeError(f"judge: expected a function of a row, got {checks.kind(judge)}")
    found = judge(row)
    if not isinstance(found, str) or found not in tuple(Outcome):
        known = ", ".join(repr(str(one)) for one in Outcome)
        raise ValueError(f"judge: expected it to find one of {known} for a row, got {checks.kind(found)}")
    return Outcome(found)


def _ratio(row: Row, outcome: Outcome) -> float:
    if outcome is Outcome.CONVERGED:
        return 0.0
    end, start = real(row, "loss_end"), real(row, "loss_start")
    if not (math.isfinite(end) and 0.0 < start < math.inf):
        raise ValueError(f"row {row.get('id')}: expected losses, the first > 0, got {start!r} and {end!r}")
    return end / start
