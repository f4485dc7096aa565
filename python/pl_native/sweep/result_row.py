"""The row of a run: what is known of it before it is done, what came out, what it cost."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from pl_native import metrics
from pl_native._base.build import build_info
from pl_native._problem import Dataset
from pl_native._run.solution import Solution
from pl_native.store import COLUMNS, ERROR, PROOF_COLUMNS, Row, Value
from pl_native.sweep.cells import Cell, content, run_ids


@dataclass(frozen=True, slots=True)
class Settings:
    """What all chunks of a sweep have in common."""

    seed: int
    backend: str
    threads: int | None


_NOTHING: Row = dict.fromkeys(COLUMNS)


def heads(cell: Cell, settings: Settings) -> Callable[[int], Row]:
    """What the rows of a cell have before they are done, by replicate; the rest is None."""
    common = content(cell, settings.seed, settings.backend)
    empty = _NOTHING | common
    id_of = run_ids(common)
    return lambda replicate: empty | {"id": id_of(replicate), "replicate": replicate}


def outcome(drawn: Dataset, sol: Solution) -> Row:
    """The columns that say what came out of a run."""
    end = metrics.states(drawn, sol.network)
    return {
        "status": sol.status.name,
        "t_end": float(sol.t[-1]),
        "loss_start": float(sol.loss[0]),
        "loss_end": float(sol.loss[-1]),
        "average_pl": sol.average_pl(),
        "local_pl_end": float(sol.local_pl[-1]),
        "pl_low": metrics.pl_low(drawn, end),
        "pl_upp": metrics.pl_upp(drawn, end),
        "steps": int(sol.stats["steps"]),
        "switches": _whole(sol.stats.get("switches")),  # explicit Euler locates none
        "first_rise": _whole(sol.stats.get("first_rise")),
        "criterion_time": _real(sol.stats.get("criterion_time")),
        "criterion_level": float(np.abs(drawn.y).min()) ** 2 / (2 * drawn.n),
        "proved_time": _real(sol.stats.get("proved_time")),
        "loss_bound": _real(sol.stats.get("loss_bound")),
        **{name: _real(sol.stats.get(name)) for name in PROOF_COLUMNS},
        "isa": level(str(sol.stats["backend"])),
    }


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _real(value: Any) -> float | None:
    return None if value is None else float(value)


def failed(head: Row, settings: Settings, error: BaseException) -> Row:
    """The row of a run that raised `error`, from its `heads`."""
    what = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return failed_row(head, what) | {"isa": level(settings.backend)} | cost(settings, math.nan)


def failed_row(head: Row, what: str) -> Row:
    """The row of a run that could not be done, from its `heads`."""
    return head | {"status": ERROR, "error": what.encode("ascii", "replace").decode()}


def cost(settings: Settings, seconds: float) -> dict[str, Value]:
    """The columns that say what a run cost, and where."""
    return {"seconds": seconds, "threads": team(settings.backend, settings.threads), "host": platform.node()}


def team(backend: str, threads: int | None) -> int:
    """Number of threads at work; the NumPy backend has one."""
    if backend == "numpy":
        return 1
    if threads is not None:
        return threads
    native = build_info()["native"]
    return int(native["default_threads"]) if native else os.cpu_count() or 1


@lru_cache
def level(backend: str) -> str:
    """Instruction-set level of the native kernels in use; the other backends name themselves."""
    native = build_info()["native"] if backend == "native" else None
    return backend if native is None else str(native["level"])
