"""Which method of `method="auto"` goes on, and for how long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import pl_native as pl
from pl_native._run.choosing import forecast, prices
from pl_native._run.choosing.forecast import Forecast
from pl_native._run.task import in_double
from pl_native.backends.contract import FlowTask, StateTask

pytest.importorskip("pl_native._core")


def test_runs_of_themselves_go_from_capture_to_the_flow_and_back() -> None:
    """Where capture spends its budget early, and then the flow costs more than was expected of it."""
    ways = []
    for seed in (2, 12):
        data, net = pl.data.sphere(120, 6, seed=seed), pl.initial.asymmetric(10, 6, seed=seed + 1)
        sol = pl.simulate(data, net, 30 * pl.horizon(120, 10), method="auto", rtol=1e-3)
        ways.append([method for method, _ in sol.stats["methods"]][:3])
        assert sol.status is pl.Status.HORIZON
        assert np.all(np.diff(sol.loss) <= 0)
    assert ["capture", "flow", "capture"] in ways


def part(rhs: int, restarts: int) -> Any:
    return SimpleNamespace(counters={"rhs": rhs, "restarts": restarts})


def coming(data: pl.Dataset, net: pl.Network, horizons: float = 1.0) -> Forecast:
    t_end = horizons * pl.horizon(data.n, net.p)
    state = StateTask(**in_double(data, net))
    task = SimpleNamespace(**{name: getattr(state, name) for name in STATE}, t_end=t_end, rtol=1e-2)
    return Forecast(cast(FlowTask, task), 0.0, {"flow": 0.0, "capture": 0.0})


STATE = ("y", "X", "norms", "W", "a", "w_perp_sq")


def test_what_was_begun_again_is_not_taken_for_the_pace() -> None:
    """A part of capture that ended in its second attempt has come its way twice."""
    data, net = pl.data.sphere(60, 20, seed=1), pl.initial.asymmetric(10, 20, seed=2)
    paces = []
    for restarts in (0, 1):
        mine = coming(data, net)
        mine.learn("capture", part(400, restarts), 15.0)
        paces.append(mine._factor["capture"])
        mine.learn("capture", part(600, restarts), 15.5)  # no second time
        paces.append(mine._factor["capture"])
    assert paces[0] == pytest.approx(paces[2] * 450 / 250)
    assert paces[1] == paces[3]


def test_small_neurons_make_capture_dearer_but_its_budget_no_less(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pl.data.sphere(100, 20, seed=1)
    large, small = (pl.initial.balanced(20, 20, seed=2, scale=scale) for scale in (1.0, 1e-3))
    chosen = [coming(data, net).choose(None, net.W, net.a) for net in (large, small)]
    assert chosen[0] == chosen[1]
    monkeypatch.setattr(prices, "SMALL", 1e3)
    methods = [coming(data, net).choose(None, net.W, net.a).method for net in (large, small)]
    assert methods == ["capture", "flow"]


def test_once_capture_is_tried_small_neurons_are_in_what_it_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """They made it dearer twice: at two fifths of what the flow costs it was left for the flow."""
    data, net = pl.data.sphere(50, 8, seed=7), pl.initial.balanced(10, 8, seed=8, scale=1e-4)
    monkeypatch.setattr(prices, "SMALL", 1e3)
    chosen = []
    for method in ("flow", "capture"):
        mine = coming(data, net)
        mine.learn(method, part(100, 0), 10.0)
        chosen.append(mine.choose("capture", net.W, net.a).method)
    assert chosen == ["flow", "capture"]


def test_a_short_rest_is_not_worth_a_change_to_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    data, net = pl.data.sphere(60, 20, seed=1), pl.initial.asymmetric(10, 20, seed=2)
    assert coming(data, net).choose(None, net.W, net.a).method == "capture"
    monkeypatch.setattr(forecast, "_LEAST", 1.0)
    assert coming(data, net).choose(None, net.W, net.a).method == "capture"
    assert coming(data, net).choose("flow", net.W, net.a).method == "flow"


def test_the_flow_may_cost_the_more_the_further_capture_missed() -> None:
    """At a tolerance of 1e-2 a loss told to be off by 0.013 may well be right."""
    data, net = pl.data.sphere(60, 20, seed=1), pl.initial.asymmetric(10, 20, seed=2)
    refused = []
    for error in (0.013, 0.025, 1.0):
        mine = coming(data, net)
        rest = {name: mine._rest(name) * mine._price(name) for name in ("flow", "capture")}
        spent = rest["flow"] / 2.5 / mine._price("capture")
        run: Any = SimpleNamespace(counters={"rhs": spent, "restarts": 0, "loss_error": error})
        refused.append(mine.refuses(run))
    assert refused == [False, True, True]
