"""What is no event, and where none can be, is refused before any work; one that asks to leave is told."""

from __future__ import annotations

import functools
import math
import sys
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import backends
from problems import problem

pytest.importorskip("pl_native._core")


def wave(t: float, net: pl.Network) -> float:
    return math.cos(math.pi * t)


@pytest.mark.parametrize(
    ("events", "error", "message"),
    [
        (3, TypeError, "events: expected functions of"),
        ([wave, wave], ValueError, "distinct names, got 'wave' twice"),
        (
            lambda t, net: net.W,
            TypeError,
            "events: value of '<lambda>': expected a real number, got an array",
        ),
        (lambda t, net: None, TypeError, "expected a real number, got None"),
        (lambda t, net: True, TypeError, "expected a real number, got True"),
        (lambda t, net: math.inf, ValueError, "expected a finite number, got inf"),
        (lambda t: 1.0, ValueError, "raised at the start: TypeError"),
    ],
)
def test_what_is_no_event_is_refused_before_any_work(events: Any, error: Any, message: str) -> None:
    data, net = problem()
    with pytest.raises(error, match=message):
        pl.simulate(data, net, 5.0, events=events, method="flow")
    with pytest.raises(error, match=r"problems\[0\]|events"):
        pl.simulate_ensemble([(data, net)], 5.0, events=events, method="flow")


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"direction": "up"}, TypeError, "events: direction of 'wave': expected a real number"),
        ({"terminal": 0}, ValueError, "events: terminal of 'wave': expected an integer >= 1"),
        ({"terminal": "yes"}, TypeError, "events: terminal of 'wave'"),
        ({"name": ""}, ValueError, "event.name"),
    ],
)
def test_events_are_checked_when_made(keywords: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        pl.Event(wave, **keywords)


def test_where_events_cannot_be() -> None:
    data, net = problem()
    with pytest.raises(ValueError, match="events: expected None with method='euler'"):
        pl.simulate(data, net, 5.0, events=wave)
    if "numpy" in backends.available():
        with pytest.raises(ValueError, match="events: expected None with backend 'numpy'"):
            pl.simulate(data, net, 5.0, method="flow", events=wave, backend="numpy")


def test_an_event_that_asks_to_leave_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    """SystemExit: a traceback at each step, and a run that knew of no error."""

    def leaving(t: float, network: pl.Network) -> float:
        return sys.exit(3) if t > 1 else 1.0

    with pytest.warns(RuntimeWarning, match=r"'leaving' raised at t = .*SystemExit: 3"):
        sol = pl.simulate(*problem(), 5.0, method="flow", events=leaving)
    assert sol.status is pl.Status.HORIZON
    assert "leaving" in sol.stats["event_errors"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "a\n", "x" * 2000])
def test_names_are_such_as_files_keep(name: str) -> None:
    """An observer called "\\0" made a file that could not be read; others none, when the run was over."""

    def mine(t: float, network: pl.Network) -> float:
        return t

    with pytest.raises(ValueError, match=r"event\.name: expected a printable name"):
        pl.Event(mine, name=name)
    partial = functools.partial(mine, network=np.zeros((9, 99)))  # its repr has many lines
    assert pl.Event(partial).label.startswith("functools.partial(")
    mine.__name__ = name
    with pytest.raises(ValueError, match=r"save\.observe: name of a function: expected a printable name"):
        pl.simulate(*problem(), 1.0, save=pl.Save(observe=mine))
