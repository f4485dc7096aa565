"""Stop rules, statuses, dense output, the second wall of the binding."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from flow_support import draw, make_task, run, stop_rules
from pl_native import Status, _core
from pl_native.backends import native
from pressing import CtrlC


def fitting():
    return draw(6, 40, 12, 3)


def test_target_ends_where_the_loss_passes_it():
    for target in (1e-2, 1e-4, 1e-9):
        got = run(*fitting(), 1e4, stop=stop_rules(loss=target))
        assert got.status == Status.TARGET
        assert target * (1 - 1e-6) < got.loss[-1] <= target
        assert got.t[-1] < 1e3


def test_criterion_time_is_recorded_in_every_run_and_stops_on_request():
    plain = run(*fitting(), 200.0)
    stopped = run(*fitting(), 200.0, stop=stop_rules(criterion=True))
    assert plain.status == Status.HORIZON
    assert stopped.status == Status.CRITERION
    assert stopped.t[-1] == pytest.approx(plain.counters["criterion_time"], rel=1e-6)
    y = fitting()[1]
    assert 2 * len(y) * stopped.loss[-1] == pytest.approx(np.min(y**2), rel=1e-6)
    assert plain.counters["proved_time"] is None


def test_converged_needs_the_certificate_and_dominant_outer_weights():
    X, y, W, a = fitting()
    stop = stop_rules(criterion=True)
    assert run(X, y, W, a, 200.0, stop=stop, certifiable=True).status == Status.CONVERGED
    weak = run(X, y, 3 * W, a / 3, 200.0, stop=stop, certifiable=True)
    assert weak.status == Status.CRITERION
    outside = np.full(len(a), 1e6)
    assert run(X, y, W, a, 200.0, stop=stop, certifiable=True, w_perp_sq=outside).status == Status.CRITERION


def test_dead_point_is_found_on_orthogonal_inputs():
    y, W, a = np.array([1.0, -1.5]), np.array([[0.5, 0.5]]), np.array([1.0])
    free = run(None, y, W, a, 300.0, norms=np.ones(2), orthogonal=True)
    got = run(None, y, W, a, 300.0, norms=np.ones(2), orthogonal=True, stop=stop_rules(criterion=True))
    assert got.status == Status.DEAD_POINT
    assert got.counters["loss_bound"] == pytest.approx(1.5**2 / 4)
    assert got.counters["loss_bound"] <= free.loss[-1]
    assert free.counters["off"] == 1
    assert free.W[0, 1] == pytest.approx(0.0, abs=1e-14)


def test_stall_wall_time_and_step_limit():
    X, y, W, a = draw(40, 3, 4, 1)
    assert run(X, y, W, a, 1e6, stop=stop_rules(stall=1e-6)).status == Status.STALLED
    assert run(X, y, W, a, 1e6, stop=stop_rules(wall_time=1e-9)).status == Status.WALL_TIME
    limited = run(X, y, W, a, 1e6, stop=stop_rules(max_steps=7))
    assert limited.status == Status.STEP_LIMIT
    assert limited.counters["accepted"] == 7
    assert limited.t[-1] < 1e6


def test_lower_codes_win():
    got = run(*fitting(), 1e4, stop=stop_rules(loss=1e9, max_steps=0, criterion=True))
    assert got.status == Status.TARGET
    assert got.t.tolist() == [0.0]


def test_dense_output_joins_the_saved_states():
    X, y, W, a = draw(20, 5, 4, 2)
    t = np.linspace(0, 10, 41)
    got = run(X, y, W, a, 10.0, 1e-9, save=t, states=True, dense=True)
    between = run(X, y, W, a, 10.0, 1e-9, dense=True)
    for k, moment in enumerate(t):
        for dense in (got.dense, between.dense):
            at_W, at_a = dense.at(moment)
            assert np.abs(at_W - got.W_saved[k]).max() < 1e-8
            assert np.abs(at_a - got.a_saved[k]).max() < 1e-8
    with pytest.raises(ValueError, match="t: expected"):
        got.dense.at(10.5)
    assert run(X, y, W, a, 10.0).dense is None


def test_dense_output_of_orthogonal_inputs_keeps_the_coordinates_that_died():
    rng = np.random.default_rng(0)
    y, W = rng.uniform(1, 2, 8) * rng.choice([-1, 1], 8), rng.standard_normal((4, 8))
    a = rng.choice([-1, 1], 4) * 2.0
    t = np.linspace(0, 60, 13)
    got = run(None, y, W, a, 60.0, 1e-9, norms=np.ones(8), save=t, states=True, dense=True)
    assert got.counters["off"] > 1
    for k, moment in enumerate(t):
        assert np.abs(got.dense.at(moment)[0] - got.W_saved[k]).max() < 1e-8
    assert np.array_equal(got.W[W < 0], W[W < 0])


def test_switch_log_accounts_for_the_modes():
    X, y, W, a = draw(30, 6, 5, 9)
    got = run(X, y, W, a, 20.0, switches=True)
    modes, log = (X @ W.T > 0).T.astype(int), got.switches
    for j, i, before, after in zip(log.neuron, log.point, log.from_mode, log.to_mode, strict=True):
        assert modes[j, i] == before
        modes[j, i] = after
    z = got.W @ X.T
    assert (modes == 2).sum() == got.counters["sliding_end"]
    assert np.abs(z[modes == 2]).max() < 1e-14
    assert np.array_equal(modes[modes != 2], (z > 0)[modes != 2])
    assert got.n_active[-1] == (modes == 1).sum()


def test_results_are_the_same_bits_every_time():
    runs = [run(*draw(30, 10, 6, 4), 20.0) for _ in range(3)]
    assert all(np.array_equal(r.W, runs[0].W) and r.loss[-1] == runs[0].loss[-1] for r in runs)


def test_several_tasks_in_order():
    tasks = [make_task(*draw(6, 3, 2, seed), 1.0) for seed in range(3)]
    runs, interrupted = native.flow(tasks, threads=2, poll=None)
    assert not interrupted
    assert [r.loss[-1] for r in runs] == [run(*draw(6, 3, 2, seed), 1.0).loss[-1] for seed in range(3)]


def test_threads_change_nothing():
    tasks = [make_task(*draw(20, 6, 4, seed), 10.0) for seed in range(12)]
    alone, _ = native.flow(tasks, threads=1, poll=None)
    together, interrupted = native.flow(tasks, threads=4, poll=None)
    assert not interrupted
    for one, two in zip(alone, together, strict=True):
        assert np.array_equal(one.W, two.W)
        assert one.loss[-1] == two.loss[-1]


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_is_answered_within_a_fifth_of_a_second(threads):
    """Runs under way come back as Status.INTERRUPTED with their last state, runs not started as None."""
    tasks = [make_task(*draw(300, 30, 31), 1e9, 1e-10, stop=stop_rules(wall_time=None, max_steps=None))] * 4
    ctrl_c = CtrlC(0.3)
    runs, interrupted = native.flow(tasks, threads=threads, poll=None)
    assert ctrl_c.late() < 0.2 * threads
    assert interrupted
    assert runs[0].status == Status.INTERRUPTED
    assert 0 < runs[0].t[-1] < 1e9
    assert np.isfinite(runs[0].W).all()
    assert runs[3] is None


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"y": np.ones(3)}, ValueError, "y: expected length 4, got 3"),
        ({"a": np.ones(3)}, ValueError, "a: expected length 2, got 3"),
        ({"a": np.array([1.0, np.nan])}, ValueError, "a: expected finite"),
        ({"rtol": 0.0}, ValueError, "rtol"),
        ({"t_end": -1.0}, ValueError, "t_end"),
        ({"save": np.array([0.0, 9.0])}, ValueError, "save"),
        ({"order": 31}, ValueError, "order"),
        ({"max_step": 0.0}, ValueError, "max_step"),
        ({"X": None}, ValueError, "X, norms: expected one of the two"),
        ({"X": np.ones((4, 3), np.float32)}, TypeError, "X: expected dtype float64"),
    ],
)
def test_the_binding_refuses_what_does_not_fit(change, error, match):
    task = dataclasses.replace(make_task(*draw(4, 3, 2), 1.0), **change)
    with pytest.raises(error, match=match):
        native.flow([task], threads=1, poll=None)


def test_the_binding_is_documented():
    assert "event-driven" in (_core.flow.__doc__ or "")


@pytest.mark.parametrize("scale", [1e-160, 1e160])
def test_numbers_out_of_range_end_with_a_status(scale):
    X, y, W, a = draw(10, 3, 3, 0)
    for problem in ((X * scale, y, W, a), (X, y * scale, W, a), (X, y, W * scale, a)):
        got = run(*problem, 10.0, 1e-6, stop=stop_rules(max_steps=2000, wall_time=5.0))
        assert got.status in (Status.NON_FINITE, Status.HORIZON, Status.STEP_LIMIT)
        assert np.isfinite(got.W).all()


def test_no_time_at_all():
    X, y, W, a = draw(10, 3, 3, 0)
    got = run(X, y, W, a, 0.0, save=np.array([0.0]))
    assert got.status == Status.HORIZON
    assert got.t.tolist() == [0.0]
    assert np.array_equal(got.W, W)
