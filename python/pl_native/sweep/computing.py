"""From runs to rows, here or on another machine. A run that fails becomes a row that says so."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from pl_native import metrics
from pl_native._base.build import NUMERICS, build_info, version
from pl_native._base.interrupts import Interrupts, held
from pl_native._problem import Dataset, Network, Status
from pl_native._run.call_options import checked_options
from pl_native._run.execute import execute
from pl_native._run.interrupted import Interrupted
from pl_native._run.solution import Solution
from pl_native._run.task import work_of
from pl_native.backends.contract import Poll
from pl_native.store import COLUMNS, ERROR, PROOF_COLUMNS, Row, Value
from pl_native.sweep.cells import Cell, content, problem, run_ids
from pl_native.sweep.chunks import arithmetic
from pl_native.sweep.functions import allow


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


@dataclass(frozen=True, slots=True)
class Drawn:
    """A run whose problem is drawn; `head` are the columns of its row that are known before it is done."""

    cell: Cell
    head: Row
    data: Dataset
    network: Network


def compute(
    runs: Iterable[tuple[Cell, int]], settings: Settings, within: Callable[[float], None] | None = None
) -> Result:
    """Do some runs, each a cell and a replicate, those of one method together whatever their cells.

    Never raises for what a run does. `within` is told the share of the arithmetic done. Ctrl-C ends it with
    the rows of the runs that ended.
    """
    result = Result()
    with held() as interrupts:
        drawn = _draw(runs, settings, result, interrupts)
        done, total = 0.0, sum(arithmetic(one.cell) for one in drawn)
        for group in _groups(drawn):
            if result.interrupted is not None:
                break
            part = sum(arithmetic(one.cell) for one in group)
            _simulate(group, settings, result, _part(within, done / total, part / total))
            done += part
    return result


def _draw(
    runs: Iterable[tuple[Cell, int]], settings: Settings, result: Result, interrupts: Interrupts
) -> list[Drawn]:
    """The problems; one that cannot be drawn is a row at once."""
    drawn: list[Drawn] = []
    last: Cell | None = None
    for cell, replicate in runs:
        if cell is not last:
            last, head_of = cell, heads(cell, settings)
        head = head_of(replicate)
        try:
            with interrupts.released():
                data, network = problem(cell, settings.seed, replicate)
            drawn.append(Drawn(cell, head, data, network))
        except KeyboardInterrupt as stopped:
            result.interrupted = stopped
            return []
        except Exception as error:  # whatever a user's function does: it is that run's outcome
            result.rows.append(_failed(head, settings, error))
    return drawn


def _groups(drawn: Sequence[Drawn]) -> list[list[Drawn]]:
    """Those that one call of a backend can do; of the flow, the longest first, so that none is left for the
    end."""
    found: dict[tuple[object, ...], list[Drawn]] = {}
    for one in drawn:
        cell = one.cell
        tolerances = () if cell.method == "euler" else (cell.rtol, cell.atol)
        found.setdefault((cell.method, *tolerances), []).append(one)
    for key, group in found.items():
        if key[0] != "euler":  # whose backend sorts by itself
            group.sort(key=lambda one: -arithmetic(one.cell))
    return list(found.values())


def _simulate(group: Sequence[Drawn], settings: Settings, result: Result, poll: Poll | None) -> None:
    """Rows of runs that one call of a backend can do."""
    try:
        found = list(enumerate(_solutions(group, settings, poll)))
    except Interrupted as stopped:
        ended = zip(stopped.indices, stopped.solutions, strict=True)
        found = [(i, solution) for i, solution in ended if solution.status is not Status.INTERRUPTED]
        result.interrupted = stopped
    except Exception as error:  # one of them cannot be run; which one shows when each is alone
        if len(group) == 1:
            result.rows.append(_failed(group[0].head, settings, error))
            return
        for one in group:
            if result.interrupted is None:
                _simulate([one], settings, result, None)
        return
    result.rows += [_row(group[i], settings, solution) for i, solution in found]


def _solutions(group: Sequence[Drawn], settings: Settings, poll: Poll | None) -> list[Solution]:
    stops = {
        stop: checked_options(**options(group[0].cell) | {"stop": stop}, save=None, backend=settings.backend,
                              threads=settings.threads)
        for stop in {one.cell.stop for one in group}
    }  # fmt: skip
    works = [
        work_of(i, one.data, one.network, one.cell.t_end, one.cell.step, stops[one.cell.stop])
        for i, one in enumerate(group)
    ]
    return execute(works, stops[group[0].cell.stop], poll)  # each task has its own stop


def _part(within: Callable[[float], None] | None, before: float, size: float) -> Poll | None:
    if within is None:
        return None
    return lambda done, total: within(before + size * done / max(total, 1))


def options(cell: Cell) -> dict[str, Any]:
    """The arguments of `simulate` that a cell fixes, but for `t_end` and `step`."""
    return {"method": cell.method, "rtol": cell.rtol, "atol": cell.atol, "stop": cell.stop}


def _row(one: Drawn, settings: Settings, sol: Solution) -> Row:
    try:
        cost = _cost(settings, float(sol.stats["seconds"]))
        return one.head | outcome(one.data, sol) | cost
    except Exception as error:  # the metrics of its end state
        return _failed(one.head, settings, error)


_NOTHING: Row = dict.fromkeys(COLUMNS)


def heads(cell: Cell, settings: Settings) -> Callable[[int], Row]:
    """What the rows of a cell have before they are done, by replicate; the rest is None."""
    common = content(cell, settings.seed, settings.backend)
    empty = _NOTHING | common
    id_of = run_ids(common)
    return lambda replicate: empty | {"id": id_of(replicate), "replicate": replicate}


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
        **{name: _real(sol.stats.get(name)) for name in PROOF_COLUMNS},
        "isa": level(str(sol.stats["backend"])),
    }


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _real(value: Any) -> float | None:
    return None if value is None else float(value)


def _failed(head: Row, settings: Settings, error: Exception) -> Row:
    what = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return failed_row(head, what) | {"isa": level(settings.backend)} | _cost(settings, math.nan)


def failed_row(head: Row, what: str) -> Row:
    """The row of a run that could not be done, from its `heads`."""
    return head | {"status": ERROR, "error": what.encode("ascii", "replace").decode()}


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
    if trouble := unfit(task["version"], task["numerics"]):
        raise RuntimeError(trouble)
    settings = Settings(task["seed"], task["backend"], task["threads"])
    runs: list[tuple[Cell, int]] = []
    for part in task["parts"]:
        cell = Cell(**part["cell"])
        allow(*(name for name in (cell.data, cell.initialisation) if ":" in name))  # whoever sent it has
        runs += [(cell, replicate) for replicate in part["replicates"]]
    result = compute(runs, settings)
    if result.interrupted is not None:
        raise RuntimeError(f"worker {platform.node()} was interrupted")
    return result.rows


def unfit(of_version: str, of_numerics: int) -> str | None:
    """Why this process cannot do tasks of a sweep that was started with that package; None if it can."""
    if (of_numerics, of_version) == (NUMERICS, version()):
        return None
    return (
        f"worker {platform.node()} has pl_native {version()} (numerics {NUMERICS}), the sweep was started "
        f"with {of_version} (numerics {of_numerics}); install one version everywhere"
    )
