"""A raw run as a `Solution`: what a backend recorded, in the terms of the paper."""

from __future__ import annotations

from typing import Any

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._problem import Network, Status
from pl_native._run import observed
from pl_native._run.call_options import CallOptions
from pl_native._run.choosing.asleep import is_small
from pl_native._run.resume import Record, nothing_fixed
from pl_native._run.solution import Solution
from pl_native._run.task import Work
from pl_native.backends.contract import EulerRun, EulerTask, FlowRun


def solution_of(work: Work, run: EulerRun | FlowRun, options: CallOptions, called: bool = True) -> Solution:
    """What a backend recorded, in the terms of the paper; unless `called`, observers are left out."""
    p = work.network.p
    with np.errstate(invalid="ignore", divide="ignore"):
        resolved = (run.loss > 0) & ~(run.loss <= run.loss_noise)
        local_pl = np.where(resolved, run.velocity_sq / (p * run.loss), np.nan)
    t: Array
    if isinstance(run, FlowRun):
        t, stats, switches, dense = run.t, _flow_stats(work, run, options), run.switches, run.dense
    else:
        assert isinstance(work.task, EulerTask)
        t, stats, switches, dense = run.steps * work.task.step, _euler_stats(work.task.step, run), None, None
    keep = options.save.states
    kinks, rows = (run.kinks, run.kinks_saved) if isinstance(run, FlowRun) else (None, None)
    values, told = _observed(work, run, t, options, called)
    events = None if work.watch is None else work.watch.log(float(t[-1]))
    raised = {} if work.watch is None else work.watch.errors()
    told |= {"event_errors": raised} if raised else {}
    return Solution(
        t=t,
        loss=run.loss,
        local_pl=local_pl,
        grad_norm=np.sqrt(run.velocity_sq) / p,
        n_active=run.n_active,
        invariant_drift=run.invariant_drift,
        network=work.network.moved(_whole(work, run.W), run.a, kinks),
        status=Status(run.status),
        stats=stats | _circumstances(work, options, run.W.dtype) | told,
        W_saved=_whole(work, run.W_saved) if keep and run.W_saved is not None else None,
        a_saved=run.a_saved if keep else None,
        kinks_saved=rows if keep else None,
        observed=values,
        switches=switches,
        dense=dense,
        events=events,
        _record=_record(work, run, options),
    )


def _record(work: Work, run: EulerRun | FlowRun, options: CallOptions) -> Record | None:
    if run.resume is None:
        return None
    return Record(
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
        events=options.events,
    )


def _whole(work: Work, W: Array) -> Array:
    """`W` (..., p, columns that the run moved) with the other columns of the network it began from."""
    others = work.network.W[:, W.shape[-1] :].astype(W.dtype, copy=False)
    if others.shape[1] == 0:
        return W
    return np.concatenate([W, np.broadcast_to(others, (*W.shape[:-1], others.shape[1]))], axis=-1)


def _observed(
    work: Work, run: EulerRun | FlowRun, t: Array, options: CallOptions, called: bool
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Values of the observers, and what `stats` says of them."""
    if not options.observers:
        return {}, {}
    assert run.W_saved is not None
    assert run.a_saved is not None
    if called:
        W, a, rest = _whole(work, run.W_saved), run.a_saved, work.network.w_perp_sq
        rows = run.kinks_saved if isinstance(run, FlowRun) else None

        def at(i: int) -> Network:
            return Network(W[i], a[i], w_perp_sq=rest, kinks=None if rows is None else rows.at(i))

        values, errors = observed.observe(options.observers, work.data, t, at)
    else:
        values, errors = observed.unobserved(options.observers, len(t))
    return values, {"observer_errors": errors} if errors else {}


def _euler_stats(step: float, run: EulerRun) -> dict[str, Any]:
    counters = dict(run.counters)
    times = {
        f"{name}_time": None if k is None else k * step
        for name in ("criterion", "proved")
        for k in [counters.pop(f"{name}_step")]
    }
    return counters | times | {"step": step}


def _flow_stats(work: Work, run: FlowRun, options: CallOptions) -> dict[str, Any]:
    """The flow's loss never rises, and its steps have no size of their own. Capture is told apart where it
    began so small that its steps do not see the neurons.
    """
    fixed = {"steps": run.counters["accepted"], "first_rise": None, "rises": 0, "step": None}
    absent = dict.fromkeys(("criterion_time", "proved_time", "loss_bound"))
    small = {"small_start": is_small(work.data, work.network)} if options.method == "capture" else {}
    return absent | run.counters | fixed | {"rtol": options.rtol, "atol": options.atol} | small


def _circumstances(work: Work, options: CallOptions, dtype: np.dtype[Any]) -> dict[str, Any]:
    facts = {"method": options.method, "backend": options.backend.NAME, "t_end": work.t_end}
    sizes = {"n": work.data.n, "d": work.data.d, "p": work.network.p}
    return facts | sizes | {"dtype": checks.dtype_name(dtype)}
