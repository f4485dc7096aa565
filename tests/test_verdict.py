"""The three outcomes of a run, for every experiment."""

from __future__ import annotations

import pytest

from pl_native._problem import Status
from pl_native.experiments import verdict
from pl_native.experiments.verdict import Outcome, Tally, by_horizon, of_flow
from pl_native.stats import clopper_pearson

LEVEL = 0.01


def row(status, loss):
    return {"id": "x", "status": status, "loss_end": loss, "criterion_level": LEVEL, "stop_loss": LEVEL}


def test_only_a_proof_or_a_loss_that_is_there_decides_about_the_flow():
    for status in (*Status.__members__, "TRAPPED"):
        far, there = of_flow(row(status, 0.5 * LEVEL)), of_flow(row(status, 1e-6 * LEVEL))
        if status == "CONVERGED":
            assert (far, there) == (Outcome.CONVERGED, Outcome.CONVERGED)
        elif status in ("TRAPPED", "DEAD_POINT"):
            assert (far, there) == (Outcome.NOT_CONVERGED, Outcome.NOT_CONVERGED)
        else:  # STALLED, HORIZON, CRITERION, TARGET, ...
            assert (far, there) == (Outcome.UNDECIDED, Outcome.CONVERGED)
    assert of_flow(row("TARGET", 1.01e-6 * LEVEL)) is Outcome.UNDECIDED
    assert verdict.FOLLOWED == 1e-6
    with pytest.raises(TypeError, match="row x: expected a number in criterion_level, got None"):
        of_flow(row("HORIZON", LEVEL) | {"criterion_level": None})


def test_the_convention_is_answered_by_whoever_got_to_the_horizon():
    assert by_horizon(row("TARGET", LEVEL)) is Outcome.CONVERGED
    for status in ("HORIZON", "UNSTABLE", "NON_FINITE", "STALLED"):
        assert by_horizon(row(status, 1.01 * LEVEL)) is Outcome.NOT_CONVERGED
    for status in ("WALL_TIME", "STEP_LIMIT", "SWITCH_LIMIT"):
        assert by_horizon(row(status, 1.01 * LEVEL)) is Outcome.UNDECIDED
        assert by_horizon(row(status, LEVEL)) is Outcome.CONVERGED


def test_undecided_runs_widen_the_interval_to_both_sides():
    tally = Tally.of([Outcome.CONVERGED] * 5 + [Outcome.NOT_CONVERGED] * 2 + [Outcome.UNDECIDED] * 3)
    assert str(tally) == "5 converged, 2 not converged, 3 undecided"
    share = tally.share()
    assert (share.successes, share.trials) == (5, 7)
    assert share.interval.low == clopper_pearson(5, 10).interval.low
    assert share.interval.high == clopper_pearson(8, 10).interval.high
    decided = Tally(5, 2, 0).share()
    assert decided.interval == clopper_pearson(5, 7).interval
    assert str(Tally(0, 1, 0)) == "1 not converged"
    none = Tally(0, 0, 3).share()
    assert (none.interval.low, none.interval.high) == (0.0, 1.0)
