"""The paper's protocol as cells, and the two faults that a comparison with published counts has to notice.

A comparison that rejects nothing says something only if it would reject what is wrong: here a grid shifted
by a few per cent in n, and a horizon cut short. Both leave everything else alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pl_native._problem import Status, Stop
from pl_native._run import time_grid
from pl_native.experiments._curves import Comparison, number, real
from pl_native.protocol import horizon
from pl_native.stats import CurveTest, two_sample_test
from pl_native.store import Row
from pl_native.sweep import Cell


def paper_cell(n: int, d: int, p: int, initialisation: str, replicates: int) -> Cell:
    """Euler with step 1 in float32 to the horizon 1.5 (sqrt(n p)/4) log(n p), or to loss 1/(2n)."""
    return Cell(
        n=n,
        d=d,
        p=p,
        initialisation=initialisation,
        t_end=horizon(n, p),
        replicates=replicates,
        dtype="float32",
        stop=Stop(loss=1.0 / (2 * n)),
    )


def shifted(cell: Cell, factor: float) -> Cell:
    """The same cell at round(factor * n) points, horizon and target with it, width kept: a law shifted in
    n."""
    n = round(factor * cell.n)
    return replace(cell, n=n, t_end=horizon(n, cell.p), stop=Stop(loss=1.0 / (2 * n)))


def labelled(rows: Sequence[Row], factor: float, sizes: Sequence[int]) -> list[Row]:
    """Rows of `shifted` cells under the n they were made from: what a reader would see who did not know."""
    back = {round(factor * n): n for n in sizes}
    return [row | {"n": back[number(row, "n")]} for row in rows]


def cut_short(rows: Sequence[Row], factor: float) -> list[Row]:
    """The rows as a horizon `factor` times as long would have left them, exactly, as far as counts go.

    A run of the protocol ends when it reaches its target, so one that ended later than the shorter horizon's
    last step would not have reached it.
    """
    return [_cut(row, factor) for row in rows]


def _cut(row: Row, factor: float) -> Row:
    step, target = real(row, "step"), real(row, "stop_loss")
    last = step * time_grid.n_steps(factor * real(row, "horizon"), step)
    if real(row, "loss_end") > target or real(row, "t_end") <= last:
        return dict(row)
    return row | {"status": Status.HORIZON.name, "t_end": last, "loss_end": math.nextafter(target, math.inf)}


def pooled_test(comparisons: Sequence[Comparison]) -> CurveTest | None:
    """The two-sample test over several comparisons at once: each (comparison, n) is a place of its own."""
    places, ours, theirs = [], [], []
    for k, one in enumerate(comparisons):
        for i, j in one.pairs():
            if one.published is None or j is None:
                continue
            decided = one.measured.runs[i] - one.measured.undecided[i]
            places.append(k * 1e9 + float(one.measured.n[i]))
            ours.append((one.measured.converged[i], decided))
            theirs.append((one.published.converged[j], one.published.runs[j]))
    if not places:
        return None
    first, second = np.array(ours, dtype=np.int64).T, np.array(theirs, dtype=np.int64).T
    return two_sample_test(places, (first[0], first[1]), places, (second[0], second[1]))
