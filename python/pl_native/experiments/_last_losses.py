"""The last losses of finished runs of explicit Euler, and the measures of curvature that are made of them.

A row keeps the end of its run only. Its last losses come from running it again, without a stop, to
`LAST` steps before its end, and from there step by step: the same bits, which is checked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pl_native import metrics
from pl_native._base.checks import Array
from pl_native._base.progress import Progress
from pl_native._problem import Save
from pl_native.experiments._rows import number, real
from pl_native.simulation import simulate_ensemble
from pl_native.store import ERROR, Row
from pl_native.store.columns import Kind
from pl_native.store.details import Details
from pl_native.sweep import problem
from pl_native.sweep.cells import cell_of

LAST = 102
"""Recorded losses that the published mean over the last 100 steps needs."""

COLUMNS: dict[str, Kind] = {
    "id": str,
    "pl_gradient": float,
    "pl_last_ratio": float,
    "pl_last_hundred": float,
    "pl_recorded": float,
}
"""Columns beside the store's, per unit of flow time:

    pl_gradient      p |grad L|^2/L at the state reached, in float64: near the target float32 rounds the loss
                     so that the run's own `local_pl_end` often has no number
    pl_last_ratio    log(L_{K-1}/L_K), K the number of steps
    pl_last_hundred  the published code's: the mean over 100 steps, the last left out, of
                     2 (l_k - l_{k+1})/(l_k + l_{k+1} + 1e-10), l = p L as recorded before each step; None for
                     fewer than 102 recorded losses
    pl_recorded      log(L_first/L_last)/number of recorded losses: L_0 to L_{K-1}, K of them
"""

_TOGETHER = 256  # runs between two additions to the file


def with_last_losses(rows: Sequence[Row], folder: Path, threads: int | None, progress: object) -> list[Row]:
    """`rows` with `COLUMNS`, from the folder's details, else computed and added to them."""
    details = Details(folder, COLUMNS)
    done = {key for key, its in details.read().items() if its["pl_gradient"] is not None}
    missing = [row for row in rows if row["id"] not in done and row["status"] != ERROR]
    with Progress(progress) as bar:
        for first in range(0, len(missing), _TOGETHER):
            part = missing[first : first + _TOGETHER]
            details.add(_computed(part, threads))
            if bar.poll is not None:
                bar.poll(first + len(part), len(missing))
    return details.attach(rows)


def _computed(rows: Sequence[Row], threads: int | None) -> list[Row]:
    cells = [cell_of(row) for row in rows]
    problems = [
        problem(cell, number(row, "seed"), number(row, "replicate"))
        for cell, row in zip(cells, rows, strict=True)
    ]
    how: dict[str, Any] = {"backend": str(rows[0]["backend"]), "threads": threads}
    steps = np.array([number(row, "steps") for row in rows])
    step = [cell.step for cell in cells]
    left = np.minimum(steps, LAST)
    before = simulate_ensemble(problems, t_end=((steps - left) * step).tolist(), step=step, **how)
    late = [(data, sol.network) for (data, _), sol in zip(problems, before, strict=True)]
    ends = simulate_ensemble(late, t_end=(left * step).tolist(), step=step, save=Save(every=min(step)), **how)
    return [
        measures(row, sol.loss) | {"pl_gradient": float(metrics.local_pl(data, sol.network))}
        for row, (data, _), sol in zip(rows, late, ends, strict=True)
    ]


def measures(row: Row, losses: Array) -> Row:
    """The columns of one row that its last losses L_{K-m}..L_K give, m = `LAST` or all K steps.

    ValueError when the last of them is not the row's.
    """
    steps, step, p = number(row, "steps"), real(row, "step"), number(row, "p")
    if float(losses[-1]) != real(row, "loss_end") or losses.size != min(steps, LAST) + 1:
        raise ValueError(f"row {row['id']}: run again, it ends at another loss; was it run at another level?")
    found: Row = dict.fromkeys(COLUMNS) | {"id": row["id"]}
    if steps == 0:
        return found
    found["pl_last_ratio"] = float(np.log(losses[-2] / losses[-1])) / step
    found["pl_recorded"] = math.log(real(row, "loss_start") / float(losses[-2])) / steps / step
    if steps >= LAST:
        recorded = p * losses[:-2]  # before each step; the last step is left out
        fall = 2.0 * (recorded[:-1] - recorded[1:]) / (recorded[:-1] + recorded[1:] + 1e-10)
        found["pl_last_hundred"] = float(fall.mean()) / step
    return found
