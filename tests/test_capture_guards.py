"""What guards a run of the capture method: the loss of a step never rises, and a run that turns out less
accurate than was asked begins again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pl_native as pl
from capture_support import capture, sliding

pytest.importorskip("pl_native._core")

NEVER = 1e9  # an absolute tolerance that no error of the loss exceeds: no run begins again


def losses_step_by_step(seed: int) -> tuple[Any, pl.Solution]:
    """The loss after 0, 1, 2, ... coarse steps at a loose tolerance, and the whole run. Saved times would cut
    the steps; a limit on their number does not."""
    data, net = sliding(seed)
    whole = capture(data, net, 40.0, rtol=0.1, atol=NEVER)
    limits = range(0, whole.stats["steps"] + 1, 2)
    parts = [
        capture(data, net, 40.0, rtol=0.1, atol=NEVER, stop=pl.Stop(max_steps=limit)) for limit in limits
    ]
    return np.array([part.loss[-1] for part in parts]), whole


@pytest.mark.parametrize("seed", [3, 5, 6, 8])
def test_a_step_that_would_raise_the_loss_is_halved(seed: int) -> None:
    """Taken as they are, steps would raise it severalfold in most of these problems."""
    losses, whole = losses_step_by_step(seed)
    assert (losses[1:] <= losses[:-1] * (1 + 1e-11)).all(), losses
    assert losses[-1] == whole.loss[-1]
    assert whole.stats["rejected"] > 0


@pytest.mark.parametrize("rtol", [1e-2, 1e-3])
def test_a_run_that_misses_its_tolerance_begins_again(rtol: float) -> None:
    """Two runs that differ in nothing but whether they may."""
    times, missed = np.array([0.0, 10.0, 40.0]), 0
    for seed in range(12):
        data, net = sliding(seed)
        options = {"rtol": rtol, "save": times}
        once = capture(data, net, 40.0, atol=NEVER, **options)
        sol = capture(data, net, 40.0, atol=1e-300, **options)
        assert once.stats["restarts"] == 0
        assert (sol.stats["restarts"] > 0) == (once.stats["loss_error"] > rtol)
        assert (
            sol.stats["loss_error"] <= rtol or sol.stats["restarts"] == 4
        )  # no run begins more than five times
        assert (sol.t == times).all()  # the rows of the last attempt alone
        if sol.stats["restarts"] > 0:
            missed += 1
            # of all attempts, the first of which ended where it missed
            assert sol.stats["rhs"] > once.stats["rhs"] / 2
            assert sol.loss[0] == once.loss[0]
        else:
            assert (sol.loss == once.loss).all()
    assert missed > 0
