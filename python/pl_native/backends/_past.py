"""What a run of Euler that goes on has to know of its past, in the backends written in Python."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pl_native._base.checks import Array
from pl_native.backends.contract import Resume


@dataclass(slots=True)
class History:
    """What a run that goes on has to know of its past, beside the state at step `at`: `EulerRun.resume`."""

    invariants: Array
    """(p,) float64: a_j^2 - norm(w_j)^2 at the very start"""
    at: int = 0
    loss_start: float = math.inf
    loss_least: float = math.inf
    try_below: float = math.inf
    """sum_i r_i^2 for the next attempt at a proof"""
    largest_rate: float = -1.0
    """where stop.stall is watched for: the largest rate of a neuron seen so far; negative: none yet"""
    rate_due: float = 0.0
    """the time from which it is looked at again"""
    rises: int = 0
    first_rise: int | None = None
    criterion_step: int | None = None
    proved_step: int | None = None


def history_of(resume: Resume) -> History:
    """ValueError for a record that is not ours."""
    try:
        return History(**resume)
    except TypeError as error:
        raise ValueError(f"resume: expected the record of a run of Euler ({error})") from None
