"""What held a run up that ended before its time, as far as its counters know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pl_native._base.wording import counted
from pl_native._problem import Status

_OFTEN = 0.5  # of the steps
_STIFF = 10.0  # times of the fastest mode that no Taylor step is long: up to half its order, at most 24


@dataclass(frozen=True, slots=True)
class Run:
    """Of a run, what `stats` does not hold."""

    reached: float  # time
    stuck: bool  # where it ended STEP_LIMIT, it was not by max_steps
    dense: bool  # output


def held(status: Status, stats: Mapping[str, Any], run: Run) -> str:
    """Where a limit met the run, and what its steps were spent on; a limit that is none of the user's is told
    apart. Empty for other statuses.
    """
    if status not in (Status.STEP_LIMIT, Status.SWITCH_LIMIT, Status.WALL_TIME):
        return ""
    where = f" at t {run.reached:g} of {stats['t_end']:g}"
    if status is Status.SWITCH_LIMIT:
        return where + ": a problem that the rule does not resolve in double precision" + _parallel(stats)
    if status is Status.STEP_LIMIT and run.stuck and "rtol" in stats:
        return (
            f"{where}: not max_steps, but no step is left that moves the time and does not raise the loss"
            f" (rtol {stats['rtol']:g}, {counted(stats.get('rejected', 0), 'step')} refused)"
        )
    return where + _cause(stats, run)


def _parallel(stats: Mapping[str, Any]) -> str:
    count = stats.get("dependent_inputs")
    return f"; inputs parallel to 1e-9 were met, {counted(count, 'time')}" if count else ""


def _cause(stats: Mapping[str, Any], run: Run) -> str:
    """Of steps that have no size of their own."""
    steps = stats["steps"]
    if "rtol" not in stats or not steps:
        return ""
    events = stats.get("events", 0)
    refused, stabilised = stats.get("rejected", 0), stats.get("stabilised_steps", 0)  # the oracle knows none
    times = run.reached / steps * stats.get("spectral_radius", 0.0)
    if stats.get("restarts"):
        text = f"capture began again, {counted(stats['restarts'], 'time')}"
    elif events >= _OFTEN * steps:
        text = f"switches hold it up, {counted(events, 'event')} in {counted(steps, 'step')}"
        text += ", each of which ends a step where dense output is kept" if run.dense else ""
    elif refused >= _OFTEN * steps:
        text = f"steps are refused, {refused} beside {steps} that were taken"
    elif _by_flow(stats) and 0.0 < times < _STIFF and stabilised < _OFTEN * steps:
        text = f"the fastest mode holds it up, a step is {times:.2g} of its times in the mean, and "
        text += f"{stabilised} of {steps} were stabilised"
    else:
        text = f"steps are as long as rtol {stats['rtol']:g} lets them be"
    return f": {text}"


def _by_flow(stats: Mapping[str, Any]) -> bool:
    """Whether it is the flow that was at work at the end."""
    turns = stats.get("methods") or [[stats["method"], 0.0]]
    return str(turns[-1][0]) == "flow"
