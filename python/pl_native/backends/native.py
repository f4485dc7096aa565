"""The compiled core, `pl_native._core`. Nothing is computed here: dictionaries go out and come back, of one
format for every method (`_core.pyi`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pl_native._base.build import core_missing
from pl_native._base.checks import Array
from pl_native._problem import Kinks, Stop
from pl_native._problem.kinks import KinkRows
from pl_native.backends.contract import EulerRun, EulerTask, FlowRun, FlowTask, Poll, Proof, ProofTask
from pl_native.backends.flow_records import DenseFlow, Floats, SwitchLog

if TYPE_CHECKING:
    from pl_native import _core

    Compute: TypeAlias = Callable[
        [Sequence[_core.FlowFields], int, Poll | None], tuple[list[_core.FlowRunFields | None], bool]
    ]

NAME = "native"


def available() -> bool:
    return core_missing() is None


def euler(
    tasks: Sequence[EulerTask], *, threads: int | None, poll: Poll | None
) -> tuple[list[EulerRun | None], bool]:
    """Explicit Euler over the thread team; same bits for any number of threads and any order of the tasks."""
    from pl_native import _core

    team = _core.default_threads() if threads is None else threads
    found, interrupted = _core.euler([euler_fields(task) for task in tasks], team, poll)
    return [None if run is None else EulerRun(**run) for run in found], interrupted


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


def prove(task: ProofTask, *, threads: int | None) -> Proof:
    """What can be proved of the flow from the state of `task`. Raises KeyboardInterrupt, MemoryError."""
    from pl_native import _core

    team = _core.default_threads() if threads is None else threads
    fields: _core.ProofTaskFields = {
        **_problem_fields(task, task.X, task.norms, certifiable=False),
        "kinks": None if task.kinks is None else _kink_fields(task.kinks),
    }
    return _core.prove(fields, team)


def _adaptive(
    compute: Compute, tasks: Sequence[FlowTask], threads: int | None, poll: Poll | None
) -> tuple[list[FlowRun | None], bool]:
    from pl_native import _core

    team = _core.default_threads() if threads is None else threads
    try:
        found, interrupted = compute([flow_fields(task) for task in tasks], team, poll)
    except KeyError as error:  # all else is there
        raise ValueError(f"resume: expected a record of this method, it has no {error}") from None
    runs = [None if run is None else _flow_run(task, run) for task, run in zip(tasks, found, strict=True)]
    return runs, interrupted


def euler_fields(task: EulerTask) -> _core.EulerFields:
    """`task` as the core takes it."""
    X, norms = (None, task.X) if task.X.ndim == 1 else (task.X, None)
    return {
        **_problem_fields(task, X, norms, task.certifiable),
        "save": task.save_steps,
        "states": task.states,
        "stop": _stop_fields(task.stop),
        "resume": task.resume,
        "step": task.step,
        "n_steps": task.n_steps,
    }


def flow_fields(task: FlowTask) -> _core.FlowFields:
    """`task`, of the flow or of capture, as the core takes it."""
    return {
        **_problem_fields(task, task.X, task.norms, task.certifiable),
        "save": np.ascontiguousarray(task.save, np.float64),
        "states": task.states,
        "stop": _stop_fields(task.stop),
        "resume": task.resume,
        "t_end": task.t_end,
        "rtol": task.rtol,
        "atol": task.atol,
        "switches": task.switches,
        "dense": task.dense,
        "order": task.order,
        "stabilised": task.stabilised,
        "kinks": None if task.kinks is None else _kink_fields(task.kinks),
        "max_step": task.max_step,
        "watch": task.watch,
        "budget": task.budget,
    }


def _problem_fields(
    task: EulerTask | FlowTask | ProofTask, X: Array | None, norms: Array | None, certifiable: bool
) -> _core.ProblemFields:
    return {
        "X": X,
        "norms": norms,
        "y": task.y,
        "W": task.W,
        "a": task.a,
        "w_perp_sq": task.w_perp_sq,
        "certifiable": certifiable,
        "orthogonal": task.orthogonal,
    }


def _stop_fields(stop: Stop) -> _core.StopFields:
    return {
        "criterion": stop.criterion,
        "proof": stop.proof,
        "loss": stop.loss,
        "stall": stop.stall,
        "wall_time": stop.wall_time,
        "max_steps": stop.max_steps,
        "rise": stop.rise,
    }


def _flow_run(task: FlowTask, found: _core.FlowRunFields) -> FlowRun:
    log, pieces, kinks, rows = found["switches"], found["dense"], found["kinks"], found["kinks_saved"]
    made: dict[str, Any] = {
        "switches": None if log is None else SwitchLog(**log),
        "dense": None if pieces is None else _dense_flow(task, pieces),
        "kinks": None if kinks is None else Kinks.adopt(**kinks),
        "kinks_saved": None if rows is None else _kink_rows(rows),
    }
    return FlowRun(**{**found, **made})


def _kink_fields(kinks: Kinks) -> _core.KinkFields:
    return {"neuron": kinks.neuron, "point": kinks.point, "mode": kinks.mode, "share": kinks.share}


def _kink_rows(found: _core.KinkRowFields) -> KinkRows:
    offsets = np.concatenate([[0], np.cumsum(found["count"])]).astype(np.int64)
    return KinkRows(offsets, found["neuron"], found["point"], found["mode"], found["share"])


def _dense_flow(task: FlowTask, pieces: list[tuple[float, float, Floats]]) -> DenseFlow:
    p, d = task.W.shape
    starts = np.array([start for start, _, _ in pieces])
    widths = np.array([width for _, width, _ in pieces])
    return DenseFlow(p, d, starts, widths, tuple(coefficients for _, _, coefficients in pieces))
