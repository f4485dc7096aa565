"""Around one run: checked options, a problem as a backend's task, a raw run as a `Solution`.

What differs between methods is in two places: `_euler_task` and `_flow_task`, `_stats` and `_flow_stats`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pl_native import _checks, backends, model, time_grid
from pl_native._checks import Array
from pl_native.backends import Backend, EulerTask, RawRun
from pl_native.backends.flow_task import FlowRun, FlowTask, Resume
from pl_native.options import Observer, as_save
from pl_native.past import Past, function_name, nothing_fixed
from pl_native.solution import Solution
from pl_native.types import Dataset, Network, Save, Status, Stop

METHODS = ("euler", "flow", "capture")


@dataclass(frozen=True, slots=True)
class Options:
    """What all runs of a call have in common, checked."""

    method: str
    rtol: float
    atol: float
    save: Save
    observers: dict[str, Callable[[Dataset], Observer]]
    stop: Stop
    backend: Backend
    threads: int | None


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


def checked_options(
    method: object, rtol: object, atol: object, save: object, stop: object, backend: object, threads: object
) -> Options:
    """The arguments of `simulate` that do not belong to one problem, checked."""
    name = _checks.choice("method", method, METHODS)
    tolerances = _checks.positive("rtol", rtol), _checks.positive("atol", atol)
    plan = as_save(save)
    if not isinstance(stop, Stop):
        raise TypeError(f"stop: expected pl.Stop, got {_checks.kind(stop)}")
    team = None if threads is None else _checks.integer("threads", threads, 1)
    chosen = backends.select(_checks.choice("backend", backend, ("auto", *backends.NAMES)))
    _check_method(name, plan, stop, chosen)
    return Options(name, *tolerances, plan, _observers(plan), stop, chosen, team)


def _check_method(method: str, plan: Save, stop: Stop, backend: Backend) -> None:
    """Refuses what a method or its backend does not know."""
    for name in ("switches", "dense"):
        if getattr(plan, name) and method != "flow":
            raise ValueError(f"save.{name}: expected False with method={method!r} (it needs the flow)")
    if method == "euler":
        return
    backends.adaptive(backend, method)
    if backend.NAME == "numpy" and (plan.dense or stop != Stop(max_steps=stop.max_steps)):
        raise ValueError("backend: the flow of 'numpy' knows stop.max_steps only, and no dense output")


def _observers(plan: Save) -> dict[str, Callable[[Dataset], Observer]]:
    """What to observe by name. A named function of the model takes (data, network), a user's (t, network)."""
    found: dict[str, Callable[[Dataset], Observer]] = {}
    for item in plan.observe:
        if isinstance(item, str):
            name, make = item, _of_model(item)
        else:
            name, make = function_name(item), _of_user(item)
        if name in found:
            raise ValueError(f"save.observe: expected distinct names, got {name!r} twice")
        found[name] = make
    return found


def _of_model(name: str) -> Callable[[Dataset], Observer]:
    function = model.observable(name)
    return lambda data: lambda t, network: function(data, network)


def _of_user(function: Observer) -> Callable[[Dataset], Observer]:
    return lambda data: function


def work_of_problem(index: int, problem: object, t_end: object, step: object, options: Options) -> Work:
    """`work_of` for one of many: what is wrong with it is told with its place."""
    try:
        if not isinstance(problem, tuple | list) or len(problem) != 2:
            raise TypeError(f"expected a pair (data, network), got {_checks.kind(problem)}")
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
        raise TypeError(f"data: expected pl.Dataset, got {_checks.kind(data)}")
    if not isinstance(network, Network):
        raise TypeError(f"network: expected pl.Network, got {_checks.kind(network)}")
    end, eta = _checks.at_least("t_end", t_end, 0.0), _checks.positive("step", step)
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


def solution_of(work: Work, run: RawRun | FlowRun, options: Options) -> Solution:
    """What a backend recorded, in the terms of the paper."""
    p = work.network.p
    with np.errstate(invalid="ignore", divide="ignore"):
        local_pl = np.where(run.loss > 0, run.velocity_sq / (p * run.loss), np.nan)
    if isinstance(run, FlowRun):
        t, stats, switches, dense = run.t, _flow_stats(run, options), run.switches, run.dense
    else:
        assert isinstance(work.task, EulerTask)
        t, stats, switches, dense = run.steps * work.task.step, _stats(work.task.step, run), None, None
    keep = options.save.states
    return Solution(
        t=t,
        loss=run.loss,
        local_pl=local_pl,
        grad_norm=np.sqrt(run.velocity_sq) / p,
        n_active=run.n_active,
        invariant_drift=run.invariant_drift,
        network=Network.adopt(_whole(work, run.W), run.a, work.network.w_perp_sq),
        status=Status(run.status),
        stats=stats | _circumstances(work, options, run.W.dtype),
        W_saved=_whole(work, run.W_saved) if keep and run.W_saved is not None else None,
        a_saved=run.a_saved if keep else None,
        observed=_observed(work, run, t, options),
        switches=switches,
        dense=dense,
        _past=_past(work, run, options),
    )


def _past(work: Work, run: RawRun | FlowRun, options: Options) -> Past | None:
    if run.resume is None:
        return None
    return Past(
        data=work.data,
        digest=None,
        method=options.method,
        step=work.step,
        rtol=options.rtol,
        atol=options.atol,
        t_end=work.t_end,
        backend=options.backend.NAME,
        save=options.save,
        stop=options.stop,
        resume=run.resume,
        fixed=nothing_fixed(options.method),
    )


def _whole(work: Work, W: Array) -> Array:
    """`W` (..., p, columns that the run moved) with the other columns of the network it began from."""
    others = work.network.W[:, W.shape[-1] :].astype(W.dtype, copy=False)
    if others.shape[1] == 0:
        return W
    return np.concatenate([W, np.broadcast_to(others, (*W.shape[:-1], others.shape[1]))], axis=-1)


def _observed(work: Work, run: RawRun | FlowRun, t: Array, options: Options) -> dict[str, Array]:
    if not options.observers:
        return {}
    assert run.W_saved is not None
    assert run.a_saved is not None
    rest = work.network.w_perp_sq
    saved = zip(_whole(work, run.W_saved), run.a_saved, strict=True)
    states = [Network(W, a, w_perp_sq=rest) for W, a in saved]
    return {
        name: np.array([observe(float(s), net) for s, net in zip(t, states, strict=True)])
        for name, make in options.observers.items()
        for observe in [make(work.data)]
    }


def _stats(step: float, run: RawRun) -> dict[str, Any]:
    counters = dict(run.counters)
    times = {
        f"{name}_time": None if k is None else k * step
        for name in ("criterion", "proved")
        for k in [counters.pop(f"{name}_step")]
    }
    return counters | times | {"step": step}


def _flow_stats(run: FlowRun, options: Options) -> dict[str, Any]:
    """The flow's loss never rises, and its steps have no size of their own."""
    fixed = {"steps": run.counters["accepted"], "first_rise": None, "rises": 0, "step": None}
    absent = dict.fromkeys(("criterion_time", "proved_time", "loss_bound"))
    return absent | run.counters | fixed | {"rtol": options.rtol, "atol": options.atol}


def _circumstances(work: Work, options: Options, dtype: np.dtype[Any]) -> dict[str, Any]:
    facts = {"method": options.method, "backend": options.backend.NAME, "t_end": work.t_end}
    return facts | {"n": work.data.n, "d": work.data.d, "p": work.network.p, "dtype": str(dtype)}
