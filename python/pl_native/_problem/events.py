"""`Event`: a function of (t, network) whose changes of sign a run locates, or ends at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from pl_native._base import checks
from pl_native._problem.network import Network
from pl_native._problem.options import function_name

EventFunction: TypeAlias = Callable[[float, Network], Any]


@dataclass(frozen=True, slots=True)
class Event:
    """A change of sign of `function(t, network)`, a finite number that is continuous along the run.

    direction  > 0: only from below 0 to above; < 0: only from above to below; 0: both
    terminal   True: the run ends at the first, status EVENT; an int m >= 1: at the m-th; False: it goes on
    name       by which `Solution.events` tells it (None: the function's own)

    As in `scipy.integrate.solve_ivp`, a bare function with attributes `direction` and `terminal` is one too.
    A value of exactly 0 has no sign: an event is where the other sign is first seen.
    """

    function: EventFunction
    direction: float = 0.0
    terminal: bool | int = False
    name: str | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        if not callable(self.function):
            got = checks.kind(self.function)
            raise TypeError(f"event.function: expected a function of (t, network), got {got}")
        name = function_name(self.function) if self.name is None else self.name
        put(self, "name", checks.label("event.name", name))
        put(self, "direction", math.copysign(1.0, d) if (d := _direction(name, self.direction)) else 0.0)
        put(self, "terminal", _terminal(name, self.terminal))

    def follows(self, rising: bool) -> bool:
        """Whether a change of sign is of its direction."""
        return self.direction == 0 or (self.direction > 0) == rising

    @property
    def label(self) -> str:
        """The name, which every event has."""
        assert self.name is not None
        return self.name


def _direction(name: str, value: object) -> float:
    return checks.real(f"events: direction of {name!r}", value)


def _terminal(name: str, value: object) -> bool | int:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return checks.integer(f"events: terminal of {name!r}", value, 1)


def as_events(events: object) -> tuple[Event, ...]:
    """The `events` argument of `simulate`: None, a function, an `Event`, or several."""
    if events is None:
        return ()
    if isinstance(events, Event) or callable(events):
        events = (events,)
    if not isinstance(events, tuple | list):
        got = checks.kind(events)
        raise TypeError(f"events: expected functions of (t, network) or pl.Event, got {got}")
    found = tuple(item if isinstance(item, Event) else _of_function(item) for item in events)
    names = [event.label for event in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"events: expected distinct names, got {name!r} twice; pl.Event(..., name=) names one"
            )
    return found


def _of_function(function: Any) -> Event:
    if not callable(function):
        got = checks.kind(function)
        raise TypeError(f"events: expected functions of (t, network) or pl.Event, got {got}")
    return Event(function, getattr(function, "direction", 0.0), getattr(function, "terminal", False))
