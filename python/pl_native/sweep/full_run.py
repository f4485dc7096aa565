"""Reopen a row: the same run once more, with everything along its way."""

from __future__ import annotations

import os
import warnings
from typing import Any

from pl_native._base import checks
from pl_native._base.build import NUMERICS, build_info
from pl_native._problem import Save
from pl_native._run.solution import Solution
from pl_native.simulation import simulate
from pl_native.store import ERROR, Row, Store, Value, row_id
from pl_native.sweep.cells import Cell, cell_of, content, problem
from pl_native.sweep.result_row import outcome

_FEWEST = 6  # digits of an id that may stand for it
_TIMES = 1001  # saved times by default: every step of a run of up to a thousand
_SLACK = 10  # tolerances that two runs of different steps may be apart
_EXACT = ("status", "t_end", "loss_start", "loss_end", "steps", "first_rise", "isa", "switches", "average_pl",
          "local_pl_end", "pl_low", "pl_upp")  # fmt: skip


def rebuild(
    row: str,
    folder: str | os.PathLike[str] = ".",
    *,
    save: object = None,
    threads: int | None = None,
    progress: object = None,
) -> Solution:
    """The run of a row as a full trajectory: the row whose id is, or begins with, `row`.

    `save` as in `simulate`. None: of Euler every step, of long runs 1001 of them; of the flow all that is
    between start and end, with `Solution.at` for any time (backend "native"); of the others 1001 times.
    Bit-identical. But adaptive methods land on saved times, and dense output has every event of the flow end
    a step, which may change their steps: where it does, the row's own run is repeated too and compared
    with the row, and what is returned is one of the same tolerances; RuntimeWarning where it ends elsewhere.

    ValueError when no row or several begin so, when the run failed, was computed by other numerics or another
    version of a user's function, and when the result is not the row's to the last bit, with the columns that
    differ (another instruction-set level, say).
    """
    found = find(row, folder)
    if found["status"] == ERROR:
        raise ValueError(f"row {found['id']}: this run failed: {found['error']}")
    _check_same_law(found)
    cell, seed, replicate = cell_of(found), int(found["seed"] or 0), int(found["replicate"] or 0)
    data, network = problem(cell, seed, replicate)
    how: dict[str, Any] = {"backend": str(found["backend"]), "threads": threads, "progress": progress}

    def again(save: object) -> Solution:
        return simulate(data, network, cell.t_end, save=save, step=cell.step, **cell.options, **how)

    given = _TIMES if save is None else save
    whole = save is None and cell.method == "flow" and found["backend"] == "native"
    other = again(Save(dense=True, switches=True) if whole else given)
    now = outcome(data, other)
    if cell.method == "euler" or not _odd(found, now):
        _check_same_bits(found, now)
        return other
    _check_same_bits(found, outcome(data, again(Save())))
    _compare(found, cell, other)
    return other


def find(row: str, folder: str | os.PathLike[str]) -> Row:
    """The row whose id is, or begins with, `row` (six digits at least). ValueError unless there is one."""
    if not isinstance(row, str) or len(row) < _FEWEST:
        raise ValueError(
            f"row: expected an id or at least {_FEWEST} of its first digits, got {checks.shown(row)}"
        )
    found = [one for part in Store(folder).parts() for one in part if str(one["id"]).startswith(row)]
    if len(found) != 1:
        raise ValueError(
            f"row: {len(found) or 'no'} rows in {os.fspath(folder)} begin with {row!r}, expected one"
        )
    return found[0]


def _check_same_law(row: Row) -> None:
    if row_id(row) != row["id"]:
        raise ValueError(f"row {row['id']}: its id is not that of its content; `pl.store.verify` says more")
    present = NUMERICS[str(row["method"])]
    if row["numerics"] != present:
        raise ValueError(
            f"row {row['id']}: of numerics {row['numerics']}, this version computes numerics {present}"
        )
    now = content(cell_of(row), int(row["seed"] or 0), str(row["backend"]))
    if now["code"] != row["code"]:
        raise ValueError(
            f"row {row['id']}: the functions {row['data']}, {row['initialisation']} have changed since"
        )


def _odd(row: Row, now: Row) -> list[str]:
    """The columns that are not the row's to the last bit."""
    return [name for name in _EXACT if _bits(row[name]) != _bits(now[name])]


def _check_same_bits(row: Row, now: Row) -> None:
    odd = _odd(row, now)
    if not odd:
        return
    text = f"row {row['id']}: not reproduced to the last bit, {', '.join(odd)} differ"
    if "isa" in odd:
        text += f" (it was computed at level {row['isa']}, this machine uses {now['isa']}"
        levels = (build_info()["native"] or {}).get("levels", [])
        text += f"; set PL_NATIVE_ISA={row['isa']})" if row["isa"] in levels else ")"
    raise ValueError(text)


def _compare(row: Row, cell: Cell, other: Solution) -> None:
    """RuntimeWarning where a run of other saved times does not end as the row does, to its tolerances."""
    end, loss = float(row["loss_end"] or 0), float(other.loss[-1])
    allowed = _SLACK * (cell.rtol * end + (cell.atol or 0.0) * float(row["loss_start"] or 0))
    if other.status.name != row["status"] or not abs(loss - end) <= allowed:
        warnings.warn(
            f"row {row['id']}: it ends {row['status']} with loss {end!r}; with these saved times, and so "
            f"other steps, the run ends {other.status.name} with {loss!r}",
            RuntimeWarning,
            stacklevel=3,
        )


def _bits(value: Value) -> Value:
    return value.hex() if isinstance(value, float) else value
