"""Metrics of many states against the definitions, one state, one neuron and one point at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import pl_native as pl
from pl_native import metrics, model, theory
from pl_native.backends.flow_records import SwitchLog
from problems import orthogonal_problem, problem, small_problems


def sliding_runs(count: int) -> list[tuple[pl.Dataset, pl.Solution]]:
    """Runs of the flow in which about one pair in ten slides, 20 saved times each."""
    problems, ends = [], []
    for seed in range(count):
        n, d, p = 12 + seed % 19, 3 + seed % 5, 3 + seed % 7
        problems.append(problem(n, d, p, seed))
        ends.append(20.0 + seed % 7)
    save = pl.Save(count=20, states=True, switches=True)
    sols = pl.simulate_ensemble(problems, ends, method="flow", rtol=1e-8, save=save)
    return [(data, sol) for (data, _), sol in zip(problems, sols, strict=True)]


RUNS = sliding_runs(50)


def test_masks_of_a_run_are_the_runs() -> None:
    """At 20 saved times of 50 runs: local_pl, n_active, loss and grad_norm as recorded, sliding included."""
    slid = 0
    for data, sol in RUNS:
        assert sol.t.shape == (20,)
        np.testing.assert_allclose(metrics.local_pl(data, sol), sol.local_pl, rtol=1e-9)
        np.testing.assert_allclose(metrics.local_pl_from_matrix(data, sol), sol.local_pl, rtol=1e-9)
        np.testing.assert_array_equal(metrics.n_active(data, sol), sol.n_active)
        np.testing.assert_allclose(metrics.loss(data, sol), sol.loss, rtol=1e-9)
        np.testing.assert_allclose(metrics.grad_norm(data, sol), sol.grad_norm, rtol=1e-9)
        slid += int(metrics.n_sliding(data, sol).sum())
    assert slid > 500


def test_the_signs_alone_do_not_do() -> None:
    """By the signs of z wrong by more than a tenth in many; by the run's kinks, and by the rule, right."""
    wrong = 0
    for data, sol in RUNS:
        states = [sol.state(k) for k in range(len(sol.t))]
        np.testing.assert_allclose([model.local_pl(data, state) for state in states], sol.local_pl, rtol=1e-9)
        bare = [pl.Network(state.W, state.a) for state in states]
        np.testing.assert_allclose([model.local_pl(data, state) for state in bare], sol.local_pl, rtol=1e-7)
        for state, right in zip(states, sol.local_pl, strict=True):
            z, r = model.preactivations(data, state), model.residual(data, state)
            pull = (state.a[:, None] * r * (z > 0) / data.n) @ data.X
            speed = np.sum(pull**2) + np.sum((np.maximum(z, 0) @ r / data.n) ** 2)
            wrong += abs(speed / (state.p * model.loss(data, state)) / right - 1) > 0.1
    assert wrong > 50


def test_modes_by_walking_through_the_log() -> None:
    for data, sol in RUNS[::7]:
        log = sol.switches
        assert log is not None
        mode = np.asarray(metrics.modes(data, sol).mode)
        walked = np.array(mode[0])
        first: dict[tuple[int, int], int] = {}
        for j, i, before in zip(log.neuron, log.point, log.from_mode, strict=True):
            first.setdefault((int(j), int(i)), int(before))
        for pair, before in first.items():
            walked[pair] = before
        k = 0
        for row, t in enumerate(sol.t):
            while k < len(log.t) and log.t[k] <= t:
                walked[log.neuron[k], log.point[k]] = log.to_mode[k]
                k += 1
            np.testing.assert_array_equal(mode[row], walked)


def test_a_switch_at_a_time_has_happened_then() -> None:
    """Of several switches of a pair the last counts; pairs without one are not told of."""
    log = SwitchLog(
        t=np.array([2.0, 2.0, 4.9, 5.0]),
        neuron=np.array([0, 1, 1, 1], np.int32),
        point=np.array([3, 0, 0, 0], np.int32),
        from_mode=np.array([0, 0, 1, 0], np.int8),
        to_mode=np.array([1, 1, 0, 2], np.int8),
    )
    for t, modes in ((1.0, [0, 0]), (2.0, [1, 1]), (4.95, [1, 0]), (5.0, [1, 2])):
        assert log.kinks_at(t) == pl.Kinks([0, 1], [3, 0], modes)


def test_shares_hold_the_sliding_pairs_at_their_kinks() -> None:
    for data, sol in RUNS[::5]:
        mode, share = metrics.modes(data, sol)
        dW, _ = metrics.velocity(data, sol)
        moved = np.einsum("mjk,ik->mji", dW, data.X)
        scale = np.linalg.norm(dW, axis=2)[..., None] + 1e-12
        slides = mode == 2
        assert np.all(np.abs(moved / scale)[slides] < 1e-8)
        assert np.all((share[slides] >= 0) & (share[slides] <= 1))
        assert np.all(share[mode == 1] == 1)
        assert np.all(share[mode == 0] == 0)


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


