// Whether the flow has come to rest, as far as double precision tells: what is left of the velocity, or of
// the loss, is rounding. Steps from there would follow rounding, at the price of the fastest mode, and raise
// the loss by what they add of it.
#pragma once

#include "flow/jets.hpp"

namespace pl {

// At time t, the jets holding the state with its velocity. At rest is a state
// - whose every residual is rounding, and its loss no more than Recorder says is shown of it; or
// - whose neurons are all pushed by no more than the rounding of their sums sum_{i on} r_i x_i, while the
// loss
//   has not fallen by a part in 10^16 for as long as the run has lasted, at its rate there.
// Of each neuron relative to its own size: one that is small and grows, or shrinks for ever, is not at rest.
// Those that stand still in the jets (quiet.hpp) are not asked: they are followed alone.
bool at_rest(const Inputs& inputs, const Pairs& pairs, const Jets& jets, double t);

// sum r^2 at or below which the loss is shown as rounding.
double shown_sq(const Inputs& inputs, const Jets& jets);

}  // namespace pl
