"""How close capture comes to the flow on twenty problems whose pairs slide, and what it tells of that."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import pl_native as pl
from capture_support import capture, flow, sliding, wide

pytest.importorskip("pl_native._core")

TIMES = np.linspace(0, 10, 21)
TOLERANCES = (1e-3, 1e-4, 1e-5)


@cache
def exact(seed: int) -> pl.Solution:
    return flow(*sliding(seed), 10.0, save=TIMES)


@cache
def captured(seed: int, rtol: float) -> pl.Solution:
    return capture(*sliding(seed), 10.0, save=TIMES, rtol=rtol)


@cache
def errors() -> Any:
    """(problem, tolerance): the largest true relative error of the loss over the saved times."""
    return np.array(
        [
            [np.abs(captured(seed, rtol).loss / exact(seed).loss - 1).max() for rtol in TOLERANCES]
            for seed in range(20)
        ]
    )


def test_pairs_slide_in_the_problems() -> None:
    assert np.median([exact(seed).stats["sliding_max"] for seed in range(20)]) >= 15
    for seed in range(20):
        assert captured(seed, 1e-4).stats["sliding_end"] >= 0.5 * exact(seed).stats["sliding_end"] - 2


def test_the_loss_tends_to_that_of_the_flow() -> None:
    found, median = errors(), np.median(errors(), axis=0)
    assert (found <= 2 * np.array(TOLERANCES)).all(), found / TOLERANCES
    assert (median <= 0.5 * np.array(TOLERANCES)).all(), median / TOLERANCES
    assert (np.diff(np.log(median)) < 0).all(), median
    cost = np.median([captured(seed, 1e-4).stats["rhs"] for seed in range(20)])
    assert cost < 700  # 516, of two meshes; a method of order 1 needs many times as many


def test_the_error_of_the_weights_falls_with_the_square_of_the_step() -> None:
    """Saved times end a step, and no tolerance asks for shorter ones. Pairs that switch only because others
    did are few, but without the second look at them the factor is 5."""
    factors = []
    for seed in range(12):
        data, net = sliding(seed)
        true = flow(data, net, 3.0).network.W
        off = [
            np.linalg.norm(capture(data, net, 3.0, rtol=10.0, atol=1.0, save=count).network.W - true)
            for count in (31, 121)
        ]
        factors.append(off[0] / off[1])
    assert np.exp(np.mean(np.log(factors))) > 9.0, np.sort(factors)  # 16 for order 2, 4 for order 1


def test_the_estimate_tells_the_true_error() -> None:
    """Within a factor of three, but for few of the 60 runs. The estimate is the largest over all steps, the
    truth over the saved times; true errors at rounding level say nothing."""
    said = np.array([[captured(s, rtol).stats["loss_error"] for rtol in TOLERANCES] for s in range(20)])
    ratio = (said / errors())[errors() > 1e-12]
    assert (said <= TOLERANCES).all()
    assert len(ratio) > 50
    assert np.mean(ratio > 1 / 3) >= 0.95, np.sort(ratio)
    assert np.mean((ratio > 1 / 3) & (ratio < 3)) >= 0.9, np.sort(ratio)
    assert 0.8 < np.median(ratio) < 2, np.sort(ratio)


@pytest.mark.parametrize("seed", range(20))
def test_the_loss_never_rises_and_lemma_1_holds(seed: int) -> None:
    for rtol in TOLERANCES:
        sol = captured(seed, rtol)
        assert (np.diff(sol.loss) <= 0).all()
        assert np.abs(sol.invariant_drift).max() < 1e-12
        assert sol.t[-1] == 10.0


def test_local_pl_is_that_of_the_velocity_taken() -> None:
    """While pairs slide the masks give another one (paper.md section 2)."""
    gaps = np.array(
        [np.abs(captured(s, 1e-5).local_pl / exact(s).local_pl - 1) for s in range(20)]
    )  # a switch may be on the other side of a saved time
    assert np.median(gaps) < 1e-3
    assert np.quantile(gaps, 0.9) < 2e-2


def test_a_run_that_misses_its_tolerance_begins_again() -> None:
    long = [capture(*wide(seed), 40.0, rtol=1e-2) for seed in range(3)]
    assert sum(sol.stats["restarts"] for sol in long) > 0
    assert all(sol.stats["loss_error"] <= 1e-2 for sol in long)
    within = [captured(s, r).stats["loss_error"] <= r for s in range(20) for r in TOLERANCES]
    assert all(within)


@pytest.mark.parametrize("seed", [1, 2])
def test_local_pl_at_a_row_is_not_of_fast_modes(seed: int) -> None:
    """What the kinks of long steps put into fast modes, nothing to the loss, raised it to 0.134 for 0.018."""
    data, net = pl.data.sphere(300, 30, seed=seed), pl.initial.asymmetric(31, 30, seed=seed + 1)
    sol = capture(data, net, 2 * pl.horizon(300, 31), rtol=0.1)
    settled = flow(data, sol.network, 5.0, rtol=1e-6).local_pl[-1]
    assert sol.local_pl[-1] == pytest.approx(settled, rel=0.05)
