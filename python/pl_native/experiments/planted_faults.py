"""Convergence counts against the published ones, and what the same test says of two planted faults.

A comparison that rejects nothing says something only if it would reject what is wrong: here a law shifted by
3 % in n (run anew), and a horizon 10 % shorter (exact from the same rows). Both leave everything else alone.

    planted_faults.compare("fig4", "rows")    runs what `rows` has not got, and returns the log

The logs of one such comparison of each of `TARGETS` are in docs/results/published, beside the rows of the
shifted law; those of the paper's own are among docs/results/paper.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from pl_native import sweep
from pl_native._base import checks
from pl_native._base.build import build_info
from pl_native._run import time_grid
from pl_native.experiments import compact, fig3, fig4
from pl_native.experiments._convergence import Comparison, pooled_test
from pl_native.experiments._paper_cell import paper_cell
from pl_native.experiments._power import LEVEL
from pl_native.experiments._rows import number, real
from pl_native.stats import overlap
from pl_native.store import Row, Store
from pl_native.sweep import Cell

SHIFT, SHORTER = 1.03, 0.9

TARGETS: dict[str, ModuleType] = {"fig3-1x": fig3, "fig3-4x": fig3, "fig4": fig4}
"""The comparisons, each with the experiment it is of: figure 3 at both widths, figure 4 where
it is published."""


def cells(target: str) -> list[Cell]:
    """What one of `TARGETS` runs: the published n and number of runs. ValueError for other names."""
    checks.choice("target", target, tuple(TARGETS))
    if target == "fig4":
        return fig4.tasks("published")
    factor = 4 if target == "fig3-4x" else 1
    paper = [cell for cell in fig3.tasks("paper") if cell.initialisation == "torch_linear"]
    return [cell for cell in paper if cell.p == sweep.width(cell.n, factor)]


def compare(
    target: str,
    folder: str | os.PathLike[str],
    *,
    results: str | os.PathLike[str] | None = None,
    seed: int = 2026,
    first: int | None = None,
    runs: int | None = None,
    **how: Any,
) -> str:
    """Run what `folder` has not got of one of `TARGETS` and of the same cells at shifted n; the
    log, in words.

    results  folder for the compact rows and the log, if any
    first    only this many of the cells; `runs` of each instead of the published number: to try it
    how      keywords of `sweep.run`
    """
    planned = cells(target)[:first]
    if runs is not None:
        planned = [replace(cell, replicates=runs) for cell in planned]
    found = []
    for name, mine in ((target, planned), (f"{target}-shifted", [shifted(c, SHIFT) for c in planned])):
        plan = sweep.plan(mine, seed=seed, name=name)
        sweep.run(plan, Path(folder) / name, extend=True, **how)
        found.append(Store(Path(folder) / name).rows(plan.ids))
    facts = build_info()
    native = facts["native"] or {}
    head = (
        f"{target}: {len(planned)} cells, {len(found[0])} runs, seed {seed}; pl_native {facts['pl_native']}, "
        f"level {native.get('level')}, {native.get('compiler')}\n"
    )
    text = head + "\n" + report(target, *found)
    if results is not None:
        for name, rows in zip((target, f"{target}-shifted"), found, strict=True):
            compact.write("fig3", rows, Path(results) / f"{name}.csv")
        (Path(results) / f"{target}.log").write_text(text, encoding="utf-8")
    return text


def stored(target: str, path: str | os.PathLike[str]) -> list[Row]:
    """The rows of a compact file that are of one of `TARGETS`, with the columns that the protocol fixes."""
    places = {
        (round(factor * cell.n), cell.d, cell.p, cell.initialisation)
        for cell in cells(target)
        for factor in (1.0, SHIFT)
    }
    rows = compact.read("fig3", path)  # figure 4 keeps the same
    return [row for row in rows if (row["n"], row["d"], row["p"], row["initialisation"]) in places]


def report(target: str, rows: Sequence[Row], moved: Sequence[Row]) -> str:
    """The comparison of `rows` with the published counts, and of both planted faults: rows `moved` to n
    shifted by `SHIFT`, and `rows` cut short to `SHORTER` of their horizon."""
    figure = TARGETS[target]
    sizes = {number(row, "n") for row in rows}
    lines = [
        figure.summarise(rows).table(),
        *_judged("As published", figure, rows),
        *_judged(f"Planted: n shifted by {SHIFT - 1:.0%}", figure, labelled(moved, SHIFT, sorted(sizes))),
        *_judged(f"Planted: horizon {1 - SHORTER:.0%} shorter", figure, cut_short(rows, SHORTER)),
    ]
    return "\n".join(lines) + "\n"


def _judged(what: str, figure: ModuleType, rows: Sequence[Row]) -> list[str]:
    """The verdict of test and thresholds on some rows, in words."""
    comparisons: list[Comparison] = list(figure.summarise(rows).comparisons.values())
    lines = [f"{what}:"]
    for one in comparisons:
        if one.published is not None and one.test is not None:
            ours, theirs = one.measured.threshold.interval, one.published.threshold.interval
            apart = "overlap" if overlap(ours, theirs) else "DO NOT OVERLAP"
            lines.append(f"  {one.label}: {one.test!r}; 95 % intervals of N {ours!r} and {theirs!r} {apart}")
    test = pooled_test(comparisons)
    if test is not None:
        verdict = "REJECTED" if test.p_value < LEVEL else "not rejected"
        lines.append(f"  over all n: {verdict} at {LEVEL:.0%}: {test!r}")
    return lines


def shifted(cell: Cell, factor: float) -> Cell:
    """The same cell at round(factor * n) points, horizon and target with it, width kept: a law
    shifted in n."""
    return paper_cell(round(factor * cell.n), cell.d, cell.p, cell.initialisation, cell.replicates)


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
    return row | {"status": "HORIZON", "t_end": last, "loss_end": math.nextafter(target, math.inf)}
