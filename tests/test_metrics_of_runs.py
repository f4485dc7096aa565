"""Metrics of runs that slide: pairs are on, sliding or off as the run says, at every row."""

from __future__ import annotations

import numpy as np
import pytest

import pl_native as pl
from pl_native import metrics, model, theory
from pl_native.backends.flow_records import SwitchLog
from problems import problem

Runs = list[tuple[pl.Dataset, pl.Solution]]


def sliding_runs(count: int) -> Runs:
    """Runs of the flow in which about one pair in ten slides, 20 saved times each."""
    problems, ends = [], []
    for seed in range(count):
        n, d, p = 12 + seed % 19, 3 + seed % 5, 3 + seed % 7
        problems.append(problem(n, d, p, seed))
        ends.append(20.0 + seed % 7)
    save = pl.Save(count=20, states=True, switches=True)
    sols = pl.simulate_ensemble(problems, ends, method="flow", rtol=1e-8, save=save)
    return [(data, sol) for (data, _), sol in zip(problems, sols, strict=True)]


@pytest.fixture(scope="module")
def runs() -> Runs:
    return sliding_runs(25)


def test_masks_of_a_run_are_the_runs(runs: Runs) -> None:
    """At 20 saved times of 25 runs: local_pl, n_active, loss and grad_norm as recorded, sliding included."""
    slid = 0
    for data, sol in runs:
        assert sol.t.shape == (20,)
        np.testing.assert_allclose(metrics.local_pl(data, sol), sol.local_pl, rtol=1e-9)
        states = metrics.states(data, sol)
        np.testing.assert_allclose(metrics.local_pl_from_matrix(data, states), sol.local_pl, rtol=1e-9)
        np.testing.assert_array_equal(metrics.n_active(data, states), sol.n_active)
        np.testing.assert_allclose(metrics.loss(data, states), sol.loss, rtol=1e-9)
        np.testing.assert_allclose(metrics.grad_norm(data, states), sol.grad_norm, rtol=1e-9)
        slid += int(metrics.n_sliding(data, states).sum())
    assert slid > 250


def test_the_signs_alone_do_not_do(runs: Runs) -> None:
    """By the signs of z wrong by more than a tenth in many; by the run's kinks, and by the rule, right."""
    wrong = 0
    for data, sol in runs[::2]:
        states = [sol.state(k) for k in range(len(sol.t))]
        np.testing.assert_allclose([model.local_pl(data, state) for state in states], sol.local_pl, rtol=1e-9)
        bare = [pl.Network(state.W, state.a) for state in states]
        np.testing.assert_allclose([model.local_pl(data, state) for state in bare], sol.local_pl, rtol=1e-7)
        for state, right in zip(states, sol.local_pl, strict=True):
            z, r = model.preactivations(data, state), model.residual(data, state)
            pull = (state.a[:, None] * r * (z > 0) / data.n) @ data.X
            speed = np.sum(pull**2) + np.sum((np.maximum(z, 0) @ r / data.n) ** 2)
            wrong += abs(speed / (state.p * model.loss(data, state)) / right - 1) > 0.1
    assert wrong > 25


def test_modes_by_walking_through_the_log(runs: Runs) -> None:
    for data, sol in runs[::7]:
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


def test_shares_hold_the_sliding_pairs_at_their_kinks(runs: Runs) -> None:
    for data, sol in runs[::5]:
        mode, share = metrics.modes(data, sol)
        dW, _ = metrics.velocity(data, sol)
        moved = np.einsum("mjk,ik->mji", dW, data.X)
        scale = np.linalg.norm(dW, axis=2)[..., None] + 1e-12
        slides = mode == 2
        assert np.all(np.abs(moved / scale)[slides] < 1e-8)
        assert np.all((share[slides] >= 0) & (share[slides] <= 1))
        assert np.all(share[mode == 1] == 1)
        assert np.all(share[mode == 0] == 0)


def test_metrics_take_the_kinks_of_a_network(runs: Runs) -> None:
    """Shares that are not known are found."""
    data, sol = next((d, s) for d, s in runs if metrics.n_sliding(d, s)[-1] > 2)
    neuron, point = np.nonzero(metrics.modes(data, sol).mode[-1] == 2)
    known = pl.Kinks(neuron, point, np.full(len(point), 2))
    network = pl.Network(sol.network.W, sol.network.a, kinks=known)
    assert metrics.local_pl(data, network) == pytest.approx(sol.local_pl[-1], rel=1e-9)
    assert metrics.n_active(data, network) == sol.n_active[-1]


def test_frozen_matrix_is_the_slope_of_the_frozen_flow(runs: Runs) -> None:
    """dR/dt = -(1/n) K R where pairs slide, by R of the states that the velocity leads to."""
    data, sol = next((d, s) for d, s in runs if metrics.n_sliding(d, s)[10] > 2)
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


def test_rates_at_rest_are_those_of_the_frozen_flow(runs: Runs) -> None:
    """`theory.frozen_flow` finds the pattern from the state; here it is known from the run."""
    same = 0
    for data, sol in runs:
        mode = np.asarray(metrics.modes(data, sol).mode[-1])
        if not np.all(np.any(metrics.preactivations(data, sol.network), axis=1)):
            continue  # a neuron at 0: at the kinks of all points
        found = theory.frozen_flow(data, sol.network, at_kinks=int(np.count_nonzero(mode == 2)))
        if np.array_equal(found.pattern.rests, mode == 2) and np.array_equal(found.pattern.on, mode == 1):
            same += 1
            rates = np.asarray(metrics.frozen_rates(data, sol))[-1]
            np.testing.assert_allclose(rates, found.spectrum.rates, rtol=1e-8, atol=1e-11)
    assert same > 12


def mismatch(data: pl.Dataset, sol: pl.Solution) -> float:
    """Of local_pl, relative, at its rows above rounding; n_active is the same at all of them."""
    np.testing.assert_array_equal(metrics.n_active(data, sol), sol.n_active)
    apart = np.abs(metrics.local_pl(data, sol) / sol.local_pl - 1)
    return float(np.max(apart[sol.loss > 1e-20 * sol.loss[0]]))


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
    assert slid > 250
