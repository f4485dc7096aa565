"""Each status is reached, worded, and wins against the others as their order says; on every backend."""

from __future__ import annotations

import pydoc
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from pl_native import metrics
from pl_native._problem import Status, Stop
from problems import endless_criterion, orthogonal_problem, problem

WELL = pl.Dataset([[1.0, 0.0], [0.1, 1.0]], [1.0, 1.0]), pl.Network([[0.1, 0.0], [0.0, 0.1]], [1.5, 1.5])


def simulate(both: Any, t_end: float, backend: str, **options: Any) -> pl.Solution:
    return pl.simulate(*both, t_end, backend=backend, **options)


def test_help_says_what_each_status_means() -> None:
    text = pydoc.plain(pydoc.render_doc(Status))
    for status in Status:
        assert f"{status.name:<13}{status.message}" in text


def test_horizon(backend: str) -> None:
    sol = simulate(problem(), 3.0, backend, step=0.1)
    assert sol.status is Status.HORIZON
    assert sol.message == "the end time was reached"
    assert sol.stats["steps"] == 30


def test_converged(backend: str) -> None:
    sol = simulate(WELL, 1000.0, backend, step=0.1, stop=Stop(criterion=True))
    assert sol.status is Status.CONVERGED
    assert "proved" in sol.message
    assert sol.t[-1] == sol.stats["proved_time"] == sol.stats["criterion_time"] < 1000
    onward = pl.simulate(WELL[0], sol.network, 300.0, step=0.1, backend=backend)
    assert onward.loss[-1] < 1e-20


def test_criterion(backend: str) -> None:
    sol = simulate(endless_criterion(), 1000.0, backend, stop=Stop(criterion=True))
    assert sol.status is Status.CRITERION
    residual = metrics.residual(endless_criterion()[0], sol.network)
    assert residual @ residual < 1
    assert sol.stats["proved_time"] is None


def test_the_criterion_is_recorded_without_being_asked_for(backend: str) -> None:
    asked = simulate(WELL, 50.0, backend, step=0.1, stop=Stop(criterion=True))
    sol = simulate(WELL, 50.0, backend, step=0.1)
    assert sol.status is Status.HORIZON
    assert sol.stats["criterion_time"] == asked.stats["criterion_time"]
    assert sol.stats["proved_time"] == asked.stats["proved_time"]


def test_target(backend: str) -> None:
    full = simulate(problem(n=3), 50.0, backend, save=51)
    sol = simulate(problem(n=3), 50.0, backend, save=51, stop=Stop(loss=float(full.loss[20])))
    assert sol.status is Status.TARGET
    assert sol.stats["steps"] == 20
    np.testing.assert_array_equal(sol.loss, full.loss[:21])


def test_a_target_of_zero_never_stops(backend: str) -> None:
    """The default is stop.loss = 0: a loss of exactly zero runs to t_end like any other."""
    both = pl.Dataset([[1.0]], [1.0]), pl.Network([[1.0]], [1.0])
    sol = simulate(both, 5.0, backend)
    assert sol.status is Status.HORIZON
    assert sol.loss.tolist() == [0.0, 0.0]
    assert sol.t[-1] == 5.0
    assert np.isnan(sol.local_pl).all()
    assert simulate(both, 5.0, backend, stop=Stop(loss=1e-300)).status is Status.TARGET


def test_dead_point(backend: str) -> None:
    both = orthogonal_problem(n=6, d=9, p=2)
    sol = simulate(both, 500.0, backend, stop=Stop(criterion=True))
    assert sol.status is Status.DEAD_POINT
    assert 0 < sol.stats["loss_bound"] <= sol.loss[-1]
    assert simulate(both, 50.0, backend).status is Status.HORIZON
    dense = pl.Dataset(both[0].inputs(both[1]) + 1e-9, both[0].y), both[1]
    assert simulate(dense, 50.0, backend, stop=Stop(criterion=True)).stats["loss_bound"] is None


def test_stalled(backend: str) -> None:
    stall = 1e-3
    data, _ = endless_criterion()
    network = pl.Network([[0.1]], [0.2])
    sol = simulate((data, network), 1e3, backend, step=0.1, stop=Stop(stall=stall), save=pl.Save(every=0.1))
    assert sol.status is Status.STALLED
    assert sol.local_pl[-1] * sol.t[-1] < stall
    assert np.all(sol.local_pl[1:-1] * sol.t[1:-1] >= stall)


