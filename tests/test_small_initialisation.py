"""Weights near 0: errors are relative to each neuron, however small it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from odd_labels import closed_form, escape, odd_labels
from pl_native.sweep.cells import Cell

pytest.importorskip("pl_native._core")


@pytest.mark.parametrize("rtol", [1e-6, 1e-9])
@pytest.mark.parametrize("pairs", [1, 2, 4])
def test_the_flow_follows_the_escape_from_any_size(pairs: int, rtol: float) -> None:
    for seed in (3, 4, 5):  # of one every size, of the others every fourth
        for size in 10.0 ** -np.arange(0, 21, 1 if seed == 3 else 4):
            data, network, b, square = odd_labels(size, pairs, seed, n=40, d=4)
            end = 2 * max(math.log(2 * b / size**2), 1.0) / b
            sol = pl.simulate(data, network, end, method="flow", rtol=rtol, save=41)
            error = np.max(np.abs(sol.loss / closed_form(sol.t, size, b, square) - 1))
            assert error < 100 * rtol, (seed, size, error / rtol)
            assert sol.stats["atol"] == 0


@pytest.mark.parametrize("size", [1.0, 0.9, 1e-3, 1e-12, 1e-20])
def test_the_time_of_escape_is_right_to_the_tolerance(size: float) -> None:
    """From size 1 the loss falls slowly: 1e-9 of the level was 1.4e-9 of the time, at any rtol."""
    data, network, b, square = odd_labels(size)
    when, loss = escape(size, b, square)
    for rtol in (1e-6, 1e-9, 1e-11):
        sol = pl.simulate(data, network, 2 * when, method="flow", rtol=rtol, stop=pl.Stop(loss=loss))
        assert sol.status is pl.Status.TARGET
        assert sol.t[-1] == pytest.approx(when, rel=rtol)


def test_an_absolute_tolerance_is_what_blinds_a_run_to_its_escape() -> None:
    """The check above can fail."""
    data, network, b, square = odd_labels(1e-12)
    when, loss = escape(1e-12, b, square)
    options = {"rtol": 1e-9, "stop": pl.Stop(loss=loss), "method": "flow"}
    sol = pl.simulate(data, network, 2 * when, atol=1e-9, **options)
    assert abs(sol.t[-1] / when - 1) > 1e-8


@pytest.mark.parametrize("kind", ["asymmetric", "balanced"])
@pytest.mark.parametrize("power", [-60, -24, -1, 3, 24, 60])
def test_results_scale_with_the_problem(power: int, kind: str) -> None:
    """(a, w, y, t) -> (c a, c w, c^2 y, t/c^2): the same steps, to rounding times their number."""
    c = 2.0**power
    data = pl.data.gaussian(n=40, d=8, seed=1)
    network = getattr(pl.initial, kind)(p=6, d=8, seed=2, scale=0.1)
    scaled = pl.Dataset(data.X, data.y * c**2), pl.Network(network.W * c, network.a * c)
    one = pl.simulate(data, network, 16.0, method="flow", save=5)
    two = pl.simulate(*scaled, 16.0 / c**2, method="flow", save=5)
    assert one.stats["events"] > 100
    for name in ("accepted", "rejected", "rhs", "events", "on", "off", "slide_in", "slide_to_off"):
        assert one.stats[name] == two.stats[name], name
    rounding = 2.0**-52 * one.stats["accepted"]
    sizes = np.linalg.norm(one.network.W, axis=1)
    moved = np.linalg.norm(two.network.W / c - one.network.W, axis=1)
    assert np.all(moved <= rounding * sizes)
    assert np.allclose(two.loss / c**4, one.loss, rtol=rounding, atol=0)


def orthogonal() -> Any:
    return pl.data.orthogonal(20, 20, seed=1), pl.initial.asymmetric(8, 20, seed=2)


def dense(n: int, d: int, p: int, scale: float = 1.0) -> Any:
    return pl.data.gaussian(n=n, d=d, seed=1), pl.initial.balanced(p=p, d=d, seed=2, scale=scale)


@pytest.mark.parametrize("power", [-60, 60])
@pytest.mark.parametrize(
    ("problem", "t_end", "kind"),
    [
        (orthogonal(), 50.0, "off"),
        (dense(40, 12, 6), 400.0, "stabilised_steps"),
        (dense(6, 2, 200), 8.0, "cell_steps"),
        (dense(30, 20, 20, scale=1e-16), 20.0, "slide_in"),  # all of them quiet
    ],
)
def test_every_kind_of_step_scales(problem: Any, t_end: float, kind: str, power: int) -> None:
    data, network = problem
    c = 2.0**power
    scaled = pl.Dataset(data.X, data.y * c**2)
    if data.is_orthogonal:
        scaled = pl.Dataset.orthogonal(data.norms, data.y * c**2, data.d)
    options = {"method": "flow", "save": 5, "stop": pl.Stop(stall=1e-12)}
    one = pl.simulate(*problem, t_end, **options)
    two = pl.simulate(scaled, pl.Network(network.W * c, network.a * c), t_end / c**2, **options)
    assert one.stats[kind] > 0
    assert two.status is one.status
    for name in ("accepted", "rejected", "rhs", "events", "slide_in", "cell_steps", "stabilised_steps"):
        assert one.stats[name] == two.stats[name], name
    assert two.loss / c**4 == pytest.approx(one.loss, rel=1e-9)
    assert two.local_pl / c**2 == pytest.approx(one.local_pl, rel=1e-9)
    assert two.stats["spectral_radius"] / c**2 == pytest.approx(one.stats["spectral_radius"], rel=1e-6)


def test_the_oracle_too_is_blind_to_no_size() -> None:
    """Of 1e-9, where rounding relative to 1 would be a neuron at 0."""
    data = pl.data.sphere(n=8, d=4, seed=3)
    network = pl.initial.balanced(p=4, d=4, seed=2, scale=1e-16)
    ends = [
        pl.simulate(data, network, 60.0, method="flow", backend=backend) for backend in ("native", "numpy")
    ]
    assert ends[0].stats["events"] > 0
    assert ends[0].stats["zero_neuron"] == ends[1].stats["zero_neuron"] == 0
    assert ends[0].loss[-1] < 0.9 * ends[0].loss[0]
    assert ends[1].loss[-1] == pytest.approx(ends[0].loss[-1], rel=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1e-20])
def test_saddle_to_saddle_on_orthogonal_inputs(scale: float) -> None:
    """Through all plateaus, none of them taken for the end."""
    data = pl.data.orthogonal(40, 80, seed=1)
    network = pl.initial.balanced(60, 80, seed=2, scale=scale, data=data)
    sol = pl.simulate(data, network, 4000.0, method="flow", save=41, stop=pl.Stop(stall=1e-6))
    assert sol.status is pl.Status.HORIZON
    assert sol.loss[-1] < 1e-20
    if scale == 1e-20:
        row = np.searchsorted(sol.t, 100.0)
        assert sol.loss[row] > 0.99 * sol.loss[0]
        assert sol.local_pl[row] * sol.t[row] < 1e-6  # by the loss alone it were at rest


def test_a_neuron_at_exactly_zero_stays() -> None:
    data = pl.data.sphere(n=12, d=4, seed=1)
    net = pl.initial.asymmetric(p=3, d=4, seed=2)
    W, a = net.W.copy(), net.a.copy()
    W[1], a[1] = 0, 0
    for backend in ("native", "numpy"):
        sol = pl.simulate(data, pl.Network(W, a), 5.0, method="flow", backend=backend)
        assert sol.status is pl.Status.HORIZON
        assert not sol.network.W[1].any()
        assert sol.network.a[1] == 0


@pytest.mark.parametrize("rtol", [1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("pairs", [1, 2, 4])
def test_capture_follows_the_escape_from_any_size(pairs: int, rtol: float) -> None:
    """Until then the loss does not see the weights; what holds the steps is each neuron's own error. And a
    neuron that only grows along itself holds none: 10 000 right-hand sides at size 1e-12 before."""
    for seed in (3, 4):
        for size in (1.0, 1e-1, 1e-3, 1e-6, 1e-12, 1e-20):
            data, network, b, square = odd_labels(size, pairs, seed, n=40, d=4)
            end = 2 * max(math.log(2 * b / size**2), 1.0) / b
            sol = pl.simulate(data, network, end, method="capture", rtol=rtol, save=41)
            error = np.max(np.abs(sol.loss / closed_form(sol.t, size, b, square) - 1))
            assert error < 3 * rtol, (seed, size, error / rtol)
            assert error / 3 < sol.stats["loss_error"] < 3 * error, (seed, size)
            assert sol.stats["rhs"] < 40 / math.sqrt(rtol) + 400, (seed, size)


@pytest.mark.parametrize("rtol", [1e-1, 1e-2, 1e-3, 1e-4])
def test_capture_follows_the_escape_on_orthogonal_inputs_from_any_size(rtol: float) -> None:
    """Its steps saw the loss only: from 1e-12 it was off by a third, from 1e-20 threefold, whatever rtol."""
    for scale in (1e-1, 1e-3, 1e-6, 1e-12, 1e-20):
        for some in (1.0, 1.0 / scale):  # all neurons are small, or one in three is not
            data = pl.data.orthogonal(20, 40, seed=1)
            start = pl.initial.balanced(10, 40, seed=2, scale=scale, data=data)
            size = np.where(np.arange(10) % 3, 1.0, some)
            network = pl.Network(
                size[:, None] * start.W, size * start.a, w_perp_sq=size**2 * np.asarray(start.w_perp_sq)
            )
            b = float(np.linalg.norm(data.norms * data.y)) / 20
            t_end = 4 * math.log(2 * b / scale**2) / b
            exact = pl.simulate(data, network, t_end, method="flow", rtol=1e-9, save=41).loss
            sol = pl.simulate(data, network, t_end, method="capture", rtol=rtol, save=41)
            error = np.max(np.abs(sol.loss - exact) / np.maximum(exact, 1e-9 * exact[0] / rtol))
            assert error < rtol, (scale, some, error)
            assert error / 3 < sol.stats["loss_error"] < max(4 * error, 1e-2 * rtol), (scale, some, error)
            assert sol.stats["restarts"] == 0


def test_capture_says_that_it_missed_its_tolerance() -> None:
    data, network = pl.data.sphere(300, 30, seed=1), pl.initial.asymmetric(31, 30, seed=2)
    sol = pl.simulate(data, network, pl.horizon(300, 31), method="capture", rtol=0.1)
    assert sol.stats["loss_error"] > 0.1
    assert "more than the 0.1 asked for" in sol.message
    assert sol.message in str(sol)
    data, network, b, _ = odd_labels(0.3)
    kept = pl.simulate(data, network, 1 / b, method="capture", rtol=1e-2)
    assert kept.message == kept.status.message


def test_a_small_start_is_said() -> None:
    data, network, b, _ = odd_labels(1e-12)
    sol = pl.simulate(data, network, 100 / b, method="capture", rtol=1e-4)
    assert "Some neurons are small" in pl.advise(data, network).reason
    assert "the initialisation is small" in sol.message


def test_tolerances_by_default_are_the_methods_own() -> None:
    data, network = pl.data.sphere(5, 3, seed=1), pl.initial.asymmetric(2, 3, seed=2)
    for method, asked, got in (("flow", None, 0.0), ("capture", None, 1e-9), ("flow", 1e-7, 1e-7)):
        sol = pl.simulate(data, network, 0.5, method=method, rtol=1e-3, atol=asked)
        assert sol.stats["atol"] == got
        cell = Cell(
            n=5, d=3, p=2, initialisation="asymmetric", t_end=1.0, replicates=1, method=method, atol=asked
        )
        assert cell.atol == got


@pytest.mark.parametrize("power", [-6, -15, -20, -34])
def test_the_first_step_of_capture_is_not_beyond_the_growth_of_small_neurons(power: int) -> None:
    """By the fall of the loss alone it would be 10^7 at 1e-15, and lengths 10^22 times too long were taken
    in the end: the loss had risen by 1e31 at 1e-18.
    """
    data = pl.data.gaussian(n=12, d=5, seed=4)
    full, c = pl.initial.asymmetric(p=6, d=5, seed=5), 10.0**power
    network = pl.Network(c * full.W, c * full.a)
    one = pl.simulate(data, network, 1e300, method="capture", rtol=1e-4, stop=pl.Stop(max_steps=1))
    assert one.stats["steps"] == 2  # of the fine mesh
    assert 1e-3 < one.t[-1] < 10
    exact = pl.simulate(data, network, one.t[-1], method="flow", rtol=1e-9)
    assert one.loss[-1] == pytest.approx(exact.loss[-1], rel=1e-4)
