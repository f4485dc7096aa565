"""Identities between the metrics, and each against a value by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

import pl_native as pl
from pl_native import metrics, model, theory
from problems import orthogonal_problem, problem, problems, small_problems

HAND_DATA = pl.Dataset([[1.0, 0.0], [1.0, 1.0], [-1.0, 2.0]], [1.0, -1.0, 2.0])
HAND_NET = pl.Network([[1.0, 1.0], [-2.0, 0.5]], [2.0, -1.0])
# z = [[1, 2, 1], [-2, -1.5, 3]], h = [1, 2, -1/2], r = [0, -3, 5/2], sum r^2 = 15.25


def test_by_hand() -> None:
    np.testing.assert_array_equal(metrics.preactivations(HAND_DATA, HAND_NET), [[1, 2, 1], [-2, -1.5, 3]])
    np.testing.assert_array_equal(metrics.active(HAND_DATA, HAND_NET), [[1, 1, 1], [0, 0, 1]])
    np.testing.assert_array_equal(metrics.outputs(HAND_DATA, HAND_NET), [1, 2, -0.5])
    np.testing.assert_array_equal(metrics.residual(HAND_DATA, HAND_NET), [0, -3, 2.5])
    assert metrics.loss(HAND_DATA, HAND_NET) == 15.25 / 6
    assert metrics.n_active(HAND_DATA, HAND_NET) == 4
    W_dot, a_dot = metrics.velocity(HAND_DATA, HAND_NET)
    # (a_j/n) sum_i r_i 1_ji x_i: (2/3) (-3 (1, 1) + 2.5 (-1, 2)) and (-1/3) 2.5 (-1, 2)
    np.testing.assert_allclose(W_dot, [[-11 / 3, 4 / 3], [2.5 / 3, -5 / 3]])
    np.testing.assert_allclose(a_dot, [(-6 + 2.5) / 3, 2.5])
    speed = (11**2 + 4**2 + 2.5**2 + 5**2 + 3.5**2) / 9 + 2.5**2
    assert metrics.velocity_sq(HAND_DATA, HAND_NET) == pytest.approx(speed)
    assert metrics.grad_norm(HAND_DATA, HAND_NET) == pytest.approx(math.sqrt(speed) / 2)
    assert metrics.local_pl(HAND_DATA, HAND_NET) == pytest.approx(speed / (2 * 15.25 / 6))
    np.testing.assert_allclose(metrics.invariant(HAND_DATA, HAND_NET), [2.0, -3.25])


def test_bounds_by_hand() -> None:
    # sum_j a_j^2 1_ji = 4, 4, 5; norms^2 = 1, 2, 5; X X^T = [[1, 1, -1], [1, 2, 1], [-1, 1, 5]]
    assert metrics.pl_low(HAND_DATA, HAND_NET) == pytest.approx(2 / 3 * 2)
    assert metrics.pl_upp(HAND_DATA, HAND_NET) == pytest.approx(16 / 3 * 2.5)
    assert metrics.off(HAND_DATA) == pytest.approx(
        2.0
    )  # eigenvalues 1, 1, -2 of [[0, 1, -1], [1, 0, 1], [-1, 1, 0]]
    assert metrics.pl_lower_bound(HAND_DATA, HAND_NET) == 0.0
    # sum_j (a_j^2 + norm(w_j)^2) 1_ji = 6, 6, 11.25
    assert metrics.pl_upper_bound(HAND_DATA, HAND_NET) == pytest.approx(2 / 3 * (5 + 2) * 11.25 / 2)
    data = pl.Dataset([[1.0, 0.0], [0.5, 2.0]], [1.0, 1.0])
    net = pl.Network([[1.0, 1.0]], [3.0])
    assert metrics.pl_lower_bound(data, net) == pytest.approx(2 / 2 * (1 - 0.5) * 9)


@given(problems())
def test_local_pl_from_the_gradient_is_local_pl_from_the_matrix(both: Any) -> None:
    data, network = both
    mu = metrics.local_pl(data, network)
    assert metrics.local_pl_from_matrix(data, network) == pytest.approx(mu, rel=1e-10, abs=1e-300)


def derivative(metric: Callable[[pl.Dataset, pl.Network], Any], data: pl.Dataset, network: pl.Network) -> Any:
    """Of a metric along the flow, by a central difference; of an example without a switch on the way."""
    h = 1e-6
    W_dot, a_dot = metrics.velocity(data, network)
    before, after = (pl.Network(network.W + s * W_dot, network.a + s * a_dot) for s in (-h, h))
    assume(all(np.array_equal(*(metrics.active(data, e) for e in (end, network))) for end in (before, after)))
    return (metric(data, after) - metric(data, before)) / (2 * h)


@given(small_problems)
def test_local_pl_is_the_rate_of_the_loss(both: Any) -> None:
    """-dL/dt / L."""
    rate = -derivative(metrics.loss, *both) / metrics.loss(*both)
    assert rate == pytest.approx(metrics.local_pl(*both), rel=1e-5, abs=1e-8)


@given(small_problems)
def test_the_matrix_drives_the_residual(both: Any) -> None:
    """dR/dt = -(1/n) M R."""
    expected = -metrics.pl_matrix(*both) @ metrics.residual(*both) / both[0].n
    np.testing.assert_allclose(derivative(metrics.residual, *both), expected, rtol=1e-5, atol=1e-7)


@given(problems())
def test_lemma_7(both: Any) -> None:
    data, network = both
    mu, lower, upper = (
        f(data, network) for f in (metrics.local_pl, metrics.pl_lower_bound, metrics.pl_upper_bound)
    )
    assert lower * (1 - 1e-12) <= mu <= upper * (1 + 1e-12)


def test_lemma_7_needs_its_correction() -> None:
    """Duplicated inputs: the bound as printed, without `+ off`, is broken."""
    data = pl.Dataset(np.ones((10, 1)), np.ones(10))
    network = pl.Network([[1.0]], [1.5])
    mu, upper = metrics.local_pl(data, network), metrics.pl_upper_bound(data, network)
    printed = upper / (1 + metrics.off(data))
    assert printed < mu <= upper * (1 + 1e-12)


def test_orthogonal_data_agree_with_their_matrix() -> None:
    data, network = orthogonal_problem(n=6, d=9, p=11)
    dense = pl.Dataset(data.inputs(network), data.y)
    full = pl.Network(np.hstack([network.W, np.zeros((11, 3))]), network.a, w_perp_sq=network.w_perp_sq)
    for name, function in model.OBSERVABLES.items():
        expected = function(dense, network)
        np.testing.assert_allclose(function(data, network), expected, err_msg=name)
        if name != "effective_rank":  # W itself: the columns added are 0 here, but not represented there
            np.testing.assert_allclose(function(data, full), expected, err_msg=name)
    for mine, theirs in zip(model.velocity(data, network), model.velocity(dense, network), strict=True):
        np.testing.assert_allclose(mine, theirs)
    assert metrics.off(data) == 0.0
    assert metrics.pl_lower_bound(data, network) > 0


def test_a_million_orthogonal_points() -> None:
    data = pl.data.orthogonal(10**6, seed=0)
    network = pl.Network(np.ones((1, 10**6)), [1.0])
    assert metrics.loss(data, network) > 0
    assert metrics.local_pl(data, network) > 0


def test_off_is_the_operator_norm() -> None:
    data = problem(n=9, d=20)[0]
    gram = data.X @ data.X.T
    expected = np.linalg.norm(gram - np.diag(np.diag(gram)), 2)
    assert metrics.off(data) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [(0.0, True), (0.9, True), (1 - 1e-10, True), (1 - 1e-14, False), (1.0, False), (1 + 1e-10, False)],
)
def test_weak_correlation_is_decided_outward(overlap: float, expected: bool) -> None:
    """Inputs (1, 0, 0) and (overlap, 1, 1): off = overlap, (Cx-)^2 = 1; nothing that rounding may hide."""
    data = pl.Dataset([[1.0, 0.0, 0.0], [overlap, 1.0, 1.0]], [1.0, 1.0])
    assert model.weakly_correlated(data) is expected


@pytest.mark.parametrize("spread", [0.001, 0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 1.0])
@pytest.mark.parametrize("n", [2, 3, 8, 40])
def test_quick_decisions_on_correlation_are_those_of_the_eigenvalues(n: int, spread: float) -> None:
    """Nearly orthogonal inputs: Frobenius decides when they are nearest, a power iteration when farthest."""
    rng = np.random.default_rng(n)
    data = pl.Dataset(np.eye(n, n + 2) + spread * rng.standard_normal((n, n + 2)), np.ones(n))
    assert model.weakly_correlated(data) is bool(metrics.off(data) < data.norms.min() ** 2)


def test_correlation_that_the_power_iteration_does_not_see() -> None:
    """Unit inputs in two groups: overlap 0.9 in a pair (largest row, norm 0.9), 0.3 among five (norm 1.2)."""
    gram = np.eye(7)
    gram[:2, :2] += 0.9 * (1 - np.eye(2))
    gram[2:, 2:] += 0.3 * (1 - np.eye(5))
    data = pl.Dataset(np.linalg.cholesky(gram), np.ones(7))
    assert not model.weakly_correlated(data)
    assert metrics.off(data) == pytest.approx(1.2)


@given(problems())
def test_more_points_than_dimensions_are_never_weakly_correlated(both: Any) -> None:
    data = both[0]
    if data.n > data.d:
        assert not model.weakly_correlated(data)
        assert "off" not in data._cache  # known without an eigenvalue
        assert metrics.off(data) >= data.norms.min() ** 2 * (1 - 1e-9)


def test_zero_loss_has_no_rate() -> None:
    data, network = pl.Dataset([[1.0]], [1.0]), pl.Network([[1.0]], [1.0])
    assert metrics.loss(data, network) == 0
    assert math.isnan(metrics.local_pl(data, network))
    assert math.isnan(metrics.local_pl_from_matrix(data, network))


def test_average_pl_of_curves() -> None:
    t = np.array([0.0, 1.0, 2.0, 4.0])
    got = metrics.average_pl(t, np.array([1.0, math.exp(-3), math.exp(-4), 0.0]))
    np.testing.assert_allclose(got, [np.nan, 3.0, 2.0, np.inf])


def test_float32_networks_are_measured_in_float64() -> None:
    data, network = problem(dtype=np.float32)
    assert metrics.outputs(data, network).dtype == np.float64
    wide = pl.Dataset(data.X, data.y, dtype=np.float64), pl.Network(network.W, network.a, dtype=np.float64)
    assert metrics.loss(data, network) == metrics.loss(*wide)


def vanishing(seed: int) -> tuple[pl.Dataset, pl.Network]:
    """Orthogonal inputs; the first neuron is wrong at every point and dies out: rounding is left of it."""
    rng = np.random.default_rng(seed)
    data = pl.Dataset.orthogonal(rng.uniform(0.5, 2, 3), rng.uniform(0.5, 2, 3))
    W = 0.1 * rng.uniform(0.1, 1, (2, 3))
    return data, pl.Network(W, np.array([-1.0, 1.0]) * (1 + np.linalg.norm(W, axis=1)))


def test_a_neuron_that_has_died_at_every_point_is_off() -> None:
    """The sign of what is left of it, 1e-18, says nothing, nor does the size of that beside itself."""
    left = 0
    save = pl.Save(count=20, states=True)
    for seed in range(40):
        data, network = vanishing(seed)
        sol = pl.simulate(data, network, 3.0, method="flow", rtol=1e-9, save=save)
        np.testing.assert_array_equal(metrics.n_active(data, sol), sol.n_active)
        np.testing.assert_allclose(metrics.local_pl(data, sol), sol.local_pl, rtol=1e-9)
        assert metrics.n_active(data, sol.network) == 3
        assert not theory.live_pairs(data, sol.network).wrong.any()
        assert np.all(theory.settled(data, sol.network).W[0] <= 0)
        left += bool(np.any(sol.network.W[0] > 0))
    assert left > 10
