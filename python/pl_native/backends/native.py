"""The compiled core, `pl_native._core`. Nothing is computed here: tuples go in, dictionaries come out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from pl_native._base.build import core_missing
from pl_native._problem import Stop
from pl_native.backends._wire import as_dict, as_run
from pl_native.backends.contract import EulerRun, EulerTask, FlowRun, FlowTask, Poll

NAME = "native"


def available() -> bool:
    return core_missing() is None


def euler(
    tasks: Sequence[EulerTask], *, threads: int | None, poll: Poll | None
) -> tuple[list[EulerRun | None], bool]:
    """Explicit Euler over the thread team; same bits for any number of threads and any order of the tasks."""
    from pl_native import _core

    team = _core.default_threads() if threads is None else threads
    found, interrupted = _core.euler([_as_tuple(task) for task in tasks], team, poll)
    return [None if run is None else _as_run(run) for run in found], interrupted


def flow(
    tasks: Sequence[FlowTask], *, threads: int | None, poll: Poll | None
) -> tuple[list[FlowRun | None], bool]:
    """The event-driven flow; one run is one thread's."""
    from pl_native import _core

    return _adaptive(_core.flow, tasks, threads, poll)


def capture(
    tasks: Sequence[FlowTask], *, threads: int | None, poll: Poll | None
) -> tuple[list[FlowRun | None], bool]:
    """The capture method; a run alone is the team's, many are a thread's each."""
    from pl_native import _core

    return _adaptive(_core.capture, tasks, threads, poll)


def _adaptive(
    compute: Callable[..., Any], tasks: Sequence[FlowTask], threads: int | None, poll: Poll | None
) -> tuple[list[FlowRun | None], bool]:
    from pl_native import _core

    team = _core.default_threads() if threads is None else threads
    found, interrupted = compute([as_dict(task) for task in tasks], team, poll)
    runs = [None if run is None else as_run(task, run) for task, run in zip(tasks, found, strict=True)]
    return runs, interrupted


def _as_tuple(task: EulerTask) -> tuple[Any, ...]:
    return (
        task.X,
        task.y,
        task.W,
        task.a,
        task.w_perp_sq,
        task.step,
        task.n_steps,
        task.save_steps,
        task.states,
        _stop_tuple(task.stop),
        task.certifiable,
        task.orthogonal,
        task.resume,
    )


def _stop_tuple(stop: Stop) -> tuple[bool, float, float, float, int, float]:
    return (
        stop.criterion,
        stop.loss,
        stop.stall,
        math.inf if stop.wall_time is None else stop.wall_time,
        -1 if stop.max_steps is None else stop.max_steps,
        math.inf if stop.rise is None else stop.rise,
    )


def _as_run(found: dict[str, Any]) -> EulerRun:
    return EulerRun(**found)
