"""`EventWatch`: looks along every step of one run for its events, and keeps what it finds.

The backend calls it (`contract.Watch`), from whatever thread the run is on. What a user's function raises
ends nothing: the event is not looked for from there on, which is told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from pl_native._base import checks
from pl_native._base.checks import Array
from pl_native._base.interrupts import Interrupts
from pl_native._problem import Network
from pl_native._problem.events import Event
from pl_native._run import crossings
from pl_native._run.event_log import EventLog

State = Callable[[float], tuple[Array, Array]]
Whole = Callable[[Array, Array], Network]
"""(W, a) of the columns that move -> the network"""

_RESOLUTION = 4 * 2.0**-52  # of the time
_UNTIL_ASKED = 0.05  # seconds: a run asks at most every 25 ms whether it has been interrupted


@dataclass(slots=True)
class _Found:
    t: float
    which: int
    network: Network


@dataclass(slots=True)
class _Seen:
    """What is known of one event."""

    event: Event
    side: int = 0
    """sign of its last value that was not 0"""
    largest: float = 0.0
    armed: bool = True
    """since the last change of sign it has been more than rounding"""
    error: str | None = None

    def note(self, value: float) -> None:
        self.largest = max(self.largest, abs(value))
        self.armed |= abs(value) > crossings.rounding(self.largest)
        self.side = crossings.sign(value) or self.side


@dataclass(slots=True)
class EventWatch:
    """Of one run. `past`: what the parts before it found."""

    events: Sequence[Event]
    whole: Whole
    past: EventLog
    interrupts: Interrupts | None = None
    _seen: list[_Seen] = field(default_factory=list)
    _found: list[_Found] = field(default_factory=list)
    _last: tuple[float, list[float]] | None = None
    """time reached, and the values there"""

    def begin(self, t: float) -> None:
        """A pass begins at t; one before it, which was given up, counts for nothing after t."""
        self._found = [one for one in self._found if one.t <= t]
        self._last = None
        if self._seen:  # functions that raised stay where they are
            return
        self._seen = [
            _Seen(event, largest=float(size))
            for event, size in zip(self.events, self.past.largest, strict=True)
        ]
        for seen in self._seen:
            seen.armed = seen.largest == 0

    def along(self, t: float, h: float, state: State) -> float:
        """Keeps the events of the step from t by h; where the run is to end: h, or where the event lies."""
        step = _Step(self, t, state)
        if self._last is not None:
            step.known[0.0] = self._last[1]
        for seen, value in zip(self._seen, step.values(0.0), strict=True):
            seen.note(value)
        met = sorted((end, k) for k in range(len(self._seen)) for end in self._crossed(k, step, t, h))
        end = h
        for at, k in met:
            if at > end:
                break
            self._found.append(_Found(t + at, k, step.network(at)))
            if self._is_last(k):
                end = at
        self._last = (t + end, step.values(end))
        for seen, value in zip(self._seen, self._last[1], strict=True):
            seen.note(value)
        return end

    def log(self, reached: float) -> EventLog:
        """All events up to the time reached, those of the past first."""
        found = [one for one in self._found if one.t <= reached]
        p, d = self.past.W.shape[1:]
        later = EventLog(
            names=self.past.names,
            t=np.array([one.t for one in found]),
            which=np.array([one.which for one in found], dtype=np.int64),
            W=np.array([one.network.W for one in found]).reshape(len(found), p, d),
            a=np.array([one.network.a for one in found]).reshape(len(found), p),
            largest=np.array([seen.largest for seen in self._seen] or self.past.largest),
        )
        return self.past.joined(later)

    def errors(self) -> dict[str, str]:
        """By name, what an event raised."""
        return {seen.event.label: seen.error for seen in self._seen if seen.error is not None}

    def _crossed(self, k: int, step: _Step, t: float, h: float) -> list[float]:
        """Ends of the changes of sign of event k within the step that count, increasing."""
        seen, found = self._seen[k], []
        if seen.error is not None:
            return []

        def g(at: float) -> float:
            value = step.values(at)[k]
            seen.largest = max(seen.largest, abs(value))
            return value

        noise = crossings.rounding(seen.largest)
        for lo, hi in crossings.brackets(g, h, seen.side, noise):
            end = crossings.located(g, lo, hi, _RESOLUTION * (t + h))
            beyond = max(abs(g(lo)), abs(g(hi))) > crossings.rounding(seen.largest)
            if (beyond or seen.armed) and seen.event.follows(g(end) > 0):
                found.append(end)
            seen.armed = False
            seen.note(g(hi))
        return [] if seen.error is not None else found

    def _is_last(self, k: int) -> bool:
        terminal = self._seen[k].event.terminal
        if not terminal:
            return False
        times = sum(one.which == k for one in self._found) + int(np.sum(self.past.which == k))
        return times >= int(terminal)

    def value(self, k: int, t: float, network: Network) -> float:
        """Of event k; 0, which has no sign, from where it raised on."""
        seen = self._seen[k]
        if seen.error is not None:
            return 0.0
        try:
            with self._released():
                return number(seen.event, seen.event.function(t, network))
        except KeyboardInterrupt:
            seen.error = "interrupted"
            if self.interrupts is not None:
                self.interrupts.pending = True
            time.sleep(_UNTIL_ASKED)  # so that the run asks before its next step, and ends there
        except BaseException as error:  # also SystemExit: nothing passes through the core
            seen.error = f"at t = {t:g}: {type(error).__name__}: {error}"
        return 0.0

    def _released(self) -> AbstractContextManager[None]:
        """Ctrl-C goes through to the user's function, which may take long, where signals are handled."""
        main = threading.current_thread() is threading.main_thread()
        return self.interrupts.released() if self.interrupts is not None and main else nullcontext()


def watch_of(events: Sequence[Event], network: Network, past: EventLog | None) -> EventWatch:
    """Of a run that starts from `network`, or goes on from it after `past`. Events are tried at a start:
    ValueError for one that raises there, TypeError or ValueError for one that does not give a finite number.
    """
    if past is None:
        for event in events:
            try:
                value = event.function(0.0, network)
            except Exception as error:
                raise ValueError(
                    f"events: {event.label!r} raised at the start: {type(error).__name__}: {error}"
                ) from error
            number(event, value)
        past = EventLog.empty([event.label for event in events], network.p, network.d)

    def whole(W: Array, a: Array) -> Network:
        others = network.W[:, W.shape[1] :].astype(W.dtype, copy=False)
        W = W if not others.shape[1] else np.concatenate([W, others], axis=1)
        return network.moved(W, a)

    return EventWatch(events, whole, past)


class _Step:
    """Values of all events on one step, each taken once."""

    def __init__(self, watch: EventWatch, t: float, state: State) -> None:
        self.known: dict[float, list[float]] = {}
        self._watch, self._t, self._state = watch, t, state

    def network(self, at: float) -> Network:
        """Raises ValueError beyond the range of numbers, or where the run was cut off."""
        return self._watch.whole(*self._state(at))

    def values(self, at: float) -> list[float]:
        if at not in self.known:
            count, time = len(self._watch.events), self._t + at
            try:
                network = self.network(at)
            except ValueError:
                return [0.0] * count
            self.known[at] = [self._watch.value(k, time, network) for k in range(count)]
        return self.known[at]


def number(event: Event, value: object) -> float:
    """A value of an event, checked: TypeError or ValueError unless it is a finite number."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    return checks.real(f"events: value of {event.label!r}", value)
