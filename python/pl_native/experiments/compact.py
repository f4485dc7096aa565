"""Rows of the figures as small files: what a figure is rebuilt from, without what its protocol fixes.

compact.write("fig5", rows, "fig5.csv")
summary = fig5.summarise(compact.read("fig5", "fig5.csv"))
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pl_native._base import checks
from pl_native.experiments import _last_losses, _loss_curves
from pl_native.experiments._paper_cell import paper_cell
from pl_native.experiments._rows import number
from pl_native.store import COLUMNS, Row
from pl_native.store.row_text import read_columns, write_columns

_COMMON = ("id", "d", "n", "p", "initialisation", "seed", "cell", "replicate", "status", "t_end", "steps",
           "loss_start", "loss_end", "first_rise", "isa", "numerics", "seconds")  # fmt: skip
_CURVATURE = (
    "scale",
    "given",
    "average_pl",
    "pl_low",
    "pl_upp",
    *list(_last_losses.COLUMNS)[1:],
)

_MACHINE = ("threads", "host")
_ALL = tuple(name for name in COLUMNS if name not in _MACHINE)

KEPT: dict[str, tuple[str, ...]] = {
    "fig1": _ALL,
    "fig2": (*_ALL, *list(_loss_curves.COLUMNS)[1:]),
    "fig3": _COMMON,
    "fig4": _COMMON,
    "fig5": _COMMON,
    "fig6": (*_COMMON, *_CURVATURE),
}
"""Columns that the file of a figure keeps."""

_BESIDE = {"fig2": _loss_curves.COLUMNS, "fig6": _last_losses.COLUMNS}

_ID = 16  # digits: enough for `sweep.rebuild` to find the row


def write(name: str, rows: Sequence[Row], path: str | os.PathLike[str]) -> None:
    """The rows of one figure as CSV, ids cut to 16 digits. ValueError for other experiments."""
    checks.choice("name", name, tuple(KEPT))
    short = [row | {"id": str(row["id"])[:_ID]} for row in rows]
    write_columns(Path(path), short, KEPT[name])


def read(name: str, path: str | os.PathLike[str]) -> list[Row]:
    """Rows that `write` wrote, with the columns that the figure's protocol fixes; the others are None.

    ValueError, with the file's name, for a file of no rows, or of something else.
    """
    checks.choice("name", name, tuple(KEPT))
    kinds = COLUMNS | _BESIDE.get(name, {})
    found = read_columns(Path(path), kinds)
    if not found:
        raise ValueError(f"{path}: expected at least one run")
    try:
        return [row | _fixed(name, row) for row in found]
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _fixed(name: str, row: Row) -> Row:
    if KEPT[name][: len(_ALL)] == _ALL:
        return {}
    if name == "fig6":
        return {"method": "euler", "data": "orthogonal", "step": 1.0}
    cell = paper_cell(number(row, "n"), number(row, "d"), number(row, "p"), str(row["initialisation"]), 1)
    protocol: Row = {"step": cell.step, "horizon": cell.t_end, "stop_loss": cell.stop.loss}
    return protocol | {"method": cell.method, "data": cell.data}
