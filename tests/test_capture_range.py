"""Where capture's single precision ends: below it a run is NON_FINITE, and "auto" goes on by the flow."""

from __future__ import annotations

import numpy as np
import pytest

import pl_native as pl

pytest.importorskip("pl_native._core")

D, N = pl.data.sphere(n=40, d=8, seed=1), pl.initial.asymmetric(p=6, d=8, seed=2)


def small(power: float, inputs: float = 1.0, labels: bool = True) -> tuple[pl.Dataset, pl.Network]:
    """The problem of (D, N) but for its units: W and a are 10^power times as large, the labels as they need
    be."""
    c = 10.0**power
    return pl.Dataset(inputs * D.X, (inputs * c * c if labels else 1.0) * D.y), pl.Network(c * N.W, c * N.a)


@pytest.mark.parametrize("power", [-22, -25, -30, -36, -40])
def test_products_below_single_precision_are_not_for_capture(power: int) -> None:
    """K was 0 there, and the loss off by 2.4 times rtol (and by 0.6 % at 1.5e-36), told as less."""
    data, net = small(power)
    t_end = 20.0 / 10.0 ** (2 * power)
    sol = pl.simulate(data, net, t_end, method="capture", rtol=1e-4, atol=1e-300)
    assert sol.status is pl.Status.NON_FINITE
    assert sol.t[-1] < 0.1 * t_end
    auto = pl.simulate(data, net, t_end, method="auto", rtol=1e-4, atol=0.0)
    exact = pl.simulate(D, N, 20.0, method="flow", rtol=1e-9)
    assert auto.status is pl.Status.HORIZON
    assert auto.loss[-1] / 10.0 ** (4 * power) == pytest.approx(exact.loss[-1], rel=1e-4)


@pytest.mark.parametrize("power", [-10, -18, -20])
def test_those_within_it_are(power: int) -> None:
    data, net = small(power)
    t_end = 20.0 / 10.0 ** (2 * power)
    sol = pl.simulate(data, net, t_end, method="capture", rtol=1e-4, atol=1e-300)
    exact = pl.simulate(D, N, 20.0, method="flow", rtol=1e-9)
    assert sol.loss[-1] / 10.0 ** (4 * power) == pytest.approx(exact.loss[-1], rel=1e-4)


@pytest.mark.parametrize("power", [-38, -44, -60])
def test_nor_are_starts_that_single_precision_does_not_see(power: int) -> None:
    """They grow from there: at 1e-38 the loss was 20 times too large, and that was not told."""
    data, net = small(power, labels=False)
    sol = pl.simulate(data, net, 1000.0, method="capture", rtol=1e-3, atol=1e-300)
    assert (sol.status, sol.t[-1]) == (pl.Status.NON_FINITE, 0.0)
    auto = pl.simulate(data, net, 1000.0, rtol=1e-3, method="auto", atol=0.0)
    assert auto.loss[-1] == pytest.approx(
        pl.simulate(data, net, 1000.0, method="flow", rtol=1e-9).loss[-1], rel=1e-3
    )


def test_a_neuron_that_has_died_away_is_no_reason() -> None:
    """One without points stays as small as it is, whatever it is."""
    W, a = N.W.copy(), N.a.copy()
    data = pl.Dataset(np.abs(D.X), D.y)
    W[0] = -1e-60 * np.abs(W[0])
    a[0] = 1e-60
    sol = pl.simulate(data, pl.Network(W, a), 20.0, method="capture", rtol=1e-3)
    assert sol.status is pl.Status.HORIZON


@pytest.mark.parametrize("power", [-20, -30])
def test_inputs_whose_products_are_below_it_are_not_for_capture(power: int) -> None:
    c = 10.0**power
    sol = pl.simulate(pl.Dataset(c * D.X, D.y), N, 1.0, method="capture", rtol=1e-3)
    assert (sol.status, sol.t[-1]) == (pl.Status.NON_FINITE, 0.0)


@pytest.mark.parametrize(("n", "size"), [(6, 1e-18), (3, 1e-18)])
def test_a_loss_that_is_rounding_of_the_outputs_is_told_as_that(n: int, size: float) -> None:
    """Labels that are nothing beside the outputs' terms, which cancel: 2e-5 and 2e-4 were told of losses 150
    and 6 times too large."""
    d, p, seed = {6: (8, 6, 1), 3: (4, 3, 2)}[n]
    data, net = pl.data.sphere(n=n, d=d, seed=seed), pl.initial.asymmetric(p=p, d=d, seed=seed + 1)
    told = []
    for labels in (size, 1e-2):
        small_labels = pl.Dataset(data.X, labels * data.y)
        sol = pl.simulate(small_labels, net, 3000.0, method="capture", rtol=1e-3, atol=1e-300)
        told.append(sol.stats["loss_error"])
    assert told[0] > 0.1
    assert told[1] < 1e-3  # of labels that count it is not
