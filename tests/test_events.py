"""Events of one's own: `simulate(events=...)`."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

import pl_native as pl
from closed_form import closed_form, group_start
from problems import orthogonal_problem, problem

pytest.importorskip("pl_native._core")

FLOW: dict[str, Any] = {"method": "flow", "rtol": 1e-9}


def loss_of(data: pl.Dataset):
    y = data.y
    X = data.X if data.orthogonal_norms is None else np.diag(data.orthogonal_norms)

    def loss(t: float, net: pl.Network) -> float:
        return float(np.mean((y - np.maximum(X @ net.W.T, 0) @ net.a / net.p) ** 2)) / 2

    return loss


def below(level: float, data: pl.Dataset, **keywords: Any) -> pl.Event:
    loss = loss_of(data)
    return pl.Event(lambda t, net: math.log(loss(t, net) / level), name="below", **keywords)


def clock(period: float):
    """Positive and negative in turn, each for `period`."""

    def wave(t: float, net: pl.Network) -> float:
        return math.cos(math.pi * t / period)

    return wave


@pytest.mark.parametrize("method", ["flow", "capture"])
@pytest.mark.parametrize("make", [problem, orthogonal_problem])
def test_an_event_at_a_loss_is_the_stop_rule(method: str, make: Any) -> None:
    data, net = make()
    options = {"method": method, "rtol": 1e-9 if method == "flow" else 1e-4}
    level = 0.5 * loss_of(data)(0.0, net)
    sol = pl.simulate(data, net, 200.0, events=below(level, data, terminal=True), **options)
    target = pl.simulate(data, net, 200.0, stop=pl.Stop(loss=level), **FLOW)
    assert sol.status is pl.Status.EVENT
    assert target.status is pl.Status.TARGET
    assert sol.events is not None
    assert sol.t[-1] == sol.events.t[-1] == sol.events.times("below")[0]
    assert sol.t[-1] == pytest.approx(target.t[-1], rel=1e-7 if method == "flow" else 1e-3)
    # capture's end state has its pairs at rest put on their kinks to rounding: 2.9e-11 of its last row's loss
    assert sol.loss[-1] == pytest.approx(level, rel=1e-11 if method == "flow" else 1e-10)
    rounding = 1e-12 if method == "flow" else 1e-9
    np.testing.assert_allclose(sol.events.W[-1], sol.network.W, rtol=rounding, atol=0.1 * rounding)


def test_a_level_of_the_loss_and_of_a_norm_in_closed_form() -> None:
    """Group initialisation, paper.md section 4: every time to the tolerance of the run."""
    n, p = 12, 3
    y, W, a = group_start(n, p, 0.6, np.random.default_rng(5))
    data, net = pl.Dataset.orthogonal(np.ones(n), y), pl.Network(W, a)

    def loss_at(t: float) -> float:
        return float((closed_form(np.array([t]), y, W, a)[1] ** 2).sum()) / (2 * n)

    def norm_at(t: float) -> float:
        return float(np.linalg.norm(closed_form(np.array([t]), y, W, a)[0][0][1]))

    level, size = 0.3 * loss_at(0.0), 1.2 * norm_at(0.0)
    exact = {
        "loss": brentq(lambda t: loss_at(t) - level, 0, 1e3, xtol=1e-12),
        "norm": brentq(lambda t: norm_at(t) - size, 0, 1e3, xtol=1e-12),
    }
    r = lambda net: y - np.maximum(net.W, 0).T @ net.a / p  # noqa: E731
    events = [
        pl.Event(lambda t, net: (r(net) ** 2).sum() / (2 * n) - level, direction=-1, name="loss"),
        pl.Event(lambda t, net: np.linalg.norm(np.maximum(net.W[1], 0)) - size, name="norm"),
    ]
    sol = pl.simulate(data, net, 40.0, events=events, **FLOW)
    assert sol.events.names == ("loss", "norm")
    for name, t in exact.items():
        assert sol.events.times(name) == pytest.approx([t], rel=1e-8)
    loose = pl.simulate(data, net, 40.0, events=events, method="capture", rtol=1e-4)
    for name, t in exact.items():
        assert loose.events.times(name) == pytest.approx([t], rel=1e-3)


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_a_double_crossing_inside_one_step_is_met(method: str) -> None:
    """The sign is the same at both ends of the step: naive checks see nothing."""
    data, net = problem(seed=2)
    bare = pl.simulate(data, net, 2000.0, method=method, rtol=1e-6 if method == "flow" else 1e-2)
    assert bare.stats["steps"] < 2000
    # all steps after the last switch are long; the pair of crossings is 1e-3 of the run apart
    at, gap = 1500.0, 1.0
    dip = pl.Event(lambda t, net: (t - at) * (t - at - gap), name="dip")
    sol = pl.simulate(
        data, net, 2000.0, events=dip, method=method, rtol=1e-6 if method == "flow" else 1e-2,
        save=pl.Save(dense=method == "flow"),
    )  # fmt: skip
    assert sol.events.t == pytest.approx([at, at + gap], rel=1e-12)
    if method == "flow":  # one step holds both
        k = int(np.searchsorted(sol.dense.starts, at)) - 1
        assert sol.dense.starts[k] + sol.dense.widths[k] > at + gap


def test_many_crossings_of_a_wave_and_their_directions() -> None:
    data, net = problem(seed=1)
    up = pl.Event(clock(0.5), direction=1, name="up")
    down = pl.Event(clock(0.5), direction=-2, name="down")
    sol = pl.simulate(data, net, 20.0, events=[up, down, pl.Event(clock(0.5), name="both")], **FLOW)
    expected = 0.25 + 0.5 * np.arange(40)
    assert sol.events.times("both") == pytest.approx(expected, rel=1e-13)
    assert sol.events.times("down") == pytest.approx(expected[::2], rel=1e-13)
    assert sol.events.times("up") == pytest.approx(expected[1::2], rel=1e-13)
    assert np.all(np.diff(sol.events.t) >= 0)


def test_a_corner_and_a_jump_are_met() -> None:
    data, net = problem(seed=1)
    corner = pl.Event(lambda t, net: abs(t - 3.0) - 0.01, name="corner")
    jump = pl.Event(lambda t, net: 1.0 if t < 7.123 else -1.0, name="jump")
    sol = pl.simulate(data, net, 20.0, events=[corner, jump], **FLOW)
    assert sol.events.times("corner") == pytest.approx([2.99, 3.01], rel=1e-12)
    assert sol.events.times("jump") == pytest.approx([7.123], rel=1e-14)


def test_touching_zero_is_no_event_and_neither_is_a_start_there() -> None:
    data, net = problem(seed=1)
    touch = pl.Event(lambda t, net: (t - 5.0) ** 2, name="touch")
    begins = pl.Event(lambda t, net: t, name="begins")
    sol = pl.simulate(data, net, 20.0, events=[touch, begins], **FLOW)
    assert len(sol.events) == 0
    assert repr(sol.events) == "EventLog(touch: 0, begins: 0)"


def test_terminal_events_as_scipy_knows_them() -> None:
    data, net = problem(seed=1)
    wave = clock(0.5)
    wave.terminal = 3  # type: ignore[attr-defined]
    wave.direction = -1  # type: ignore[attr-defined]
    sol = pl.simulate(data, net, 20.0, events=wave, save=41, **FLOW)
    assert sol.status is pl.Status.EVENT
    assert sol.events.t == pytest.approx([0.25, 1.25, 2.25], rel=1e-13)
    assert sol.t[-1] == sol.events.t[-1]
    assert sol.t[-2] == 2.0
    assert "event" in sol.message


def test_events_change_nothing_of_a_run() -> None:
    """Where no stabilised step is looked into: those are put back on their invariants once more."""
    data, net = problem(seed=3)
    for options in (FLOW, {"method": "capture", "rtol": 1e-3}):
        alone = pl.simulate(data, net, 10.0, **options)
        watched = pl.simulate(data, net, 10.0, events=clock(3.0), **options)
        np.testing.assert_allclose(watched.network.W, alone.network.W, rtol=1e-13, atol=1e-14)
        assert watched.stats["steps"] == alone.stats["steps"]


def test_a_run_goes_on_after_its_event(tmp_path: Any) -> None:
    data, net = problem(seed=1)
    event = pl.Event(clock(0.5), terminal=True, name="wave")
    first = pl.simulate(data, net, 5.0, events=event, **FLOW)
    second = first.extend(5.0)
    assert second.status is pl.Status.EVENT
    assert second.events.t == pytest.approx([0.25, 0.75], rel=1e-12)
    first.save(tmp_path / "run.npz")
    loaded = pl.Solution.load(tmp_path / "run.npz")
    np.testing.assert_array_equal(loaded.events.t, first.events.t)
    assert loaded.events.names == ("wave",)
    with pytest.raises(
        ValueError, match=r"events: this run looked for events that a file does not hold \(wave\)"
    ):
        loaded.extend(5.0, data=data)
    with pytest.raises(ValueError, match=r"events: expected those of the run, \['wave'\], got \['other'\]"):
        loaded.extend(5.0, data=data, events=pl.Event(clock(0.5), name="other"))
    again = loaded.extend(5.0, data=data, events=event)
    np.testing.assert_array_equal(again.events.t, second.events.t)


def test_a_checkpoint_keeps_events(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data, net = problem(seed=1)
    monkeypatch.setattr("pl_native._run.checkpoint._SECONDS", 1e-3)
    events = pl.Event(clock(0.5), name="wave")
    sol = pl.simulate(data, net, 20.0, events=events, checkpoint=tmp_path / "c.npz", **FLOW)
    assert sol.events.t == pytest.approx(0.25 + 0.5 * np.arange(40), rel=1e-12)
    again = pl.simulate(data, net, 20.0, events=events, checkpoint=tmp_path / "c.npz", **FLOW)
    np.testing.assert_array_equal(again.events.t, sol.events.t)
    with pytest.raises(ValueError, match="differ in events"):
        pl.simulate(
            data, net, 20.0, events=pl.Event(clock(0.5), name="other"), checkpoint=tmp_path / "c.npz", **FLOW
        )


def test_an_ensemble_has_the_events_of_each_alone() -> None:
    problems = [problem(seed=seed) for seed in range(6)]
    sols = pl.simulate_ensemble(problems, 5.0, events=clock(0.7), threads=3, **FLOW)
    for (data, net), sol in zip(problems, sols, strict=True):
        alone = pl.simulate(data, net, 5.0, events=clock(0.7), **FLOW)
        np.testing.assert_array_equal(sol.events.t, alone.events.t)
        np.testing.assert_array_equal(sol.events.W, alone.events.W)


def late(t: float, net: pl.Network) -> float:
    if t > 2:
        raise ZeroDivisionError("mine")
    return 1.0 - t


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_an_event_that_raises_late_ends_nothing(method: str) -> None:
    data, net = problem(seed=1)
    options: dict[str, Any] = {"method": method, "rtol": 1e-4}
    with pytest.warns(RuntimeWarning, match=r"events: 'late' raised at t = .*: ZeroDivisionError: mine"):
        sol = pl.simulate(data, net, 5.0, events=[late, clock(0.5)], **options)
    assert sol.status is pl.Status.HORIZON
    assert sol.events.times("late") == pytest.approx([1.0])
    assert len(sol.events.times("wave")) == 10
    assert "ZeroDivisionError" in sol.stats["event_errors"]["late"]


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_a_run_is_cut_off_inside_a_slow_event(method: str) -> None:
    """Of two meshes of capture, a step that was cut off there went on for ever."""
    data, net = problem()

    def slow(t: float, net: pl.Network) -> float:
        if t > 0.5:
            time.sleep(0.1)
        return 1.0

    stop = pl.Stop(wall_time=0.1)
    sol = pl.simulate(data, net, 5.0, method=method, events=slow, stop=stop, progress=False)
    assert sol.status is pl.Status.WALL_TIME
    assert 0 < sol.t[-1] < 5


@pytest.mark.parametrize("share", [0.55, 0.7, 0.95])
def test_an_event_just_after_a_run_goes_on(share: float) -> None:
    """Of two meshes of capture: the end of one rounding of the time was gone to by 2^39 of the step's."""
    data, net = problem()
    rounding = 2.0**-52

    def ends(at: float) -> pl.Event:
        return pl.Event(lambda t, net: 1e12 * (t - at), name="end", terminal=True)

    sol = pl.simulate(data, net, 1.0, method="capture", events=ends(2.0), progress=False)
    for roundings in (10001, 10003):
        at = 1 + math.floor(share * roundings) * rounding
        ended = sol.extend(1 + roundings * rounding, data=data, events=ends(at), progress=False)
        assert ended.status is pl.Status.EVENT
        assert at <= ended.events.t[-1] <= ended.t[-1] < at + 4 * rounding


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_inside_an_event() -> None:
    data, net = problem(seed=1)

    def stops(t: float, net: pl.Network) -> float:
        if t > 2:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(pl.Interrupted) as stopped:
        pl.simulate(data, net, 50.0, events=[stops, clock(0.5)], **FLOW)
    (sol,) = stopped.value.solutions
    assert sol.status is pl.Status.INTERRUPTED
    assert 0 < sol.t[-1] < 50
    assert sol.events.times("wave") == pytest.approx(0.25 + 0.5 * np.arange(len(sol.events)))


def test_the_example_of_the_page_runs() -> None:
    page = (Path(__file__).parent.parent / "docs" / "events.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    assert len(code.splitlines()) <= 10
    found: dict[str, Any] = {}
    exec(code, found)
    sol = found["sol"]
    assert sol.status is pl.Status.EVENT
    assert np.linalg.norm(sol.network.W, axis=1).max() == pytest.approx(4, rel=1e-12)
    assert sol.events.times("large").tolist() == [sol.t[-1]]
