"""One run: its problem, checked, as a backend's task.

What differs between methods is in `_euler_task` and `_flow_task` here, in `_stats` and `_flow_stats` of
`result`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pl_native import model
from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Dataset, Network
from pl_native._run import time_grid
from pl_native._run.call_options import Options
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


@dataclass(frozen=True, slots=True)
class Onward:
    """Of a run that goes on: its record, and what is still to be recorded (steps of Euler, else times)."""

    resume: Resume
    save: Array


def work_of_problem(index: int, problem: object, t_end: object, step: object, options: Options) -> Work:
    """`work_of` for one of many: what is wrong with it is told with its place."""
    try:
        if not isinstance(problem, tuple | list) or len(problem) != 2:
            raise TypeError(f"expected a pair (data, network), got {checks.kind(problem)}")
        return work_of(index, problem[0], problem[1], t_end, step, options)
    except (ValueError, TypeError) as err:
        raise type(err)(f"problems[{index}]: {err}") from err


def work_of(
    index: int,
    data: object,
    network: object,
    t_end: object,
    step: object,
    options: Options,
    on: Onward | None = None,
) -> Work:
    """The checked task of one run, or of what follows its end `network` if it goes on."""
    if not isinstance(data, Dataset):
        raise TypeError(f"data: expected pl.Dataset, got {checks.kind(data)}")
    if not isinstance(network, Network):
        raise TypeError(f"network: expected pl.Network, got {checks.kind(network)}")
    end, eta = checks.at_least("t_end", t_end, 0.0), checks.positive("step", step)
    if on is None:  # else they have run together; the flow returns float64 whatever the data are
        data.check_fits(network)
    moving = network.cut(data.represented)  # orthogonal data in d > n: no column beyond n ever moves
    make = _euler_task if options.method == "euler" else _flow_task
    return Work(index, data, network, end, eta, make(data, moving, end, eta, options, on))


def _euler_task(
    data: Dataset, moving: Network, end: float, eta: float, options: Options, on: Onward | None
) -> EulerTask:
    n = time_grid.n_steps(end, eta)
    return EulerTask(
        X=data.X if data.orthogonal_norms is None else data.orthogonal_norms,
        y=data.y,
        W=moving.W,
        a=moving.a,
        w_perp_sq=moving.w_perp_sq,
        step=eta,
        n_steps=n,
        save_steps=time_grid.save_steps(options.save, end, eta, n) if on is None else on.save,
        states=options.save.states or bool(options.observers),
        stop=options.stop,
        certifiable=model.weakly_correlated(data),
        orthogonal=data.is_orthogonal,
        resume=None if on is None else on.resume,
    )


def _flow_task(
    data: Dataset, moving: Network, end: float, eta: float, options: Options, on: Onward | None
) -> FlowTask:
    """In float64 whatever the dtype of the data; `eta` is Euler's."""
    norms = data.orthogonal_norms
    return FlowTask(
        X=None if norms is not None else _double(data.X),
        norms=None if norms is None else _double(norms),
        y=_double(data.y),
        W=_double(moving.W),
        a=_double(moving.a),
        w_perp_sq=moving.w_perp_sq,
        t_end=end,
        rtol=options.rtol,
        atol=options.atol,
        save=time_grid.save_times(options.save, end) if on is None else on.save,
        stop=options.stop,
        states=options.save.states or bool(options.observers),
        switches=options.save.switches,
        dense=options.save.dense,
        certifiable=model.weakly_correlated(data),
        orthogonal=data.is_orthogonal,
        resume=None if on is None else on.resume,
    )


def _double(array: Array) -> Array:
    return np.ascontiguousarray(array, np.float64)
