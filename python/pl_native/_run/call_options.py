"""What all runs of a call have in common, checked: the arguments that belong to no one problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from pl_native import backends, model
from pl_native._base import checks
from pl_native._base.progress import ProgressOption, checked_progress
from pl_native._problem import Dataset, Event, Observer, Save, Stop
from pl_native._problem.events import as_events
from pl_native._problem.options import as_save, function_name
from pl_native.backends.contract import Backend

METHODS = ("auto", "euler", "flow", "capture")

CAPTURE_RTOL = 1e-7
"""The least `rtol` of capture: below it steps are held by the rounding of what they measure"""


def needed(method: str) -> tuple[str, ...]:
    """What a backend has to know for it."""
    return ("flow", "capture") if method == "auto" else (method,)


def atol_of(method: str, atol: object) -> float:
    """`atol`, checked; None is 0 for the flow, whose errors are relative to each neuron, and 1e-9 for
    capture and "auto", relative to the first loss.
    """
    if atol is None:
        return 0.0 if method == "flow" else 1e-9
    return checks.at_least("atol", atol, 0.0)


class Options(TypedDict, total=False):
    """The keywords of `simulate` that its siblings take too. What they mean and default to is said there."""

    method: str
    rtol: float
    atol: float | None
    save: object
    stop: Stop
    backend: str
    threads: int | None
    progress: object
    events: object


@dataclass(frozen=True, slots=True)
class CallOptions:
    """`Options`, checked: what all runs of a call have in common."""

    method: str
    rtol: float
    atol: float
    save: Save
    observers: dict[str, Callable[[Dataset], Observer]]
    stop: Stop
    backend: Backend
    threads: int | None
    progress: ProgressOption
    events: tuple[Event, ...] = ()


def checked_options(
    *,
    method: object,
    rtol: object,
    atol: object,
    save: object,
    stop: object,
    backend: object,
    threads: object = None,
    progress: object = False,
    events: object = None,
) -> CallOptions:
    """ValueError or TypeError for arguments of `simulate`, wrong whatever the problem is."""
    name = checks.choice("method", method, METHODS)
    tolerances = _rtol_of(name, rtol), atol_of(name, atol)
    plan = as_save(save)
    if not isinstance(stop, Stop):
        raise TypeError(f"stop: expected pl.Stop, got {checks.kind(stop)}")
    team = None if threads is None else checks.threads("threads", threads)
    chosen = backends.select(checks.choice("backend", backend, ("auto", *backends.NAMES)), *needed(name))
    _check_method(name, plan, stop, chosen)
    met = as_events(events)
    _check_events(name, met, chosen)
    shown = checked_progress(progress)
    return CallOptions(name, *tolerances, plan, _observers(plan), stop, chosen, team, shown, met)


def _rtol_of(method: str, rtol: object) -> float:
    """`rtol`, checked. Capture's has a floor: shares of pairs are in single precision."""
    found = checks.positive("rtol", rtol)
    if method == "capture" and found < CAPTURE_RTOL:
        raise ValueError(
            f"rtol: expected at least {CAPTURE_RTOL:g} for capture (the flow goes further), got {found!r}"
        )
    return found


def _check_method(method: str, plan: Save, stop: Stop, backend: Backend) -> None:
    """Refuses what a method or its backend does not know."""
    for name in ("switches", "dense"):
        if getattr(plan, name) and method != "flow":
            raise ValueError(f"save.{name}: expected False with method={method!r} (it needs the flow)")
    if method == "euler":
        if stop.proof:
            raise ValueError("stop.proof: expected False with method='euler' (a proof is of the flow)")
        return
    for part in needed(method):
        backends.adaptive(backend, part, method)
    if backend.NAME == "numpy" and (plan.dense or stop != Stop(max_steps=stop.max_steps)):
        raise ValueError("backend: the flow of 'numpy' knows stop.max_steps only, and no dense output")


def _check_events(method: str, events: tuple[Event, ...], backend: Backend) -> None:
    """Euler has no states between its steps: what a step jumps over is no event of the flow."""
    if events and method == "euler":
        raise ValueError(
            "events: expected None with method='euler', which has no states between its steps; look at saved "
            "ones with save=pl.Save(every=..., observe=...)"
        )
    if events and backend.NAME != "native":
        raise ValueError(f"events: expected None with backend {backend.NAME!r} (they need 'native')")


def _observers(plan: Save) -> dict[str, Callable[[Dataset], Observer]]:
    """What to observe by name. A named function of the model takes (data, network), a user's (t, network)."""
    found: dict[str, Callable[[Dataset], Observer]] = {}
    for item in plan.observe:
        if isinstance(item, str):
            name, make = item, _of_model(item)
        else:
            name, make = checks.label("save.observe: name of a function", function_name(item)), _of_user(item)
        if name in found:
            raise ValueError(
                f"save.observe: expected distinct names, got {name!r} twice; a function's is its __name__"
            )
        found[name] = make
    return found


def _of_model(name: str) -> Callable[[Dataset], Observer]:
    function = model.observable(name)
    return lambda data: lambda t, network: function(data, network)


def _of_user(function: Observer) -> Callable[[Dataset], Observer]:
    return lambda data: function
