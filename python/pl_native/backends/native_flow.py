"""The event-driven flow of the native core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any, TypeAlias

import numpy as np

from pl_native import _core
from pl_native.backends.flow_task import DenseFlow, FlowRun, FlowTask, SwitchLog

NAME = "native"

_INTERRUPTED = "interrupted"

Poll: TypeAlias = Callable[[int, int], None]


def flow(
    tasks: Sequence[FlowTask], *, threads: int | None = None, poll: Callable[[int, int], None] | None = None
) -> tuple[list[FlowRun | None], bool]:
    """Runs in order, and whether Ctrl-C ended the call: runs not started are then None.

    One run is one thread's; `threads` of them run at a time (default 1). `poll(done, total)` is called from
    this thread.
    """
    if threads is None or threads <= 1 or len(tasks) <= 1:
        return _one_by_one(tasks, poll)
    return _side_by_side(tasks, threads, poll)


def _one_by_one(tasks: Sequence[FlowTask], poll: Poll | None) -> tuple[list[FlowRun | None], bool]:
    runs: list[FlowRun | None] = [None] * len(tasks)
    for k, task in enumerate(tasks):
        raw = _core.flow(_as_dict(task))
        runs[k] = _as_run(task, raw)
        if poll is not None:
            poll(k + 1, len(tasks))
        if raw[_INTERRUPTED]:
            return runs, True
    return runs, False


def _side_by_side(
    tasks: Sequence[FlowTask], threads: int, poll: Poll | None
) -> tuple[list[FlowRun | None], bool]:
    cancel = _core.FlowCancel()
    interrupted = False
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(_core.flow, _as_dict(task), cancel) for task in tasks]
        waiting = set(futures)
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.05, return_when=FIRST_COMPLETED)
                if done and poll is not None:
                    poll(len(tasks) - len(waiting), len(tasks))
        except KeyboardInterrupt:
            interrupted = True
        finally:
            cancel.set()
            for future in futures:
                future.cancel()
    runs = [None if f.cancelled() else _as_run(t, f.result()) for t, f in zip(tasks, futures, strict=True)]
    return runs, interrupted


def _as_dict(task: FlowTask) -> dict[str, Any]:
    stop = {
        name: getattr(task.stop, name) for name in ("criterion", "loss", "stall", "wall_time", "max_steps")
    }
    values = {name: getattr(task, name) for name in FlowTask.__slots__}
    return {**values, "stop": stop, "save": np.asarray(task.save, dtype=np.float64).tolist()}


def _as_run(task: FlowTask, raw: dict[str, Any]) -> FlowRun:
    log, pieces = raw["switches"], raw["dense"]
    fields = {name: raw[name] for name in FlowRun.__slots__ if name not in ("switches", "dense")}
    return FlowRun(
        **fields,
        switches=None if log is None else SwitchLog(**log),
        dense=None if pieces is None else _as_dense(task, pieces),
    )


def _as_dense(task: FlowTask, pieces: list[tuple[float, float, Any]]) -> DenseFlow:
    p, d = task.W.shape
    starts = np.array([piece[0] for piece in pieces])
    widths = np.array([piece[1] for piece in pieces])
    return DenseFlow(p, d, starts, widths, tuple(piece[2] for piece in pieces))
