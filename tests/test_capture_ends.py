"""Ends of runs of capture by a rule are reached as rows are: what long steps leave in fast modes is gone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import pl_native as pl
from capture_support import capture, flow
from pl_native import Status

pytest.importorskip("pl_native._core")


def drawn(n: int, d: int, p: int, seed: int) -> tuple[pl.Dataset, pl.Network]:
    return pl.data.sphere(n, d, seed=seed), pl.initial.torch_linear(p, d, seed=100 + seed)


def level(data: pl.Dataset) -> float:
    return float(np.min(data.y**2)) / (2 * data.n)


@pytest.mark.parametrize(
    ("size", "seed", "stop", "status"),
    [
        ((300, 30, 31), 0, pl.Stop(loss=1.7e-9), Status.TARGET),  # 1e-6 of the level of the criterion
        ((300, 30, 31), 1, pl.Stop(proof=True), Status.CONVERGED),
        ((300, 30, 31), 3, pl.Stop(criterion=True), Status.CRITERION),
        ((120, 10, 8), 2, pl.Stop(proof=True), Status.TRAPPED),
        ((120, 10, 8), 3, pl.Stop(stall=1e-6), Status.STALLED),
    ],
)
def test_local_pl_at_an_end_is_not_of_fast_modes(
    size: tuple[int, int, int], seed: int, stop: pl.Stop, status: Status
) -> None:
    """It was raised: 1.20 for 0.017 at the first, 0.25 for 0.017 at the second, 1e-8 for 8e-13 at last."""
    data, net = drawn(*size, seed)
    sol = capture(data, net, 1e5, rtol=1e-2, stop=stop)
    settled = flow(data, sol.network, 5.0, rtol=1e-8).local_pl[-1]
    assert sol.status is status
    assert sol.local_pl[-1] == pytest.approx(settled, rel=0.05)


def test_an_end_is_a_part_of_a_step_behind_where_its_rule_held() -> None:
    data, net = drawn(60, 20, 10, 0)
    stop = pl.Stop(loss=1e-5 * level(data))
    sol = capture(data, net, 1e5, rtol=0.2, stop=stop)
    counts = range(sol.stats["steps"] - 6, sol.stats["steps"])
    there = [capture(data, net, 1e5, rtol=0.2, stop=pl.Stop(max_steps=count)) for count in counts]
    before, after = next(pair for pair in itertools.pairwise(there) if pair[1].loss[-1] <= stop.loss)
    assert before.loss[-1] > stop.loss
    assert after.t[-1] < sol.t[-1] <= after.t[-1] + 0.21 * (after.t[-1] - before.t[-1])
    assert sol.stats["criterion_time"] == after.stats["criterion_time"]


def test_limits_do_not_cut_a_run_off_on_its_way_to_an_end() -> None:
    data, net = drawn(60, 20, 10, 0)
    loss = 1e-5 * level(data)
    sol = capture(data, net, 1e5, rtol=0.2, stop=pl.Stop(loss=loss))
    cut = capture(data, net, 1e5, rtol=0.2, stop=pl.Stop(loss=loss, max_steps=sol.stats["steps"] - 1))
    assert cut.status is Status.TARGET
    assert (cut.t[-1], cut.loss[-1]) == (sol.t[-1], sol.loss[-1])
