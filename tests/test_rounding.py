"""Where the loss has reached rounding: no number is shown that is noise, and no method crawls."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")

METHODS = ("euler", "flow", "capture")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mu_is_not_shown_where_it_is_rounding(method: str, dtype: str) -> None:
    data = pl.data.orthogonal(8, 8, seed=1, dtype=dtype)
    network = pl.initial.asymmetric(16, 8, seed=2, dtype=dtype)
    times = np.linspace(0.0, 120.0, 241)
    sol = pl.simulate(data, network, 120.0, method=method, step=0.25, rtol=1e-4, save=times)
    shown = ~np.isnan(sol.local_pl)
    assert shown[0]
    assert not shown[-1]
    tail = sol.local_pl[shown][-6:]
    assert np.ptp(tail) < 0.1 * tail.mean()  # a fixed rate in the tail, none of it noise
    assert not shown[np.argmin(shown) :].any()
    last = int(np.flatnonzero(shown)[-1])
    expected = np.log(sol.loss[0] / sol.loss[last]) / sol.t[last]
    assert sol.average_pl() == pytest.approx(expected)
    assert "rounding" in str(sol)
    assert "rounding" not in str(pl.simulate(data, network, 1.0, method=method, step=0.25, rtol=1e-4))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nor_by_metrics_of_a_state(dtype: str) -> None:
    """Bare states, of whom no run tells: they were noise there, above 3 for 0.36."""
    data = pl.data.orthogonal(8, 8, seed=1, dtype=dtype)
    network = pl.initial.asymmetric(16, 8, seed=2, dtype=dtype)
    sol = pl.simulate(data, network, 120.0, step=0.25, save=pl.Save(count=121, states=True))
    bare = [sol.state(i) for i in range(len(sol.t))]
    dense = pl.Dataset(data.X, data.y)
    for found in (
        pl.metrics.local_pl(data, bare),
        pl.metrics.local_pl_from_matrix(dense, bare),
        np.array([pl.model.local_pl(data, state) for state in bare]),
    ):
        assert np.isnan(found[-1])
        assert (np.isnan(found) != np.isnan(sol.local_pl)).sum() <= 1  # a loss at the very bound
        shown = found[~np.isnan(found)]
        assert np.ptp(shown[-6:]) < 0.1 * shown[-6:].mean()


def test_nor_by_the_numpy_backend() -> None:
    data, network = pl.Dataset([[1.0]], [1.0]), pl.Network([[0.6]], [0.7])
    for method in ("euler", "flow"):
        options = {"method": method, "step": 0.4, "save": np.linspace(0, 96, 25)}
        mine = pl.simulate(data, network, 96.0, backend="numpy", **options)
        native = pl.simulate(data, network, 96.0, **options)
        assert np.isnan(mine.local_pl[-1])
        assert np.isnan(native.local_pl[-1])
        assert not np.isnan(mine.local_pl[:3]).any()


@pytest.mark.parametrize("seed", range(24))
def test_the_flow_meets_a_level_near_rounding(seed: int) -> None:
    """The state at the time the polynomial promised was 2e-11 above the level, for ever."""
    data = pl.data.orthogonal(1, 1, seed=seed)
    network = pl.initial.asymmetric(4, 1, seed=seed, data=data)
    for level in (1e-10, 1e-14):
        stop = pl.Stop(loss=level, wall_time=20.0)
        sol = pl.simulate(data, network, 1e4, method="flow", stop=stop)
        if sol.status is not pl.Status.HORIZON:  # the label is met by no live neuron
            assert sol.status is pl.Status.TARGET
            assert level * (1 - 1e-6) < sol.loss[-1] <= level
            assert sol.stats["steps"] < 1000


def test_the_flow_meets_a_level_of_many_points() -> None:
    data = pl.data.group(256, 1, seed=0)
    network = pl.initial.group(1, 256, seed=0, data=data)
    stop = pl.Stop(loss=1e-14, wall_time=20.0)
    assert pl.simulate(data, network, 1e6, method="flow", stop=stop).status is pl.Status.TARGET


TO_ROUNDING = {
    "wide": (lambda: (pl.data.sphere(100, 150, seed=2), pl.initial.asymmetric(20, 150, seed=2)), 2e4, 1e-3),
    "small": (lambda: (pl.data.sphere(5, 5, seed=5), pl.initial.asymmetric(6, 5, seed=5)), 2000.0, 1e-6),
    "one": (lambda: (pl.Dataset([[1.0]], [1.0]), pl.Network([[0.3]], [0.4])), 1000.0, 1e-6),
    "at rest": (
        lambda: (pl.data.sphere(60, 20, seed=1), pl.initial.asymmetric(10, 20, seed=2)),
        3000.0,
        1e-2,
    ),
}


@functools.cache
def by_flow(name: str) -> pl.Solution:
    problem, t_end, rtol = TO_ROUNDING[name]
    return pl.simulate(*problem(), t_end, method="flow", rtol=rtol, save=np.linspace(0, t_end, 5))


@pytest.mark.parametrize("name", TO_ROUNDING)
@pytest.mark.parametrize("atol", [None, 0.0])
def test_capture_does_not_crawl_once_the_loss_is_rounding(name: str, atol: float | None) -> None:
    problem, t_end, rtol = TO_ROUNDING[name]
    data, network = problem()
    flow = by_flow(name)
    stop = pl.Stop(wall_time=60.0)
    sol = pl.simulate(
        data, network, t_end, method="capture", rtol=rtol, atol=atol, save=np.linspace(0, t_end, 5), stop=stop
    )
    assert sol.status is pl.Status.HORIZON
    assert sol.stats["loss_error"] <= 2 * rtol  # a second attempt aims, and is the last
    assert (sol.stats["loss_error"] > rtol) == ("more than" in sol.message)
    allowed = rtol * flow.loss + max(sol.stats["atol"], 1e-24) * flow.loss[0]
    assert np.all(np.abs(sol.loss - flow.loss) <= 5 * allowed)
    fallen = pl.simulate(
        data, network, t_end / 10, method="capture", rtol=rtol, atol=atol, save=[0.0, t_end / 10]
    )  # to rounding, or to rest; the rest of the way costs little
    assert sol.stats["rhs"] < 2 * fallen.stats["rhs"] + 3 * flow.stats["rhs"] + 3000
