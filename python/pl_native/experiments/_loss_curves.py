"""The loss along finished runs of the flow, at times of one grid: kept beside the rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pl_native._base.checks import Array
from pl_native._base.progress import Progress
from pl_native.experiments._rows import number, real
from pl_native.simulation import simulate
from pl_native.store import ERROR, Row
from pl_native.store.columns import Kind
from pl_native.store.details import Details
from pl_native.sweep import problem
from pl_native.sweep.cells import cell_of

COLUMNS: dict[str, Kind] = {"id": str, "losses": str}
"""Columns beside the store's: the losses at equal distances over [0, horizon], every digit, as text."""

_AGREE = 1e-6  # of the first loss: a run that also stops at saved times takes other steps to the same end


def with_losses(
    rows: Sequence[Row], folder: Path, count: int, threads: int | None, progress: object
) -> list[Row]:
    """`rows` with `COLUMNS`, `count` losses each: from the folder's details, else simulated once more and
    added to them.
    """
    details = Details(folder, COLUMNS)
    done = details.read()
    missing = [row for row in rows if row["id"] not in done and row["status"] != ERROR]
    with Progress(progress) as bar:
        for k, row in enumerate(missing, start=1):
            text = " ".join(map(repr, _simulated(row, count, threads).tolist()))
            details.add([{"id": row["id"], "losses": text}])
            if bar.poll is not None:
                bar.poll(k, len(missing))
    return details.attach(rows)


def losses_of(row: Row) -> Array:
    """The losses of a row with `COLUMNS`, (count,)."""
    return np.array(str(row["losses"]).split(), dtype=np.float64)


def _simulated(row: Row, count: int, threads: int | None) -> Array:
    cell = cell_of(row)
    data, network = problem(cell, number(row, "seed"), number(row, "replicate"))
    sol = simulate(
        data,
        network,
        cell.t_end,
        method="flow",
        rtol=cell.rtol,
        atol=cell.atol,
        save=count,
        backend=str(row["backend"]),
        threads=threads,
    )
    if abs(float(sol.loss[-1]) - real(row, "loss_end")) > _AGREE * real(row, "loss_start"):
        raise ValueError(f"row {row['id']}: run again, it ends at another loss")
    return sol.loss
