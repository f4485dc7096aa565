"""How a run ended: the one table of statuses and their messages. The native core returns the same codes."""

from __future__ import annotations

from enum import IntEnum

from pl_native._base import checks


class Status(IntEnum):
    """Why a run ended. Lower values win when several hold at one step."""

    NON_FINITE = 0
    CONVERGED = 1
    DEAD_POINT = 2
    TRAPPED = 3
    CRITERION = 4
    TARGET = 5
    EVENT = 6
    STALLED = 7
    INTERRUPTED = 8
    WALL_TIME = 9
    STEP_LIMIT = 10
    SWITCH_LIMIT = 11
    UNSTABLE = 12
    HORIZON = 13

    @property
    def message(self) -> str:
        """One sentence for a reader."""
        return _MESSAGES[self]

    @classmethod
    def stored(cls, value: object) -> Status:
        """The status that a file holds: by name, or by its code in files written before TRAPPED came.

        Raises ValueError for anything else.
        """
        name = value
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_ONCE):
            name = _ONCE[value]
        if not isinstance(name, str) or name not in cls.__members__:
            raise ValueError(
                f"status: expected one of {', '.join(cls.__members__)}, got {checks.shown(value)}"
            )
        return cls[name]


_MESSAGES = {
    Status.NON_FINITE: "a number is beyond its range (too large, NaN, or too small for its square); "
    "the last state before is kept",
    Status.CONVERGED: "proved: the flow from the state reached converges to zero loss",
    Status.DEAD_POINT: "a point has no live neuron left, so the loss can never reach zero",
    Status.TRAPPED: "proved: the flow from the state reached tends to a loss above zero",
    Status.CRITERION: "the stopping rule sum r_i^2 < min y_i^2 holds (for correlated data no proof)",
    Status.TARGET: "the loss asked for was reached",
    Status.EVENT: "an event that ends runs was met",
    Status.STALLED: "local_pl t < stop.stall and no neuron grows or turns: at rest, but no proof",
    Status.INTERRUPTED: "interrupted from outside",
    Status.WALL_TIME: "the wall-clock limit was reached",
    Status.STEP_LIMIT: "the limit on steps was reached",
    Status.SWITCH_LIMIT: "the limit on switches at one instant was reached",
    Status.UNSTABLE: "the loss rose: the step is too large for this problem",
    Status.HORIZON: "the end time was reached",
}

Status.__doc__ = "\n".join(
    [f"{Status.__doc__}", "", *(f"{status.name:<13}{message}" for status, message in _MESSAGES.items())]
)

_ONCE = (
    "NON_FINITE", "CONVERGED", "CRITERION", "TARGET", "DEAD_POINT", "STALLED", "INTERRUPTED", "WALL_TIME",
    "STEP_LIMIT", "SWITCH_LIMIT", "UNSTABLE", "HORIZON",
)  # fmt: skip
