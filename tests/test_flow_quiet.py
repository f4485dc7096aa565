"""Neurons too small for the residuals to see are followed on their own. Dense output is of one step for all:
a run that asks for it is the same run without."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from flow_support import assert_goes_on_alike, switch_times

pytest.importorskip("pl_native._core")

Problem = tuple[pl.Dataset, pl.Network]


def all_small(scale: float = 1e-20) -> Problem:
    return pl.data.sphere(n=20, d=12, seed=1), pl.initial.balanced(p=10, d=12, seed=2, scale=scale)


def some_small() -> Problem:
    """Half of the neurons move the residuals, the others follow them."""
    data, net = pl.data.sphere(n=20, d=12, seed=3), pl.initial.asymmetric(p=10, d=12, seed=4)
    size = np.where(np.arange(10) % 2 == 0, 1.0, 1e-14)
    return data, pl.Network(net.W * size[:, None], net.a * size)


def both(problem: Problem, t_end: float, **options: Any) -> tuple[pl.Solution, pl.Solution]:
    alone = pl.simulate(*problem, t_end, method="flow", save=pl.Save(count=9, switches=True), **options)
    save = pl.Save(count=9, switches=True, dense=True)
    return alone, pl.simulate(*problem, t_end, method="flow", save=save, **options)


@pytest.mark.parametrize("rtol", [1e-6, 1e-9])
@pytest.mark.parametrize("make", [all_small, some_small])
def test_they_go_through_the_same_events(make: Any, rtol: float) -> None:
    alone, together = both(make(), 30.0, rtol=rtol)
    assert alone.stats["events"] > 40
    assert alone.stats["steps"] < 0.8 * together.stats["steps"]
    mine, theirs = switch_times(alone), switch_times(together)
    assert Counter({k: len(v) for k, v in mine.items()}) == Counter({k: len(v) for k, v in theirs.items()})
    for key, times in mine.items():
        assert times == pytest.approx(theirs[key], rel=100 * rtol, abs=100 * rtol)
    assert alone.switches is not None
    assert np.all(np.diff(alone.switches.t) >= 0)
    assert abs(alone.stats["events"] - together.stats["events"]) <= 2  # two at one instant are one, or not
    for name in ("on", "off", "slide_in", "slide_to_on", "slide_to_off", "repelling"):
        assert alone.stats[name] == together.stats[name], name


@pytest.mark.parametrize("rtol", [1e-6, 1e-9])
@pytest.mark.parametrize("make", [all_small, some_small])
def test_they_end_where_they_did(make: Any, rtol: float) -> None:
    """Each to the tolerance of its own size, while they are small and once they are not."""
    for t_end in (8.0, 30.0):
        alone, together = both(make(), t_end, rtol=rtol)
        off = np.hypot(
            np.linalg.norm(alone.network.W - together.network.W, axis=1), alone.network.a - together.network.a
        )
        size = np.hypot(np.linalg.norm(together.network.W, axis=1), together.network.a)
        assert np.max(off / size) < 30 * rtol
        assert np.allclose(alone.loss, together.loss, rtol=30 * rtol, atol=0)


@pytest.mark.parametrize("make", [all_small, some_small])
def test_a_run_that_goes_on_is_the_single_run(make: Any) -> None:
    assert_goes_on_alike(make(), 4.5, 20.0, "zero_neuron")


def test_they_escape() -> None:
    """From 1e-20 to loss 0, past the size at which the residuals see them."""
    data = pl.data.sphere(n=8, d=12, seed=1)
    reduced = pl.reduce(data, pl.initial.balanced(p=10, d=12, seed=2, scale=1e-20))
    sol = pl.simulate(reduced.data, reduced.network, 800.0, method="flow")
    assert sol.loss[-1] < 1e-20
    assert sol.stats["steps"] < 500
