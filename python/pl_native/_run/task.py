"""One run: its problem, checked, as a backend's task.

What a task of each method is made of is in `_euler_task` and `_flow_task`; what is made of its run, in
`result`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pl_native import model
from pl_native._base import checks, memory
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network, given
from pl_native._run import time_grid
from pl_native._run.call_options import CallOptions
from pl_native._run.event_log import EventLog
from pl_native._run.watch import EventWatch, watch_of
from pl_native.backends.contract import EulerTask, FlowTask, Resume


@dataclass(frozen=True, slots=True)
class Work:
    """One run: its place in the call, its problem, and the task it becomes."""

    index: int
    data: Dataset
    network: Network
    t_end: float
    step: float
    task: EulerTask | FlowTask
    watch: EventWatch | None = None
    """of its events, also in the task"""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Of a run that goes on: what its backend wrote down, and what is still to be recorded."""

    resume: Resume
    save: Array
    """steps of Euler, times of the other methods"""
    events: EventLog | None = None
    """met so far"""


def pair_of(index: int, problem: object) -> tuple[object, object]:
    """(data, network) of one of many, yet to be checked. TypeError, with its place, for anything else."""
    if not isinstance(problem, tuple | list) or len(problem) != 2:
        got = checks.kind(problem)
        raise TypeError(f"problems[{index}]: expected a pair (data, network), got {got}")
    return problem[0], problem[1]


def work_of_problem(index: int, problem: object, t_end: object, step: object, options: CallOptions) -> Work:
    """`work_of` for one of many: what is wrong with it is told with its place."""
    data, network = pair_of(index, problem)
    try:
        return work_of(index, data, network, t_end, step, options)
    except (ValueError, TypeError) as err:
        raise type(err)(f"problems[{index}]: {err}") from err


def work_of(
    index: int,
    data: object,
    network: object,
    t_end: object,
    step: object,
    options: CallOptions,
    continuation: Continuation | None = None,
) -> Work:
    """The checked task of one run, or of what follows its end `network` if it goes on."""
    data, network = given.dataset(data), given.network(network)
    t_end, step = checks.at_least("t_end", t_end, 0.0), checks.positive("step", step)
    if continuation is None:  # else they have run together; the flow returns float64 whatever the data are
        data.check_fits(network)
    moving = network.cut(data.represented)  # orthogonal data in d > n: no column beyond n ever moves
    if options.method == "euler":
        euler = _euler_task(data, moving, t_end, step, options, continuation)
        return Work(index, data, network, t_end, step, euler)
    flow = _flow_task(data, moving, t_end, options, continuation)
    if not options.events:
        return Work(index, data, network, t_end, step, flow)
    watch = watch_of(options.events, network, continuation.events if continuation else None)
    return Work(index, data, network, t_end, step, replace(flow, watch=watch), watch)


def _euler_task(
    data: Dataset,
    moving: Network,
    t_end: float,
    step: float,
    options: CallOptions,
    continuation: Continuation | None,
) -> EulerTask:
    n = time_grid.n_steps(t_end, step)
    return EulerTask(
        X=data.X if data.orthogonal_norms is None else data.orthogonal_norms,
        y=data.y,
        W=moving.W,
        a=moving.a,
        w_perp_sq=moving.w_perp_sq,
        step=step,
        n_steps=n,
        save_steps=continuation.save if continuation else time_grid.save_steps(options.save, t_end, step, n),
        states=options.save.states or bool(options.observers),
        stop=options.stop,
        certifiable=model.weakly_correlated(data),
        orthogonal=data.is_orthogonal,
        resume=continuation.resume if continuation else None,
    )


def _flow_task(
    data: Dataset, moving: Network, t_end: float, options: CallOptions, continuation: Continuation | None
) -> FlowTask:
    """In float64 whatever the dtype of the data."""
    return FlowTask(
        **in_double(data, moving),
        kinks=moving.kinks,
        t_end=t_end,
        rtol=options.rtol,
        atol=options.atol,
        save=continuation.save if continuation else time_grid.save_times(options.save, t_end),
        stop=options.stop,
        states=options.save.states or bool(options.observers),
        switches=options.save.switches,
        dense=options.save.dense,
        certifiable=model.weakly_correlated(data),
        orthogonal=data.is_orthogonal,
        resume=continuation.resume if continuation else None,
    )


def in_double(data: Dataset, moving: Network) -> dict[str, Any]:
    """What a `StateTask` holds. MemoryError where there is no room for copies."""
    norms = data.orthogonal_norms
    return {
        "X": None if norms is not None else _double(data.X),
        "norms": None if norms is None else _double(norms),
        "y": _double(data.y),
        "W": _double(moving.W),
        "a": _double(moving.a),
        "w_perp_sq": moving.w_perp_sq,
    }


def _double(array: Array) -> Array:
    if array.dtype != np.float64:
        memory.require(8.0 * array.size, "the problem in float64")
    return np.ascontiguousarray(array, np.float64)
