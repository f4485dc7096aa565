"""The statements of the paper, executable: docstrings state claim, hypotheses, constants and source.

Lemma 2 is `metrics.average_pl`; Lemma 7, corrected, is `metrics.pl_lower_bound` and `metrics.pl_upper_bound`.
`pl-native check` holds each statement against simulations (`pl_native.experiments.statements`).
"""

from pl_native import model
from pl_native.theory.assumptions import (
    Hypotheses,
    Sides,
    assumption_1,
    assumption_2,
    corollary_1_width,
    dimension_constant,
    small_initial_loss,
    theorem_1_hypotheses,
    theorem_1_width,
)
from pl_native.theory.closed_form import (
    GroupSolution,
    GroupStart,
    group_closed_form,
    group_limit,
    group_norm_as_printed,
    group_start,
    printed_excess,
)
from pl_native.theory.conjecture import (
    final_pl,
)
from pl_native.theory.counterexamples import (
    Branch,
    collapse_example,
    collapse_expected,
    kink_branch,
)
from pl_native.theory.extinction import (
    Extinction,
    extinction,
    extinction_condition,
    extinction_time,
)
from pl_native.theory.frozen import (
    FrozenFlow,
    Spectrum,
    frozen_flow,
)
from pl_native.theory.group_curvature import (
    GroupCurvatureBounds,
    group_curvature_bounds,
    group_exponent,
    group_size,
)
from pl_native.theory.initialisation import (
    Chance,
    insufficient_width,
    parallel_probability,
    product_form,
    sufficient_width,
    union_bound,
    well_initialised_average,
    well_initialised_probability,
)
from pl_native.theory.invariants import (
    euler_drift,
    keeps_sign,
    rescaled,
)
from pl_native.theory.laws import (
    Law,
    law,
    psi1_norm,
)
from pl_native.theory.orthogonal import (
    Pairs,
    dead_point_bound,
    growth_bounds,
    live_pairs,
    pl_upper_bound_orthogonal,
    settled,
)
from pl_native.theory.overlays import (
    Overlay,
    overlay,
    transition_times,
)
from pl_native.theory.pattern import (
    Pattern,
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
from pl_native.theory.rates import (
    pl_upper_bound_printed,
    preactivation_floor,
    rate_after_criterion,
    theorem_1_constant,
    theorem_1_lower_bound,
)
from pl_native.theory.start import (
    StartCurvature,
    expected_matrix,
    start_curvature,
)
from pl_native.theory.verification import (
    Verification,
    VerificationError,
    verify,
)

model.offer(
    {
        "rate_after_criterion": rate_after_criterion,
        "theorem_1_lower_bound": theorem_1_lower_bound,
    }
)

__all__ = [
    "Branch",
    "Chance",
    "Extinction",
    "FrozenFlow",
    "GroupCurvatureBounds",
    "GroupSolution",
    "GroupStart",
    "Hypotheses",
    "Law",
    "Overlay",
    "Pairs",
    "Pattern",
    "Sides",
    "Spectrum",
    "StartCurvature",
    "Verification",
    "VerificationError",
    "assumption_1",
    "assumption_2",
    "collapse_example",
    "collapse_expected",
    "corollary_1_width",
    "dead_point_bound",
    "dimension_constant",
    "euler_drift",
    "expected_matrix",
    "extinction",
    "extinction_condition",
    "extinction_time",
    "final_pl",
    "fraction_time",
    "frozen_flow",
    "group_closed_form",
    "group_curvature_bounds",
    "group_exponent",
    "group_limit",
    "group_norm_as_printed",
    "group_size",
    "group_start",
    "growth_bounds",
    "insufficient_width",
    "keeps_sign",
    "kink_branch",
    "law",
    "limit_loss",
    "live_pairs",
    "overlay",
    "parallel_probability",
    "pl_upper_bound_orthogonal",
    "pl_upper_bound_printed",
    "preactivation_floor",
    "printed_excess",
    "product_form",
    "psi1_norm",
    "rate_after_criterion",
    "rescaled",
    "rescaled_loss",
    "settled",
    "small_initial_loss",
    "staircase",
    "start_curvature",
    "sufficient_width",
    "theorem_1_constant",
    "theorem_1_hypotheses",
    "theorem_1_lower_bound",
    "theorem_1_width",
    "time_unit",
    "transition_time",
    "transition_times",
    "union_bound",
    "verify",
    "well_initialised_average",
    "well_initialised_probability",
    "window",
    "window_as_printed",
]
