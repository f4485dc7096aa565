"""How a run ended: the one table of statuses and their messages. The native core returns the same codes."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Why a run ended. Lower values win when several hold at one step."""

    NON_FINITE = 0
    CONVERGED = 1
    CRITERION = 2
    TARGET = 3
    DEAD_POINT = 4
    STALLED = 5
    INTERRUPTED = 6
    WALL_TIME = 7
    STEP_LIMIT = 8
    SWITCH_LIMIT = 9
    UNSTABLE = 10
    HORIZON = 11

    @property
    def message(self) -> str:
        """One sentence for a reader."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.NON_FINITE: "a number overflowed or became NaN; the last finite state is kept",
    Status.CONVERGED: "proved: the flow from the state reached converges to zero loss",
    Status.CRITERION: "the stopping rule sum r_i^2 < min y_i^2 holds (for correlated data no proof)",
    Status.TARGET: "the loss asked for was reached",
    Status.DEAD_POINT: "a point has no live neuron left, so the loss can never reach zero",
    Status.STALLED: "doubling the time would lower the loss by less than the fraction stop.stall",
    Status.INTERRUPTED: "interrupted from outside",
    Status.WALL_TIME: "the wall-clock limit was reached",
    Status.STEP_LIMIT: "the limit on steps was reached",
    Status.SWITCH_LIMIT: "the limit on switches at one instant was reached",
    Status.UNSTABLE: "the loss rose: the step is too large for this problem",
    Status.HORIZON: "the end time was reached",
}
