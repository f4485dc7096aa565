"""From runs to rows, here or on another machine. A run that fails becomes a row that says so."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from pl_native import metrics
from pl_native._base.build import NUMERICS, build_info, version
from pl_native._problem import Dataset, Network, Status
from pl_native._run.solution import Interrupted, Solution
from pl_native.simulation import simulate_ensemble
from pl_native.store import COLUMNS, ERROR, Row, Value
from pl_native.sweep.cells import Cell, content, problem, run_id

Problem = tuple[Dataset, Network]


@dataclass(frozen=True, slots=True)
class Settings:
    """What all chunks of a sweep have in common."""

    seed: int
    backend: str
    threads: int | None


@dataclass(slots=True)
class Result:
    """Rows of the runs that ended; `interrupted` when Ctrl-C left some out."""

    rows: list[Row] = field(default_factory=list)
    interrupted: KeyboardInterrupt | None = None


def compute(
    cell: Cell,
    replicates: Sequence[int],
    settings: Settings,
    progress: Callable[[int, int], None] | bool = False,
) -> Result:
    """Run some replicates of a cell, together. Never raises for what a run does."""
    common = content(cell, settings.seed, settings.backend)
    drawn: dict[int, Problem] = {}
    result = Result()
    for replicate in replicates:
        try:
            drawn[replicate] = problem(cell, settings.seed, replicate)
        except Exception as error:  # whatever a user's function does: it is that run's outcome
            result.rows.append(_failed(common, replicate, settings, error))
    try:
        solutions = dict(zip(drawn, _simulate(cell, list(drawn.values()), settings, progress), strict=True))
    except Interrupted as stopped:
        places = list(drawn)
        ended = zip(stopped.indices, stopped.solutions, strict=True)
        solutions = {places[i]: sol for i, sol in ended if sol.status is not Status.INTERRUPTED}
        result.interrupted = stopped
    except Exception as error:  # one of them cannot be run; which one shows when each is alone
        if len(drawn) > 1:
            return _one_by_one(cell, drawn, settings, result)
        result.rows += [_failed(common, replicate, settings, error) for replicate in drawn]
        solutions = {}
    result.rows += [_row(common, i, settings, drawn[i][0], solution) for i, solution in solutions.items()]
    return result


def _one_by_one(
    cell: Cell, replicates: Sequence[int] | dict[int, Any], settings: Settings, result: Result
) -> Result:
    done = {row["replicate"] for row in result.rows}
    for replicate in replicates:
        if replicate not in done and result.interrupted is None:
            alone = compute(cell, [replicate], settings)
            result.rows += alone.rows
            result.interrupted = alone.interrupted
    return result


def _simulate(
    cell: Cell, problems: Sequence[Problem], settings: Settings, progress: Callable[[int, int], None] | bool
) -> list[Solution]:
    return simulate_ensemble(problems, t_end=cell.t_end, backend=settings.backend, threads=settings.threads,
                             progress=progress, **options(cell)) if problems else []  # fmt: skip


def options(cell: Cell) -> dict[str, Any]:
    """The arguments of `simulate` that a cell fixes, but for `t_end`."""
    return {"method": cell.method, "step": cell.step, "rtol": cell.rtol, "atol": cell.atol, "stop": cell.stop}


def _row(common: Row, replicate: int, settings: Settings, drawn: Dataset, sol: Solution) -> Row:
    try:
        return _head(common, replicate) | outcome(drawn, sol) | _cost(settings, float(sol.stats["seconds"]))
    except Exception as error:  # the metrics of its end state
        return _failed(common, replicate, settings, error)


def _head(common: Row, replicate: int) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    return row | common | {"id": run_id(common, replicate), "replicate": replicate}


def outcome(drawn: Dataset, sol: Solution) -> Row:
    """The columns that say what came out of a run."""
    return {
        "status": sol.status.name,
        "t_end": float(sol.t[-1]),
        "loss_start": float(sol.loss[0]),
        "loss_end": float(sol.loss[-1]),
        "average_pl": sol.average_pl(),
        "local_pl_end": float(sol.local_pl[-1]),
        "pl_low": metrics.pl_low(drawn, sol.network),
        "pl_upp": metrics.pl_upp(drawn, sol.network),
        "steps": int(sol.stats["steps"]),
        "switches": _whole(sol.stats.get("switches")),  # explicit Euler locates none
        "first_rise": _whole(sol.stats.get("first_rise")),
        "criterion_time": _real(sol.stats.get("criterion_time")),
        "criterion_level": float(np.abs(drawn.y).min()) ** 2 / (2 * drawn.n),
        "proved_time": _real(sol.stats.get("proved_time")),
        "loss_bound": _real(sol.stats.get("loss_bound")),
        "isa": level(str(sol.stats["backend"])),
    }


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _real(value: Any) -> float | None:
    return None if value is None else float(value)


def _failed(common: Row, replicate: int, settings: Settings, error: Exception) -> Row:
    what = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return failed_row(common, replicate, what) | {"isa": level(settings.backend)} | _cost(settings, math.nan)


def failed_row(common: Row, replicate: int, what: str) -> Row:
    """The row of a run that could not be done; `common` is the `content` of its cell."""
    return _head(common, replicate) | {"status": ERROR, "error": what.encode("ascii", "replace").decode()}


def _cost(settings: Settings, seconds: float) -> dict[str, Value]:
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


def task_of(runs: Sequence[Any], settings: Settings) -> dict[str, Any]:
    """Runs of a chunk as JSON values, for `run_task` on another machine."""
    parts = [
        {"cell": cell.spec(), "replicates": [run.replicate for run in members]}
        for cell, members in groupby(runs, key=lambda run: run.cell)
    ]
    common = {"seed": settings.seed, "backend": settings.backend, "threads": settings.threads}
    return {"parts": parts, **common, "numerics": NUMERICS, "version": version()}


def run_task(task: dict[str, Any]) -> list[Row]:
    """Rows of a task. May run twice without harm: rows depend on the task alone.

    RuntimeError when this machine's package computes other numbers than the one that made the task.
    """
    if (task["numerics"], task["version"]) != (NUMERICS, version()):
        raise RuntimeError(
            f"worker {platform.node()} has pl_native {version()} (numerics {NUMERICS}), the sweep was "
            f"started with {task['version']} (numerics {task['numerics']}); install one version everywhere"
        )
    settings = Settings(task["seed"], task["backend"], task["threads"])
    rows: list[Row] = []
    for part in task["parts"]:
        result = compute(Cell(**part["cell"]), part["replicates"], settings)
        rows += result.rows
        if result.interrupted is not None:
            raise RuntimeError(f"worker {platform.node()} was interrupted")
    return rows
