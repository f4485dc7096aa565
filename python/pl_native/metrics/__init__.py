"""Metrics of one state or many: curvature, pattern, neurons, spectra.

Every metric takes `(data, where)`. `where` is a `Network`, a `Solution` that kept its states
(`Save(states=True)`), or a sequence of either.
What is returned has the leading axes (), (m,), (e,) or (e, m): saved times m, members of an ensemble e.
"""

from __future__ import annotations

from pl_native import model
from pl_native.metrics.curvature import (
    average_pl,
    local_pl_from_matrix,
    pl_low,
    pl_lower_bound,
    pl_matrix,
    pl_upp,
    pl_upper_bound,
)
from pl_native.metrics.flow import (
    Modes,
    active,
    grad_norm,
    invariant,
    local_pl,
    loss,
    modes,
    n_active,
    n_sliding,
    outputs,
    preactivations,
    residual,
    velocity,
    velocity_sq,
)
from pl_native.metrics.neurons import (
    alignment,
    angles,
    correct_neurons,
    dead_points,
    effective_rank,
    largest_correct,
    live_neurons,
    neuron_norms,
    well_initialised,
    wrong_pairs,
)
from pl_native.metrics.spectra import (
    Extremes,
    frozen_matrix,
    frozen_rates,
    spectrum,
    spectrum_extremes,
)
from pl_native.metrics.stack import States
from pl_native.metrics.where import states
from pl_native.model import gram, off

model.offer(
    {
        "correct_neurons": correct_neurons,
        "dead_points": dead_points,
        "effective_rank": effective_rank,
        "largest_correct": largest_correct,
        "live_neurons": live_neurons,
        "n_sliding": n_sliding,
        "neuron_norms": neuron_norms,
        "pl_low": pl_low,
        "pl_lower_bound": pl_lower_bound,
        "pl_upp": pl_upp,
        "pl_upper_bound": pl_upper_bound,
        "well_initialised": well_initialised,
        "wrong_pairs": wrong_pairs,
    }
)

__all__ = [
    "Extremes",
    "Modes",
    "States",
    "active",
    "alignment",
    "angles",
    "average_pl",
    "correct_neurons",
    "dead_points",
    "effective_rank",
    "frozen_matrix",
    "frozen_rates",
    "grad_norm",
    "gram",
    "invariant",
    "largest_correct",
    "live_neurons",
    "local_pl",
    "local_pl_from_matrix",
    "loss",
    "modes",
    "n_active",
    "n_sliding",
    "neuron_norms",
    "off",
    "outputs",
    "pl_low",
    "pl_lower_bound",
    "pl_matrix",
    "pl_upp",
    "pl_upper_bound",
    "preactivations",
    "residual",
    "spectrum",
    "spectrum_extremes",
    "states",
    "velocity",
    "velocity_sq",
    "well_initialised",
    "wrong_pairs",
]
