"""Capture at rest: pairs at their kinks, neurons at 0 and velocities to rounding, as the flow has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl
from capture_support import capture
from flow_support import draw
from pl_native import metrics
from pl_native._problem.kinks import ON, SLIDE
from problems import problem

pytest.importorskip("pl_native._core")

STALLS = [
    (60, 5, 6, 1, 1e-1),
    (60, 5, 6, 1, 1e-3),
    (60, 5, 6, 2, 1e-3),
    (60, 5, 6, 4, 1e-3),
    (120, 10, 8, 7, 1e-3),
]
"""n, d, p, seed, rtol of runs that come to rest above 0; of seed 4 with a multiplier near its end."""


def stalling(n: int, d: int, p: int, seed: int) -> tuple[pl.Dataset, pl.Network]:
    return pl.data.sphere(n, d, seed=seed), pl.initial.torch_linear(p, d, seed=100 + seed)


def speed(data: pl.Dataset, network: pl.Network) -> float:
    dW, da = metrics.velocity(data, network)
    return float(max(np.abs(dW).max(), np.abs(da).max()))


@pytest.mark.parametrize(("n", "d", "p", "seed", "rtol"), STALLS)
def test_the_end_at_rest_moves_by_rounding(n: int, d: int, p: int, seed: int, rtol: float) -> None:
    """In a bounded number of right-hand sides. What single precision leaves would be 1e-4, and 10^4 steps
    would lead nowhere."""
    data, net = stalling(n, d, p, seed)
    sol = capture(data, net, 1e5, rtol=rtol, stop=pl.Stop(max_steps=20_000))
    assert sol.status is pl.Status.HORIZON
    assert sol.loss[-1] > 1e-3 * sol.loss[0]
    assert speed(data, sol.network) < 1e-10
    # 634 to 4208: two meshes take 631 to 1779, a second attempt up to 2.6 times as many more. The most is of
    # seed 4, whose second attempt is in vain: both are on another branch from t = 340, 3e-3 off and told.
    assert sol.stats["rhs"] < 6000
    assert sol.network.kinks is not None
    slides = sol.network.kinks.mode == SLIDE
    assert sol.stats["sliding_end"] == np.count_nonzero(slides) > 0
    w = sol.network.W[sol.network.kinks.neuron]
    z = np.einsum("kd,kd->k", w, data.X[sol.network.kinks.point])
    # exactly at the kinks, to rounding: one that ends there with no share is not put there, but is within it
    assert np.all(np.abs(z)[slides] <= 32 * np.finfo(float).eps * np.linalg.norm(w, axis=1)[slides])


def test_the_place_of_rest_is_the_flow_s() -> None:
    """To all digits, where both are on one branch: no part of the loss is left to single precision."""
    data, net = stalling(60, 5, 6, 1)
    ends = [capture(data, net, 1e4, rtol=1e-3), pl.simulate(data, net, 1e4, method="flow", rtol=1e-9)]
    assert ends[0].loss[-1] == pytest.approx(ends[1].loss[-1], rel=1e-12)
    for one, two in zip(*(sol.network.kinks.arrays() for sol in ends if sol.network.kinks), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6)


@pytest.mark.parametrize("rtol", [1e-2, 1e-3, 1e-5])
def test_a_neuron_that_comes_to_0_is_put_there(rtol: float) -> None:
    """Three pairs that it rests at span the space. It was left at 1e-9, pairs on by chance, and escaped."""
    data, start = problem(17, 3, 8, 5)
    save = pl.Save(count=20, states=True)
    sol = capture(data, start, 20.0, rtol=rtol, save=save)
    flow = pl.simulate(data, start, 20.0, method="flow", rtol=1e-9, save=save)
    assert sol.W_saved is not None
    assert not sol.W_saved[1:, 3].any()
    assert sol.loss[-1] == pytest.approx(flow.loss[-1], rel=rtol)
    assert rtol > 1e-5 or sol.n_active[:8].tolist() == flow.n_active[:8].tolist()
    np.testing.assert_array_equal(metrics.n_active(data, sol), sol.n_active)


@pytest.mark.parametrize("rtol", [1e-2, 1e-4])
@pytest.mark.parametrize(
    ("n", "d", "p", "seed"), [(7, 1, 2, 13), (7, 1, 2, 20), (17, 2, 7, 24), (10, 2, 4, 60), (25, 3, 6, 110)]
)
def test_a_neuron_held_on_all_kinks_but_one_direction_stays_at_0(
    n: int, d: int, p: int, seed: int, rtol: float
) -> None:
    """It went through 0 and out on the other side, and ends were 0.3 to 64 % off, told 1e-6 to 5e-4."""
    X, y, W, a = draw(n, d, p, seed)
    data, network = pl.Dataset(X, y), pl.Network(W, a)
    flow = pl.simulate(data, network, 20.0, method="flow", rtol=1e-9)
    at_0 = ~flow.network.W.any(axis=1)
    assert at_0.any()
    sol = capture(data, network, 20.0, rtol=rtol)
    assert not sol.network.W[at_0].any()
    np.testing.assert_allclose(sol.network.a[at_0], flow.network.a[at_0], rtol=rtol)
    assert sol.loss[-1] == pytest.approx(flow.loss[-1], rel=10 * rtol)


@pytest.mark.parametrize("method", ["flow", "capture"])
def test_kinks_said_of_a_neuron_at_0_do_not_move_it(method: str) -> None:
    data, network = problem(17, 3, 8, 5)
    W = network.W.copy()
    W[2] = 0.0
    kinks = pl.Kinks([2, 2], [0, 1], [ON, SLIDE], [1.0, 0.5])
    sol = pl.simulate(data, pl.Network(W, network.a, kinks=kinks), 5.0, method=method)
    assert not sol.network.W[2].any()
    assert sol.network.a[2] == network.a[2]


@pytest.mark.parametrize("seed", range(4))
def test_a_run_from_a_state_of_capture_sees_its_pattern(seed: int) -> None:
    data, net = problem(30 + seed, 6, 8, seed)
    sol = capture(data, net, 15.0, rtol=1e-5)
    options: dict[str, Any] = {"rtol": 1e-6, "stop": pl.Stop(max_steps=1000)}
    for method in ("capture", "flow"):
        again = pl.simulate(data, sol.network, 1e-3, method=method, **options)
        assert again.n_active[0] == sol.n_active[-1]
        assert again.local_pl[0] == pytest.approx(sol.local_pl[-1], rel=1e-9)


@pytest.mark.parametrize("rtol", [1e-2, 1e-3, 1e-4])
def test_a_step_whose_loss_rises_is_not_taken_however_short(rtol: float) -> None:
    """A pair at rest with a share of 1e-12, in steps of 1e4: halved twelve times, each was taken whatever its
    loss (1.32 or 5e26 for 0.95, and NON_FINITE).
    """
    rng = np.random.default_rng(17)
    n, d, p = int(rng.integers(3, 9)), int(rng.integers(2, 4)), int(rng.integers(1, 5))
    X, y, W, a = (rng.standard_normal(shape) for shape in ((n, d), n, (p, d), p))
    data, network = pl.Dataset(X, y), pl.Network(W, a)
    sol = pl.simulate(data, network, 1e6, method="capture", rtol=rtol)
    assert sol.status is pl.Status.HORIZON
    assert sol.loss[-1] == pytest.approx(0.9521720405, rel=1e-9)
