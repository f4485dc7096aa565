"""What guards a run of the capture method: the loss of a step never rises, and a run that turns out less
accurate than was asked begins again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl
from capture_support import capture, escaping, sliding, wide
from proving import start

pytest.importorskip("pl_native._core")


def once(data: pl.Dataset, net: pl.Network, t_end: float, *, rtol: float, **options: Any) -> pl.Solution:
    """A run that cannot begin again: it goes on from its start."""
    return capture(data, net, 0.0, rtol=rtol, atol=1e-300).extend(t_end, **options)


def losses_on_the_way(seed: int) -> tuple[Any, pl.Solution]:
    """The loss after some numbers of steps of a run that comes to rest, at a loose tolerance, and the whole
    run. Saved times would cut the steps; a limit on their number does not."""
    data, net = pl.data.sphere(60, 5, seed=seed), pl.initial.torch_linear(6, 5, seed=100 + seed)
    whole = once(data, net, 800.0, rtol=0.1)
    limits = np.unique(np.linspace(0, whole.stats["steps"], 40).astype(int))
    parts = [once(data, net, 800.0, rtol=0.1, stop=pl.Stop(max_steps=int(limit))) for limit in limits]
    return np.array([part.loss[-1] for part in parts]), whole


@pytest.mark.parametrize("seed", [0, 1])
def test_a_step_that_would_raise_the_loss_is_halved(seed: int) -> None:
    """Near rest pairs come and go at their kinks within a step: taken as they are, steps would raise the loss
    by a half."""
    losses, whole = losses_on_the_way(seed)
    assert (losses[1:] <= losses[:-1] * (1 + 1e-8)).all(), losses
    assert losses[-1] == whole.loss[-1]
    assert whole.stats["rejected"] > 0


@pytest.mark.parametrize("seed", [3, 5, 6, 8])
def test_no_step_of_a_fall_raises_the_loss(seed: int) -> None:
    """Step by step, where pairs slide but nothing is at rest."""
    data, net = sliding(seed)
    whole = once(data, net, 40.0, rtol=0.1)
    limits = range(whole.stats["steps"] + 1)
    losses = np.array(
        [once(data, net, 40.0, rtol=0.1, stop=pl.Stop(max_steps=limit)).loss[-1] for limit in limits]
    )
    assert (losses[1:] <= losses[:-1] * (1 + 1e-11)).all(), losses
    assert losses[-1] == whole.loss[-1]


@pytest.mark.parametrize(
    ("problem", "seeds", "rtol"),
    [(wide, (0, 1), 1e-2), (escaping, range(6, 12), 1e-3), (sliding, (0, 1), 1e-3)],
)
def test_a_run_that_misses_its_tolerance_begins_again(problem: Any, seeds: Any, rtol: float) -> None:
    """Two runs that differ in nothing but whether they may; on one mesh and on two."""
    times, missed = np.array([0.0, 10.0, 40.0]), 0
    for seed in seeds:
        data, net = problem(seed)
        single = once(data, net, 40.0, rtol=rtol, save=times[1:])
        sol = capture(data, net, 40.0, rtol=rtol, save=times, atol=1e-300)
        assert single.stats["restarts"] == 0
        assert (sol.stats["restarts"] > 0) == (single.stats["loss_error"] > rtol)
        assert sol.stats["loss_error"] <= rtol
        assert sol.stats["restarts"] <= 1  # the second attempt is at the tolerance that the first one found
        assert (sol.t == times).all()  # the rows of the last attempt alone
        if sol.stats["restarts"] > 0:
            missed += 1
            # of all attempts, the first of which ended where it missed
            assert sol.stats["rhs"] > single.stats["rhs"] / 2
            assert sol.loss[0] == single.loss[0]
        else:
            assert (sol.loss == single.loss).all()
    assert missed == {wide: 2, escaping: 1, sliding: 0}[problem]


def test_what_a_pair_at_rest_hid_is_no_rise_of_the_loss() -> None:
    """Inputs twice over: a pair that rests at 1e-3 of its kink is let go, and the loss shows what of its z
    had counted as 0, however short the step. 40 lengths were refused, and the next taken whatever it did."""
    data, net = start("duplicated", 1441795451)
    net = pl.Network(0.1 * net.W, 0.1 * net.a)
    sol = capture(data, net, 321.0, rtol=0.04)
    assert sol.status is pl.Status.HORIZON
    assert sol.stats["rejected"] <= 8
    assert sol.loss[-1] == pytest.approx(capture(data, net, 321.0, rtol=1e-6).loss[-1], rel=1e-6)


def test_branches_that_rounding_decides_are_told() -> None:
    """Of lattices: 4e-8 was told beside such a pass of 1e-17."""
    X = [[-2, 0], [0, -2], [0, -1], [1, 0], [-1, 2], [0, 2], [0, 1], [-1, 0]]
    data = pl.Dataset(np.array(X, dtype=float), np.array([-2.0, 1.0, 1.0, 2.0, -1.0, -2.0, 1.0, -1.0]))
    net = pl.Network(
        [[1.7118817459142885, 0.5611760631789066], [-0.21898667884718565, -1.0316538108632671]],
        [2.6346377118464748, 7.597969146526163],
    )
    sol = capture(data, net, 50.0, rtol=1e-5)
    assert sol.stats["closest_pass"] < 1e-15
    assert sol.stats["loss_error"] >= sol.stats["branch_scatter"] > 1e-4


def test_copies_of_other_labels_have_no_such_branches() -> None:
    """Each followed by itself, a pass of 1e-17 decided, and the flow was 5 % away."""
    base, net = pl.data.sphere(20, 6, seed=2), pl.initial.asymmetric(5, 6, seed=3)
    data = pl.Dataset(np.concatenate([base.X, base.X]), np.concatenate([base.y, np.roll(base.y, 3)]))
    sol = capture(data, net, 15.0, rtol=1e-5)
    assert sol.stats["closest_pass"] > 1e-6
    exact = pl.simulate(data, net, 15.0, method="flow", rtol=1e-9)
    assert sol.loss[-1] == pytest.approx(exact.loss[-1], rel=1e-5)
