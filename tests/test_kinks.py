"""Which pairs are on, sliding or off: said by the run that reached a state, never by the sign of rounding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from flow_support import degenerate, draw
from kinks_support import Problem, at_repelling_kink, flow, sliding
from pl_native import metrics
from pl_native._problem.kinks import SLIDE

pytest.importorskip("pl_native._core")

NOISE_LOSS = 1e-13  # below, rounding of residuals is more than 1e-9 of them, and so of mu


def between_opposites() -> Problem:
    """The first neuron comes to rest between x and -x, which both push it down."""
    return pl.Dataset([[1.0, 0.0], [-1.0, 0.0]], [-1.0, -1.0]), pl.Network(
        [[0.2, 0.5], [-0.1, 0.3]], [1, 0.6]
    )


def small(seed: int) -> Problem:
    """Two in three are degenerate on purpose."""
    if seed % 3 < 2:
        (X, y, W, a), _ = degenerate(seed)
    else:
        n, d, p = (int(v) for v in np.random.default_rng(seed).integers((3, 2, 2), (13, 7, 6)))
        X, y, W, a = draw(n, d, p, seed)
    return pl.Dataset(X, y, zero_labels=True), pl.Network(W, a)


# 1.1


def test_1_1_metrics_take_sliding_from_the_run() -> None:
    data, _ = problem = sliding()
    sol = flow(problem, 20.0)
    assert sol.local_pl[-1] == pytest.approx(0.0043787344, rel=1e-6)
    assert sol.stats["sliding_end"] == 6
    assert metrics.local_pl(data, sol.network) == pytest.approx(sol.local_pl[-1], rel=1e-9)
    assert metrics.local_pl_from_matrix(data, sol.network) == pytest.approx(sol.local_pl[-1], rel=1e-9)
    assert metrics.n_active(data, sol.network) == sol.n_active[-1] == 45
    assert metrics.grad_norm(data, sol.network) == pytest.approx(sol.grad_norm[-1], rel=1e-9)
    low, high = metrics.pl_lower_bound(data, sol.network), metrics.pl_upper_bound(data, sol.network)
    assert low <= sol.local_pl[-1] <= high


def test_1_1_observers_by_name_see_the_run_s_pattern() -> None:
    save = pl.Save(count=9, observe=("local_pl", "n_active", "velocity_sq"))
    for method in ("flow", "capture"):
        sol = pl.simulate(*sliding(), 20.0, method=method, save=save)
        np.testing.assert_allclose(sol.observed["local_pl"], sol.local_pl, rtol=1e-9)
        np.testing.assert_array_equal(sol.observed["n_active"], sol.n_active)


def test_local_pl_of_saved_states_is_the_run_s() -> None:
    """20 times of 50 small runs, sliding included."""
    slid = 0
    for seed in range(50):
        n, d, p = (int(v) for v in np.random.default_rng(seed).integers((10, 3, 2), (25, 9, 7)))
        X, y, W, a = draw(n, d, p, seed)
        data = pl.Dataset(X, y)
        sol = flow((data, pl.Network(W, a)), 20.0, save=pl.Save(count=20, states=True))
        states = [metrics.states(data, sol.state(i)) for i in range(len(sol.t))]
        found = np.array([metrics.local_pl(data, state) for state in states])
        clear = sol.loss > NOISE_LOSS
        np.testing.assert_allclose(found[clear], sol.local_pl[clear], rtol=1e-9)
        matrix = np.array([metrics.local_pl_from_matrix(data, state) for state in states])
        np.testing.assert_allclose(matrix[clear], sol.local_pl[clear], rtol=1e-9, atol=1e-12)
        assert [metrics.n_active(data, state) for state in states] == sol.n_active.tolist()
        slid += sum(int((metrics.modes(data, state).mode == SLIDE).sum()) for state in states)
    assert slid > 100


# 1.8


@pytest.mark.parametrize(
    ("method", "backend"), [("flow", "native"), ("flow", "numpy"), ("capture", "native")]
)
def test_1_8_a_neuron_at_rest_between_x_and_minus_x_is_off(method: str, backend: str) -> None:
    data, network = between_opposites()
    sol = pl.simulate(data, network, 5.0, method=method, backend=backend)
    assert sol.n_active.tolist() == [2, 0]
    assert sol.stats["sliding_end"] == 0
    assert metrics.n_active(data, sol.network) == 0
    assert metrics.local_pl(data, sol.network) == pytest.approx(sol.local_pl[-1], abs=1e-12)


# 1.9


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_1_9_a_start_within_rounding_of_a_repelling_kink_is_counted_and_stays_off(backend: str) -> None:
    data, network = problem = at_repelling_kink()
    sol = flow(problem, 10.0, backend=backend)
    assert (sol.stats["start_kinks"], sol.stats["repelling"]) == (1, 1)
    assert sol.n_active.tolist() == [1, 1]
    assert sol.loss[-1] == pytest.approx(0.25, rel=1e-9)  # the second label is never fitted
    assert metrics.n_active(data, network) == 1
    further = flow((data, pl.Network([[1.0, 1e-13]], [1.0])), 100.0, backend=backend)
    assert (further.stats["start_kinks"], further.stats["repelling"]) == (0, 0)
    assert further.n_active.tolist() == [2, 2]  # it is on, and is pushed away from its kink


def test_of_orthogonal_inputs_given_by_norms_only_0_is_0() -> None:
    data = pl.Dataset.orthogonal([1.0, 1.0], [1.0, 1.0], 2)
    network = pl.Network([[1.0, 1e-30]], [1.0])
    assert metrics.n_active(data, network) == 2
    for backend in ("native", "numpy"):
        sol = flow((data, network), 1.0, backend=backend)
        assert sol.n_active[0] == 2
        assert sol.stats["start_kinks"] == 0


def test_metrics_of_a_bare_network_are_those_of_a_run_that_starts_there() -> None:
    started = 0
    for seed in range(150):
        (X, y, W, a), _ = degenerate(seed)
        W = W * (1 + 1e-16 * np.random.default_rng(seed).standard_normal(W.shape))
        data, network = pl.Dataset(X, y, zero_labels=True), pl.Network(W, a)
        sol = flow((data, network), 0.0)
        started += int(sol.stats["start_kinks"] > 0)
        assert metrics.n_active(data, network) == sol.n_active[0]
        if sol.loss[0] > NOISE_LOSS:
            assert metrics.local_pl(data, network) == pytest.approx(sol.local_pl[0], rel=1e-9, abs=1e-12)
    assert started > 5


# 1.9b


def restarts(seeds: range, folder: Path) -> None:
    """A run from `sol.network` is `sol` extended, also once saved and loaded; metrics see the same state."""
    options: dict[str, Any] = {"method": "flow", "rtol": 1e-9, "stop": pl.Stop(max_steps=20_000)}
    problems = [small(seed) for seed in seeds]
    first = pl.simulate_ensemble(problems, 4.0, **options)
    stored = []
    for k, sol in enumerate(first):
        if k % 10 == 0:
            sol.save(folder / "run.npz")
            sol = pl.Solution.load(folder / "run.npz")
        stored.append(sol)
    begun = [(data, sol.network) for (data, _), sol in zip(problems, stored, strict=True)]
    for (data, _), sol, again in zip(
        problems, first, pl.simulate_ensemble(begun, 4.0, **options), strict=True
    ):
        whole = sol.extend(8.0)
        size = max(1.0, np.abs(whole.network.W).max())
        assert np.abs(whole.network.W - again.network.W).max() <= 1e-7 * size
        assert again.n_active[0] == sol.n_active[-1] == metrics.n_active(data, sol.network)
        if sol.loss[-1] > NOISE_LOSS:
            found = metrics.local_pl(data, sol.network)
            assert found == pytest.approx(sol.local_pl[-1], rel=1e-9, abs=1e-12)


def test_1_9b_a_run_from_what_a_run_returned_is_its_continuation(tmp_path: Path) -> None:
    restarts(range(200), tmp_path)


def test_1_9b_a_neuron_that_shrank_to_rounding_is_off_in_its_numbers(tmp_path: Path) -> None:
    """Its pairs were off at 1e-20, where w_j = 2e-20: on, in a run that began there."""
    restarts(range(3996, 3997), tmp_path)


@pytest.mark.validate
def test_1_9b_ten_thousand_restarts(tmp_path: Path) -> None:
    restarts(range(200, 10_200), tmp_path)