def test_stalled_never_at_the_start(backend: str) -> None:
    sol = simulate(problem(), 5.0, backend, step=0.1, stop=Stop(stall=1e-12))
    assert sol.status is Status.HORIZON


def test_step_limit(backend: str) -> None:
    sol = simulate(problem(), 50.0, backend, stop=Stop(max_steps=7), save=11)
    assert sol.status is Status.STEP_LIMIT
    assert sol.stats["steps"] == 7
    np.testing.assert_array_equal(sol.t, [0, 5, 7])
    assert simulate(problem(), 7.0, backend, step=0.5, stop=Stop(max_steps=14)).status is Status.HORIZON
    assert simulate(problem(), 7.0, backend, stop=Stop(max_steps=0)).t.tolist() == [0.0]


def test_wall_time(backend: str) -> None:
    sol = simulate(problem(), 1e9, backend, stop=Stop(wall_time=0.05))
    assert sol.status is Status.WALL_TIME
    assert 0.05 <= sol.stats["seconds"] < 1
    assert sol.t[-1] == sol.stats["steps"] < 1e9


def test_unstable_at_the_end(backend: str) -> None:
    sol = simulate(problem(), 2 * 5.0, backend, step=5.0)
    assert sol.loss[-1] > sol.loss[0]
    assert sol.status is Status.UNSTABLE
    assert sol.stats["first_rise"] >= 1


def test_unstable_by_a_rise(backend: str) -> None:
    full = simulate(problem(), 40.0, backend, step=2.0, save=21)
    ratio = full.loss / np.minimum.accumulate(full.loss)
    rise = float(np.median(ratio[ratio > 1]))
    first = int(np.argmax(ratio > rise))
    sol = simulate(problem(), 40.0, backend, step=2.0, save=21, stop=Stop(rise=rise))
    assert sol.status is Status.UNSTABLE
    assert sol.stats["steps"] == first
    assert sol.loss[-1] > rise * sol.loss.min()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_non_finite_keeps_the_last_finite_state(backend: str, dtype: Any) -> None:
    sol = simulate(problem(dtype=dtype), 1e4, backend, step=100.0, save=101)
    assert sol.status is Status.NON_FINITE
    assert np.isfinite(sol.loss).all()
    assert np.isfinite(sol.network.W).all()
    assert sol.t[-1] == sol.stats["steps"] * 100.0
    assert sol.stats["steps"] < 100
    again = simulate(problem(dtype=dtype), sol.t[-1], backend, step=100.0, save=101)
    assert again.network == sol.network
    assert again.loss[-1] == sol.loss[-1]


def test_non_finite_at_the_start(backend: str) -> None:
    both = pl.Dataset([[1e150]], [1.0]), pl.Network([[1e200]], [1.0])
    sol = simulate(both, 5.0, backend)
    assert sol.status is Status.NON_FINITE
    assert sol.t.tolist() == [0.0]
    assert sol.network == both[1]


def test_earlier_statuses_win(backend: str) -> None:
    """Everything at once at one step: the order of the table decides."""
    everything: dict[str, Any] = {"loss": 1e9, "stall": 1e9, "max_steps": 0, "wall_time": 1e-9}
    orders = [
        (WELL, {"criterion": True}, Status.TARGET),
        (orthogonal_problem(6, 9, 2), {"criterion": True, "loss": 0.0}, Status.DEAD_POINT),
        (WELL, {"loss": 0.0}, Status.WALL_TIME),
        (WELL, {"loss": 0.0, "wall_time": None}, Status.STEP_LIMIT),
    ]
    for both, changes, expected in orders:
        assert simulate(both, 5.0, backend, stop=Stop(**everything | changes)).status is expected
    fitted = pl.simulate(*WELL, 20.0, step=0.1, backend="numpy").network
    certain = simulate((WELL[0], fitted), 5.0, backend, stop=Stop(**everything | {"criterion": True}))
    assert certain.status is Status.CONVERGED
    correlated = simulate(endless_criterion(), 5.0, backend, stop=Stop(**everything | {"criterion": True}))
    assert correlated.status is Status.CRITERION


def test_the_end_can_be_a_target(backend: str) -> None:
    full = simulate(problem(n=3), 10.0, backend)
    sol = simulate(problem(n=3), 10.0, backend, stop=Stop(loss=float(full.loss[-1])))
    assert sol.status is Status.TARGET
    assert sol.t[-1] == 10.0
