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
from pl_native.theory.conjecture import final_pl
from pl_native.theory.counterexamples import Branch, collapse_example, collapse_expected, kink_branch
from pl_native.theory.group_curvature import (
    GroupCurvatureBounds,
    group_curvature_bounds,
    group_exponent,
    group_size,
)
from pl_native.theory.orthogonal import (
    Extinction,
    Pairs,
    dead_points,
    extinction,
    extinction_time,
    growth_bounds,
    live_pairs,
    pl_upper_bound_orthogonal,
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
    "Branch",
    "Extinction",
    "GroupCurvatureBounds",
    "GroupSolution",
    "GroupStart",
    "Pairs",
    "collapse_example",
    "collapse_expected",
    "dead_points",
    "extinction",
    "extinction_time",
    "final_pl",
    "fraction_time",
    "group_closed_form",
    "group_curvature_bounds",
    "group_exponent",
    "group_limit",
    "group_norm_as_printed",
    "group_size",
    "group_start",
    "growth_bounds",
    "kink_branch",
    "limit_loss",
    "live_pairs",
    "pl_upper_bound_orthogonal",
    "printed_excess",
    "rescaled_loss",
    "staircase",
    "time_unit",
    "transition_time",
    "window",
    "window_as_printed",
]
