"""Metrics of many states against the definitions, one state, one neuron and one point at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import pl_native as pl
from pl_native import metrics, model
from problems import orthogonal_problem, problem, small_problems


def test_a_solution_is_its_states_and_an_ensemble_its_members() -> None:
    data, network = problem(9, 6, 5)
    others = [pl.initial.asymmetric(p=5, d=6, seed=k) for k in range(4)]
    sets = [pl.data.sphere(9, 6, seed=k) for k in range(4)]
    sol = pl.simulate(data, network, 3.0, save=pl.Save(count=4, states=True))
    offered = {name for name in model.OBSERVABLES if hasattr(metrics, name)}  # the others are of theory
    names = offered | {"spectrum", "frozen_rates", "pl_matrix", "angles", "outputs"}
    for name in sorted(names):
        function = getattr(metrics, name)
        each = [function(data, sol.state(k)) for k in range(4)]
        np.testing.assert_allclose(function(data, sol), each, rtol=1e-11, atol=1e-13, err_msg=name)
        each = [function(data, net) for net in others]
        np.testing.assert_allclose(function(data, others), each, rtol=1e-11, atol=1e-13, err_msg=name)
        each = [function(one, net) for one, net in zip(sets, others, strict=True)]
        np.testing.assert_allclose(function(sets, others), each, rtol=1e-11, atol=1e-13, err_msg=name)
    sols = pl.simulate_ensemble(list(zip(sets, others, strict=True)), 3.0, save=pl.Save(count=4, states=True))
    for name in sorted(names):
        function = getattr(metrics, name)
        each = [function(one, sol) for one, sol in zip(sets, sols, strict=True)]
        got = function(sets, sols)
        assert np.shape(got)[:2] == (4, 4)
        np.testing.assert_allclose(got, each, rtol=1e-11, atol=1e-13, err_msg=name)


def test_orthogonal_ensembles() -> None:
    data, network = orthogonal_problem()
    sol = pl.simulate(data, network, 5.0, method="flow", save=pl.Save(count=6, states=True, switches=True))
    np.testing.assert_allclose(metrics.local_pl(data, sol), sol.local_pl, rtol=1e-9)
    np.testing.assert_allclose(metrics.local_pl([data, data], [sol, sol])[1], sol.local_pl, rtol=1e-9)
    # pairs that died rest at z = +-1e-17: their signs say nothing, the kinks do
    M = metrics.pl_matrix(data, sol)[3]
    np.testing.assert_allclose(metrics.spectrum(data, sol)[3], np.linalg.eigvalsh(M), rtol=1e-10, atol=1e-13)


@given(small_problems)
@settings(max_examples=40)
def test_definitions_by_brute_force(both: Any) -> None:
    data, network = both
    z = np.array([[float(w @ x) for x in data.X] for w in network.W])
    on = z > 0
    right = np.array(
        [[on[j, i] and network.a[j] * data.y[i] > 0 for i in range(data.n)] for j in range(network.p)]
    )
    np.testing.assert_array_equal(metrics.live_neurons(data, network), on.sum(0))
    np.testing.assert_array_equal(metrics.correct_neurons(data, network), right.sum(0))
    np.testing.assert_array_equal(metrics.dead_points(data, network), ~right.any(0))
    assert metrics.well_initialised(data, network) == bool(right.any(0).all())
    assert metrics.wrong_pairs(data, network) == int((on & ~right).sum())
    M = np.zeros((data.n, data.n))
    for j in range(network.p):
        P = np.diag(on[j].astype(float))
        XP = P @ data.X
        M += XP @ np.outer(network.W[j], network.W[j]) @ XP.T + network.a[j] ** 2 * XP @ XP.T
    np.testing.assert_allclose(metrics.pl_matrix(data, network), M / network.p, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(metrics.frozen_matrix(data, network), M / network.p, rtol=1e-10, atol=1e-12)
    angle = metrics.angles(data, network)
    for j in range(network.p):
        for k in range(network.p):
            u, v = network.W[j], network.W[k]
            cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
            assert math.cos(angle[j, k]) == pytest.approx(cosine, abs=1e-12)
        got = metrics.alignment(data, network, data.X[0])[j]
        norms = np.linalg.norm(data.X[0]) * np.linalg.norm(network.W[j])
        assert got == pytest.approx(z[j, 0] / norms, abs=1e-12)


@given(small_problems)
@settings(max_examples=25)
def test_extremes_without_a_matrix(both: Any) -> None:
    data, network = both
    dense = metrics.spectrum(data, network)
    found = metrics.spectrum_extremes(data, network)
    scale = max(dense[-1], 1e-300)
    assert abs(found.high - dense[-1]) <= 1e-7 * scale + found.high_error
    assert abs(found.low - dense[0]) <= 1e-7 * scale + found.low_error


def test_extremes_of_a_large_problem_do_not_form_it() -> None:
    data, network = problem(600, 40, 20)
    found = metrics.spectrum_extremes(data, network, rtol=1e-9, products=120)
    dense = metrics.spectrum(data, network)
    assert found.high == pytest.approx(dense[-1], rel=1e-9)
    assert found.low >= dense[0] - 1e-9
    assert abs(found.low - dense).min() <= found.low_error + 1e-9


def test_effective_rank() -> None:
    data = pl.Dataset(np.eye(4), np.ones(4))
    assert metrics.effective_rank(data, pl.Network(np.ones((5, 4)), np.ones(5))) == pytest.approx(1)
    assert metrics.effective_rank(data, pl.Network(np.eye(4), np.ones(4))) == pytest.approx(4)
    W = np.diag([3.0, 1.0, 0.0, 0.0])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert metrics.effective_rank(data, pl.Network(W, np.ones(4))) == pytest.approx(math.exp(entropy))
    assert math.isnan(metrics.effective_rank(data, pl.Network(np.zeros((2, 4)), np.ones(2))))


@pytest.mark.parametrize(
    "which", ["not data", "not a network", "no states", "sizes", "counts", "direction", "zero"]
)
def test_wrong_input_is_named(which: str) -> None:
    data, network = problem()
    small = pl.initial.asymmetric(p=3, d=5, seed=0)
    calls: dict[str, tuple[Any, type[Exception], str]] = {
        "not data": (lambda: metrics.loss("data", network), TypeError, "data: expected a pl.Dataset"),
        "not a network": (lambda: metrics.loss(data, 3), TypeError, "where: expected a pl.Network"),
        "no states": (
            lambda: metrics.loss(data, pl.simulate(data, network, 1.0)),
            ValueError,
            "kept its states",
        ),
        "sizes": (lambda: metrics.loss(data, [network, small]), ValueError, "one size"),
        "counts": (
            lambda: metrics.loss([data], [network, network]),
            ValueError,
            "one data set for each of 2",
        ),
        "direction": (
            lambda: metrics.alignment(data, network, [1.0]),
            ValueError,
            "direction: expected length 5",
        ),
        "zero": (
            lambda: metrics.dead_points(
                pl.Dataset([[1.0]], [0.0], zero_labels=True), pl.Network([[1.0]], [1.0])
            ),
            ValueError,
            "labels != 0",
        ),
    }
    call, error, message = calls[which]
    with pytest.raises(error, match=message):
        call()
