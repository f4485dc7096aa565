"""Which pairs are on, sliding or off: said by the run that reached a state, never by the sign of rounding."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from flow_support import degenerate, draw
from pl_native import metrics
from pl_native._problem.kinks import OFF, ON, SLIDE

pytest.importorskip("pl_native._core")

Problem = tuple[pl.Dataset, pl.Network]
NOISE_LOSS = 1e-13  # below, rounding of residuals is more than 1e-9 of them, and so of mu


def sliding() -> Problem:
    """Six of its pairs slide at t = 20."""
    return pl.data.sphere(n=20, d=10, seed=1), pl.initial.asymmetric(p=5, d=10, seed=2)


def between_opposites() -> Problem:
    """The first neuron comes to rest between x and -x, which both push it down."""
    return pl.Dataset([[1.0, 0.0], [-1.0, 0.0]], [-1.0, -1.0]), pl.Network(
        [[0.2, 0.5], [-0.1, 0.3]], [1, 0.6]
    )


def at_repelling_kink() -> Problem:
    """z_01 = 1e-17 at a kink that pushes upwards once it is left."""
    return pl.Dataset([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0]), pl.Network([[1.0, 1e-17]], [1.0])


def small(seed: int) -> Problem:
    """Two in three are degenerate on purpose."""
    if seed % 3 < 2:
        (X, y, W, a), _ = degenerate(seed)
    else:
        n, d, p = (int(v) for v in np.random.default_rng(seed).integers((3, 2, 2), (13, 7, 6)))
        X, y, W, a = draw(n, d, p, seed)
    return pl.Dataset(X, y, zero_labels=True), pl.Network(W, a)


def flow(problem: Problem, t_end: float, **options: Any) -> pl.Solution:
    return pl.simulate(*problem, t_end, method="flow", stop=pl.Stop(max_steps=20_000), **options)


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
        states = [sol.state(i) for i in range(len(sol.t))]
        found = np.array([metrics.local_pl(data, state) for state in states])
        clear = sol.loss > NOISE_LOSS
        np.testing.assert_allclose(found[clear], sol.local_pl[clear], rtol=1e-9)
        matrix = np.array([metrics.local_pl_from_matrix(data, state) for state in states])
        np.testing.assert_allclose(matrix[clear], sol.local_pl[clear], rtol=1e-9, atol=1e-12)
        assert [metrics.n_active(data, state) for state in states] == sol.n_active.tolist()
        slid += sum(int((metrics.modes(data, state).mode == SLIDE).sum()) for state in states)
    assert slid > 100


# 1.7, 1.8


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


def test_1_7_inputs_taken_as_dependent_are_counted() -> None:
    X, y, W, a = draw(6, 3, 4, 3)
    X[2] = -0.7 * X[1]  # opposite but for rounding
    sol = flow((pl.Dataset(X, y), pl.Network(W, a)), 20.0)
    assert sol.stats["dependent_inputs"] > 0
    assert "inputs parallel to 1e-9 were taken as exactly so" in str(sol)
    sol = flow(sliding(), 20.0)
    assert sol.stats["dependent_inputs"] == 0
    assert "parallel" not in str(sol)


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


@pytest.mark.validate
def test_1_9b_ten_thousand_restarts(tmp_path: Path) -> None:
    restarts(range(200, 10_200), tmp_path)


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_a_run_begins_with_the_modes_known(backend: str) -> None:
    """On at the repelling kink, which the rule would not choose."""
    data, network = at_repelling_kink()
    on = pl.Network(network.W, network.a, kinks=pl.Kinks([0], [1], [ON]))
    sol = flow((data, on), 100.0, backend=backend)
    assert sol.n_active.tolist() == [2, 2]
    assert sol.loss[-1] < 1e-6
    assert sol.stats["start_kinks"] == 0
    assert metrics.n_active(data, on) == 2


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_sliding_pairs_slide_on_by_every_method(method: str) -> None:
    data, _ = problem = sliding()
    sol = flow(problem, 20.0)
    start = pl.simulate(data, sol.network, 1.0, method=method)
    assert start.n_active[0] == sol.n_active[-1]
    assert start.local_pl[0] == pytest.approx(sol.local_pl[-1], rel=1e-6)
    assert start.loss[-1] == pytest.approx(sol.extend(21.0).loss[-1], rel=1e-6)
    oracle = flow((data, sol.network), 1.0, backend="numpy")
    assert oracle.local_pl[0] == pytest.approx(sol.local_pl[-1], rel=1e-9)
    assert oracle.network.kinks is not None
    assert (oracle.network.kinks.mode == SLIDE).sum() == 6


# what carries them


def test_kinks_are_saved_loaded_pickled_and_go_on(tmp_path: Path) -> None:
    sol = flow(sliding(), 20.0, save=pl.Save(count=5, states=True))
    sol.save(tmp_path / "run.npz")
    for other in (pl.Solution.load(tmp_path / "run.npz"), pickle.loads(pickle.dumps(sol))):
        assert other.network == sol.network
        assert other.network.kinks is not None
        assert [other.state(i).kinks for i in range(5)] == [sol.state(i).kinks for i in range(5)]
    longer = sol.extend(30.0, save=[25.0, 30.0])
    assert longer.state(4) == sol.state(4)
    assert longer.state(-1) == longer.network
    marked = pl.simulate(*sliding(), 20.0, method="flow", checkpoint=tmp_path / "mark.npz")
    assert pl.Solution.load(tmp_path / "mark.npz").network == marked.network


def test_dense_output_with_the_log_knows_the_kinks() -> None:
    data, _ = problem = sliding()
    sol = flow(problem, 20.0, save=pl.Save(times=[0.0, 13.0, 20.0], dense=True, switches=True))
    for t, expected in zip(sol.t, sol.local_pl, strict=True):
        assert metrics.local_pl(data, sol.at(t)) == pytest.approx(expected, rel=1e-6)
    assert flow(problem, 20.0, save=pl.Save(dense=True)).at(13.0).kinks is None
    again = flow((data, sol.network), 1.0, save=pl.Save(dense=True, switches=True))
    assert again.switches is not None
    assert (again.switches.to_mode[again.switches.t == 0] == SLIDE).sum() == 6
    assert metrics.local_pl(data, again.at(0.5)) < 0.01  # 0.15 by the signs of z


def test_of_other_data_kinks_say_nothing() -> None:
    sol = flow(sliding(), 20.0)
    other = pl.data.sphere(n=7, d=10, seed=5)
    bare = pl.Network(sol.network.W, sol.network.a)
    np.testing.assert_array_equal(metrics.active(other, sol.network), metrics.active(other, bare))
    assert flow((other, sol.network), 1.0).loss[-1] == flow((other, bare), 1.0).loss[-1]


def test_kinks_are_part_of_a_network_and_checked() -> None:
    bare = pl.Network([[1.0, 0.0]], [1.0])
    kinked = pl.Network([[1.0, 0.0]], [1.0], kinks=pl.Kinks([0], [1], [SLIDE], [0.25]))
    assert bare.kinks is None
    assert bare != kinked
    assert bare.digest() != kinked.digest()
    assert bare.digest() == "3444ae99b3f2280629f6e941461a192fdc60d84276abc73799aa13e5ca56bf15"
    assert kinked == pickle.loads(pickle.dumps(kinked))
    assert np.isnan(pl.Kinks([0], [1], [SLIDE]).share[0])
    ordered = pl.Kinks([1, 0, 0], [0, 2, 1], [ON, OFF, ON])
    assert ordered.point.tolist() == [1, 2, 0]
    assert ordered.share.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (([0], [0], [3]), r"kinks.mode: expected integers within \[0, 2\], got 3 .. 3"),
        (([-1], [0], [1]), r"kinks.neuron: expected integers within"),
        (([0], [0], [1], [0.5]), "kinks.share: expected 0 where off"),
        (([0, 0], [1, 1], [1, 0]), "kinks: expected every pair once"),
        (([0], [0, 1], [1]), "kinks.point: expected one array of at least one entry"),
        (([], [], []), r"kinks\.mode: expected integers"),
    ],
)
def test_odd_kinks_are_refused(arrays: Any, said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        pl.Kinks(*arrays)


def test_a_network_refuses_kinks_of_neurons_it_has_not() -> None:
    with pytest.raises(ValueError, match=r"kinks\.neuron: expected numbers below p = 1, got 1"):
        pl.Network([[1.0]], [1.0], kinks=pl.Kinks([1], [0], [0]))
    with pytest.raises(TypeError, match=r"kinks: expected None or pl\.Kinks"):
        pl.Network([[1.0]], [1.0], kinks=[0])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("kinks/point", np.arange(20, 26, dtype=np.int32), "points below n"),
        ("kinks/neuron", np.arange(6, dtype=np.int32), "neurons below p"),
        ("kinks/mode", np.full(6, 3, np.int8), r"kinks\.mode: expected integers"),
        ("kinks_saved/offsets", np.array([0, 1, 99]), "kinks_saved: expected 3 offsets"),
    ],
)
def test_files_with_odd_kinks_are_refused(tmp_path: Path, name: str, value: Any, said: str) -> None:
    sol = flow(sliding(), 20.0, save=pl.Save(count=2, states=True))
    sol.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    assert name in arrays
    np.savez(tmp_path / "odd.npz", **arrays | {name: value})
    with pytest.raises(ValueError, match=said):
        pl.Solution.load(tmp_path / "odd.npz")


def test_records_of_versions_without_the_counts_of_kinks_go_on(tmp_path: Path) -> None:
    data, _ = problem = sliding()
    sol = flow(problem, 10.0)
    sol.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as stored:
        arrays = {key: stored[key] for key in stored.files if not key.startswith("kinks")}
    arrays["past/resume/count"] = arrays["past/resume/count"][:15]
    np.savez(tmp_path / "old.npz", **arrays)
    old = pl.Solution.load(tmp_path / "old.npz")
    assert old.network.kinks is None
    assert old.extend(20.0, data=data).network == sol.extend(20.0).network
