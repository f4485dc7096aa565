"""The statements of the paper, executable: docstrings state claim, hypotheses, constants and source.

Lemma 2 is `metrics.average_pl`; Lemma 7, corrected, is `metrics.pl_lower_bound` and `metrics.pl_upper_bound`.
`pl-native check` holds each statement against simulations (`pl_native.experiments.statements`).
"""

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
from pl_native.theory.group_flow import GroupSolution, group_closed_form
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
from pl_native.theory.invariants import euler_drift, keeps_sign, rescaled
from pl_native.theory.laws import Law, law, psi1_norm
from pl_native.theory.rates import (
    pl_upper_bound_printed,
    preactivation_floor,
    rate_after_criterion,
    theorem_1_constant,
    theorem_1_lower_bound,
)
from pl_native.theory.start import StartCurvature, expected_matrix, start_curvature

__all__ = [
    "Chance",
    "GroupSolution",
    "Hypotheses",
    "Law",
    "Sides",
    "StartCurvature",
    "assumption_1",
    "assumption_2",
    "corollary_1_width",
    "dimension_constant",
    "euler_drift",
    "expected_matrix",
    "group_closed_form",
    "insufficient_width",
    "keeps_sign",
    "law",
    "parallel_probability",
    "pl_upper_bound_printed",
    "preactivation_floor",
    "product_form",
    "psi1_norm",
    "rate_after_criterion",
    "rescaled",
    "small_initial_loss",
    "start_curvature",
    "sufficient_width",
    "theorem_1_constant",
    "theorem_1_hypotheses",
    "theorem_1_lower_bound",
    "theorem_1_width",
    "union_bound",
    "well_initialised_average",
    "well_initialised_probability",
]
