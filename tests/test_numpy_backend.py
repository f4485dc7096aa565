"""The oracle against the equations themselves: drift, loss, rate, certificate, what a task says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import pl_native as pl
from pl_native import metrics
from pl_native.backends import _certificate, _loop
from pl_native.backends import numpy as oracle
from problems import SIZES, endless_criterion, euler_task, orthogonal_problem, problem, problems, safe_step


def run(task: Any) -> Any:
    runs, interrupted = oracle.euler([task], threads=None, poll=None)
    assert not interrupted
    return runs[0]


@given(problems())
def test_one_step_is_the_velocity_of_the_model(both: Any) -> None:
    data, network = both
    moment = oracle.evaluate(euler_task(data, network), network.W, network.a)
    W_dot, a_dot = metrics.velocity(data, network)
    size = max(np.abs(W_dot).max(), np.abs(a_dot).max(), 1e-300)
    np.testing.assert_allclose(moment.W_dot / size, W_dot / size, atol=1e-13)
    np.testing.assert_allclose(moment.a_dot / size, a_dot / size, atol=1e-13)
    assert moment.n_active == metrics.n_active(data, network)
    np.testing.assert_array_equal(moment.dead, ~metrics.active(data, network).any(axis=0))


@given(problems())
def test_lemma_1_drift_of_one_euler_step(both: Any) -> None:
    """a^2 - norm(w)^2 moves by exactly eta^2 ((da/dt)^2 - norm(dw/dt)^2): the first-order terms cancel."""
    data, network = both
    eta = 0.5
    found = run(euler_task(data, network, step=eta, n_steps=1))
    W_dot, a_dot = metrics.velocity(data, network)
    expected = eta**2 * np.abs(a_dot**2 - (W_dot**2).sum(1)).max()
    assert found.invariant_drift[0] == 0
    scale = (network.a**2).max() + network.norms_sq.max()
    assert found.invariant_drift[1] == pytest.approx(expected, rel=1e-9, abs=1e-13 * scale)


def test_drift_is_of_second_order_in_the_step() -> None:
    data, network = problem()
    drifts = [
        run(euler_task(data, network, step=1 / m, n_steps=m, save_steps=np.array([0, m]))).invariant_drift[-1]
        for m in (100, 1000)
    ]
    assert drifts[0] / drifts[1] == pytest.approx(10, rel=0.1)  # m steps of size 1/m: eta^2/eta


@given(problems(dtype=np.float32))
def test_float32_is_computed_in_float32(both: Any) -> None:
    data, network = both
    found = run(euler_task(data, network, n_steps=2, states=True))
    assert found.W.dtype == found.a.dtype == found.W_saved.dtype == np.float32
    assert found.loss.dtype == found.velocity_sq.dtype == np.float64
    moment = oracle.evaluate(euler_task(data, network), network.W, network.a)
    assert moment.W_dot.dtype == moment.a_dot.dtype == np.float32


def test_recorded_numbers_are_those_of_the_saved_states() -> None:
    data, network = problem()
    found = run(euler_task(data, network, step=0.3, n_steps=9, save_steps=np.array([2, 5, 9]), states=True))
    np.testing.assert_array_equal(found.steps, [2, 5, 9])
    for i in range(3):
        state = pl.Network(found.W_saved[i], found.a_saved[i])
        assert found.loss[i] == pytest.approx(metrics.loss(data, state), rel=1e-13)
        assert found.velocity_sq[i] == pytest.approx(metrics.velocity_sq(data, state), rel=1e-13)
        assert found.n_active[i] == metrics.n_active(data, state)
        change = metrics.invariant(data, state) - metrics.invariant(data, network)
        assert found.invariant_drift[i] == pytest.approx(np.abs(change).max())
    np.testing.assert_array_equal(found.W, found.W_saved[-1])


def test_a_safe_step_never_raises_the_loss() -> None:
    for size in SIZES[::4]:
        data, network = problem(size, 5, 7, seed=size)
        found = run(euler_task(data, network, step=safe_step(data, network), n_steps=50))
        assert found.counters["rises"] == 0
        assert np.all(np.diff(found.loss) <= 0)


def test_rises_are_counted_from_the_first() -> None:
    data, network = problem()
    found = run(euler_task(data, network, step=20.0, n_steps=40))
    rose = np.flatnonzero(found.loss[1:] > found.loss[:-1] * (1 + 64 * np.finfo(float).eps)) + 1
    assert found.counters["rises"] == len(rose) > 0
    assert found.counters["first_rise"] == rose[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_rise_within_rounding_is_none(dtype: Any) -> None:
    """A rise is more than 64 eps of the dtype, told by a backend that makes its losses up."""
    data, network = problem(dtype=dtype)
    eps = float(np.finfo(dtype).eps)
    losses = iter([1.0, 1 + 60 * eps, 1.0, 1 + 70 * eps, 0.5, 0.6])

    def evaluate(task: Any, W: Any, a: Any) -> _loop.Evaluation:
        return _loop.Evaluation(next(losses), 0, np.zeros_like(W), np.zeros_like(a), np.zeros(data.n, bool))

    found = _loop.Run(euler_task(data, network, n_steps=5))
    found.follow(evaluate, lambda: None)
    assert (found.history.rises, found.history.first_rise) == (2, 3)


def certificate_problem() -> tuple[pl.Dataset, pl.Network]:
    """Both points nearly fitted by a neuron with a clear abs(a) > norm(w)."""
    data = pl.Dataset([[1.0, 0.0], [0.1, 1.0]], [1.0, 1.0])
    return data, pl.Network([[0.9, 0.9]], [1.3])


def test_the_certificate_wants_all_three_conditions() -> None:
    data, network = certificate_problem()
    task = euler_task(data, network, certifiable=True)
    assert _certificate.proves_convergence(task, network.W, network.a)
    assert not _certificate.proves_convergence(
        euler_task(data, network, certifiable=False), network.W, network.a
    )
    assert not _certificate.proves_convergence(task, network.W * 1.1, network.a)  # abs(a) < norm(w)
    assert not _certificate.proves_convergence(task, network.W * 0.01, network.a)  # sum r^2 >= min y^2


def test_the_certificate_counts_the_part_not_represented() -> None:
    data, network = certificate_problem()
    gap = float(metrics.invariant(data, network)[0])
    for rest, expected in ((0.9 * gap, True), (1.1 * gap, False)):
        task = euler_task(data, network, certifiable=True, w_perp_sq=np.array([rest]))
        assert _certificate.proves_convergence(task, network.W, network.a) is expected


def test_the_certificate_rounds_outward() -> None:
    """abs(a) = norm(w) and sum r^2 = min y^2 exactly in floating point: true or not, nothing is claimed."""
    data = pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0])
    tie = pl.Network([[0.6, 0.8]], [1.0])
    assert not _certificate.proves_convergence(euler_task(data, tie, certifiable=True), tie.W, tie.a)


def test_the_endless_criterion_is_never_a_proof() -> None:
    data, network = endless_criterion()
    sol = pl.simulate(data, network, 500.0, step=0.1, save=50, backend="numpy")
    assert sol.stats["criterion_time"] is not None
    assert sol.stats["proved_time"] is None
    residual = metrics.residual(data, sol.network)
    assert float(residual @ residual) == pytest.approx(1.7e-3, rel=0.05)
    assert pl.simulate(data, network, 2000.0, stop=pl.Stop(criterion=True), backend="numpy").status is (
        pl.Status.CRITERION
    )


def test_a_failed_proof_is_tried_again_at_half_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    data, network = problem(n=3, d=9, p=7)
    tried: list[float] = []
    monkeypatch.setattr(_loop, "proves_convergence", lambda task, W, a: tried.append(1.0))
    found = run(euler_task(data, network, step=safe_step(data, network), n_steps=1000))
    first, last = found.loss[found.counters["criterion_step"]], found.loss[-1]
    assert 3 < len(tried) <= np.log2(first / last) + 1


def test_dead_points_bound_the_loss() -> None:
    data, network = orthogonal_problem(n=6, d=9, p=2)
    dead = ~metrics.active(data, network).any(axis=0)
    assert dead.any()
    found = run(euler_task(data, network, orthogonal=True, n_steps=500, step=1.0))
    bound = found.counters["loss_bound"]
    assert bound >= float(data.y[dead] @ data.y[dead]) / 12 * (1 - 1e-12)
    assert found.loss[-1] >= bound
    assert run(euler_task(data, network, orthogonal=False)).counters["loss_bound"] is None


def test_a_dead_point_of_label_zero_loses_nothing() -> None:
    data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, 0.0], zero_labels=True)
    network = pl.Network([[1.0, -1.0]], [2.0])
    sol = pl.simulate(data, network, 100.0, step=0.1, stop=pl.Stop(criterion=True), backend="numpy")
    assert sol.status is pl.Status.HORIZON
    assert sol.stats["loss_bound"] is None
    assert sol.loss[-1] < 1e-10
