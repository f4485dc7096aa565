"""What is said of a run, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pl_native._base.checks import Array
from pl_native._problem import Status
from pl_native._run.held import Run, held

_SETTLED = 0.05  # from there on branches are told only
_OFTEN, _BEYOND = 0.1, 1.8  # as in cpp/capture/told.hpp


def message(status: Status, stats: Mapping[str, Any], known: bool, run: Run) -> str:
    """Why the run ended, whether before its first loss was `known`, what held it up where a limit ended it,
    and what speaks against its accuracy: capture's error of the loss, a small start.
    """
    text, error, asked = status.message, stats.get("loss_error"), stats.get("rtol")
    if status is Status.WALL_TIME and not known:
        return f"{text} before the loss of the first state was known; the network is the one given"
    text += held(status, stats, run)
    if error is not None and asked is not None and error > asked:
        text += f"; the error of the loss is estimated at {error:.2g}, more than the {asked:g} asked for"
        if branching(stats) > 0.5 * error:
            text += ", most of it by branches at repelling kinks"
            text += ", settled only below rtol 0.05" if asked >= _SETTLED else ""
    if stats.get("small_start"):
        text += "; the initialisation is small, where the flow is more exact"
    return text


def branching(stats: Mapping[str, Any]) -> float:
    """Relative error of capture's loss by branches, as it tells it (cpp/capture/told.hpp)."""
    scatter = stats.get("branch_scatter") or 0.0
    odds = -math.expm1(-(stats.get("branch_flips") or 0.0)) / _OFTEN
    return scatter * math.log(odds) / _BEYOND if odds > 1.0 else 0.0


def beyond_rounding(t: Array, loss: Array, local_pl: Array) -> str:
    """From when on the loss is rounding; empty if it never is."""
    lost = t[np.isnan(local_pl) & np.isfinite(loss)]
    return f"\n  from t {lost[0]:g} on the loss is rounding: no local_pl there" if len(lost) else ""


def dependent(stats: Mapping[str, Any]) -> str:
    """Where the flow is one of several that the inputs as given allow; empty where it was not so."""
    times = _times(stats.get("dependent_inputs"))
    return (
        times
        and f"\n  {times} inputs parallel to 1e-9 were taken as exactly so: one flow of several (numerics.md)"
    )


def at_zero(stats: Mapping[str, Any]) -> str:
    """Neurons that the rule keeps where Euler may leave; empty where there were none."""
    times = _times(stats.get("zero_neuron"))
    return times and f"\n  {times} a neuron was at w_j = 0, where the rule keeps it (numerics.md)"


def _times(count: int | None) -> str:
    """Empty for never."""
    return "once" if count == 1 else f"{count} times" if count else ""


def end_beyond(t: Array, end: float | None) -> str:
    """Where the network is, when the run went on after its last saved time; empty if it did not."""
    if end is None or not end > t[-1]:
        return ""
    return f" (the network is that of t {end:g}, which was not saved)"


def steps(stats: Mapping[str, Any]) -> str:
    """How many steps of what."""
    if stats["method"] == "auto":
        turns = ", ".join(f"{method} from t {since:g}" for method, since in stats["methods"]) or "of none"
        return f"{stats['steps']} steps to rtol {stats['rtol']:g} ({turns})"
    if stats["method"] == "flow":
        return f"{stats['steps']} steps and {stats['events']} events to rtol {stats['rtol']:g}"
    if stats["method"] == "capture":
        return f"{stats['steps']} steps, loss within {stats['loss_error']:.1g} (estimated)"
    return f"{stats['steps']} steps of {stats['step']:g}"