def test_metrics_take_the_kinks_of_a_network() -> None:
    """Shares that are not known are found."""
    data, sol = next((d, s) for d, s in RUNS if metrics.n_sliding(d, s)[-1] > 2)
    neuron, point = np.nonzero(metrics.modes(data, sol).mode[-1] == 2)
    known = pl.Kinks(neuron, point, np.full(len(point), 2))
    network = pl.Network(sol.network.W, sol.network.a, kinks=known)
    assert metrics.local_pl(data, network) == pytest.approx(sol.local_pl[-1], rel=1e-9)
    assert metrics.n_active(data, network) == sol.n_active[-1]


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


def test_frozen_matrix_is_the_slope_of_the_frozen_flow() -> None:
    """dR/dt = -(1/n) K R where pairs slide, by R of the states that the velocity leads to."""
    data, sol = next((d, s) for d, s in RUNS if metrics.n_sliding(d, s)[10] > 2)
    k, h = 10, 1e-6
    mode, _ = metrics.modes(data, sol)
    dW, da = metrics.velocity(data, sol)
    state = sol.state(k)
    ends = []
    for s in (-h, h):
        z = (state.W + s * dW[k]) @ data.X.T
        ends.append(data.y - (state.a + s * da[k]) @ np.where(mode[k] == 1, z, 0.0) / state.p)
    slope = (ends[1] - ends[0]) / (2 * h)
    expected = -metrics.frozen_matrix(data, sol)[k] @ metrics.residual(data, sol)[k] / data.n
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-7)
    assert metrics.frozen_rates(data, sol).shape == (20, data.n)


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


def test_rates_at_rest_are_those_of_the_frozen_flow() -> None:
    """`theory.frozen_flow` finds the pattern from the state; here it is known from the run."""
    same = 0
    for data, sol in RUNS:
        mode = np.asarray(metrics.modes(data, sol).mode[-1])
        if not np.all(np.any(metrics.preactivations(data, sol.network), axis=1)):
            continue  # a neuron at 0: at the kinks of all points
        found = theory.frozen_flow(data, sol.network, at_kinks=int(np.count_nonzero(mode == 2)))
        if np.array_equal(found.pattern.rests, mode == 2) and np.array_equal(found.pattern.on, mode == 1):
            same += 1
            rates = np.asarray(metrics.frozen_rates(data, sol))[-1]
            np.testing.assert_allclose(rates, found.spectrum.rates, rtol=1e-8, atol=1e-11)
    assert same > 25


def mismatch(data: pl.Dataset, sol: pl.Solution, rows: Any = True) -> float:
    """Of local_pl, relative, at its rows above rounding; n_active is the same at all of them."""
    rows = np.broadcast_to(rows, sol.t.shape)
    np.testing.assert_array_equal(metrics.n_active(data, sol)[rows], sol.n_active[rows])
    apart = np.abs(metrics.local_pl(data, sol) / sol.local_pl - 1)
    return float(np.max(apart[(sol.loss > 1e-20 * sol.loss[0]) & rows]))


@pytest.mark.parametrize("p", [200, 400])
@pytest.mark.parametrize("seed", range(3))
def test_masks_of_a_run_on_cells(p: int, seed: int) -> None:
    """Wide networks move by pattern: their neurons are formed at the saved times only."""
    rng = np.random.default_rng(seed)
    data = pl.Dataset(rng.standard_normal((8, 2)), rng.uniform(0.5, 2, 8) * rng.choice([-1, 1], 8))
    start = pl.initial.asymmetric(p, 2, seed=seed)
    save = pl.Save(count=20, states=True, switches=True)
    sol = pl.simulate(data, start, 15.0, method="flow", rtol=1e-8, save=save)
    assert sol.stats["cell_steps"] > 0
    assert np.sum(metrics.n_sliding(data, sol)) > 100
    assert mismatch(data, sol) < 1e-9


def test_masks_of_a_run_by_capture() -> None:
    """Rows and ends of capture have their pairs at their kinks to rounding, and neurons at 0 at 0."""
    slid = 0
    for seed in range(12):
        data, start = problem(12 + seed, 3 + seed % 5, 3 + seed % 7, seed)
        save = pl.Save(count=20, states=True)
        sol = pl.simulate(data, start, 20.0, method="capture", rtol=1e-5, save=save)
        assert mismatch(data, sol) < 1e-9
        slid += int(np.sum(metrics.n_sliding(data, sol)))
    assert slid > 500
