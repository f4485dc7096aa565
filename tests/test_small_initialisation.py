"""Weights near 0: errors are relative to each neuron, however small it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pl_native as pl
from pl_native.sweep.cells import Cell

pytest.importorskip("pl_native._core")


def odd_labels(size: float) -> tuple[pl.Dataset, pl.Network, float, float]:
    """X = [Z; -Z] whitened, y(-x) = -y(x), two opposite neurons along b = X^T y/n; norm(b) and mean y^2 too.

    The network is linear (Zhang, Saxe, Latham 2024).
    """
    rng = np.random.default_rng(3)
    n, d = 400, 20
    Z, _ = np.linalg.qr(rng.standard_normal((n // 2, d)))
    X = np.concatenate([Z, -Z]) * math.sqrt(n / 2)
    half = Z @ rng.standard_normal(d) * 5 + 0.3 * rng.standard_normal(n // 2)
    y = np.concatenate([half, -half])
    b = X.T @ y / n
    v = b / np.linalg.norm(b)
    network = pl.Network(size * np.array([v, -v]), size * np.array([1.0, -1.0]))
    return pl.Dataset(X, y), network, float(np.linalg.norm(b)), float(np.mean(y**2))


@pytest.mark.parametrize("size", [1e-3, 1e-12, 1e-20])
def test_the_flow_follows_the_escape_from_any_size(size: float) -> None:
    """S(t) = 2B/(1 + (2B/S0 - 1) exp(-B t)), L = mean(y^2)/2 - S B/2 + S^2/8."""
    data, network, b, square = odd_labels(size)
    start = size**2
    escape = math.log(2 * b / start) / b
    sol = pl.simulate(data, network, 2 * escape, method="flow", rtol=1e-9, save=41)
    s = 2 * b / (1 + (2 * b / start - 1) * np.exp(-b * sol.t))
    exact = square / 2 - s * b / 2 + s**2 / 8
    assert np.max(np.abs(sol.loss / exact - 1)) < 1e-8
    assert sol.stats["atol"] == 0


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


@pytest.mark.parametrize("size", [1e-1, 1e-3, 1e-6, 1e-12])
def test_capture_follows_the_escape_from_any_size(size: float) -> None:
    """Until then the loss does not see the weights; what holds the steps is each neuron's own error."""
    data, network, b, square = odd_labels(size)
    start = size**2
    sol = pl.simulate(
        data, network, 2 * math.log(2 * b / start) / b, method="capture", rtol=1e-3, save=41
    )
    s = 2 * b / (1 + (2 * b / start - 1) * np.exp(-b * sol.t))
    error = np.max(np.abs(sol.loss / (square / 2 - s * b / 2 + s**2 / 8) - 1))
    assert error < 5e-3
    assert sol.stats["loss_error"] > error / 5


def test_capture_says_that_it_missed_its_tolerance() -> None:
    data, network, b, _ = odd_labels(1e-12)
    times = np.linspace(0, 2 * math.log(2 * b * 1e24) / b, 41)
    sol = pl.simulate(data, network, times[-1], method="capture", rtol=1e-2, save=times)
    assert sol.stats["loss_error"] > 1e-2
    assert "more than the 0.01 asked for" in sol.message
    assert sol.message in str(sol)
    kept = pl.simulate(data, odd_labels(0.3)[1], 1 / b, method="capture", rtol=1e-2)
    assert kept.message == kept.status.message


def test_capture_says_that_its_estimate_is_blind() -> None:
    """With no time saved on the way it may step over the whole escape."""
    data, network, b, _ = odd_labels(1e-12)
    sol = pl.simulate(data, network, 100 / b, method="capture", rtol=1e-4)
    assert "The initialisation is small" in pl.advise(data, network).reason
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
