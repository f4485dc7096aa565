"""Statements of the paper as functions, each with its claim, hypotheses, constants and source."""

from pl_native.theory.closed_form import (
    GroupSolution,
    GroupStart,
    group_closed_form,
    group_limit,
    group_norm_as_printed,
    group_start,
    printed_excess,
)
from pl_native.theory.group_curvature import (
    GroupCurvatureBounds,
    group_curvature_bounds,
    group_exponent,
    group_size,
)
from pl_native.theory.phase_transition import (
    fraction_time,
    limit_loss,
    rescaled_loss,
    staircase,
    time_unit,
    transition_time,
    window,
    window_as_printed,
)

__all__ = [
    "GroupCurvatureBounds",
    "GroupSolution",
    "GroupStart",
    "fraction_time",
    "group_closed_form",
    "group_curvature_bounds",
    "group_exponent",
    "group_limit",
    "group_norm_as_printed",
    "group_size",
    "group_start",
    "limit_loss",
    "printed_excess",
    "rescaled_loss",
    "staircase",
    "time_unit",
    "transition_time",
    "window",
    "window_as_printed",
]
