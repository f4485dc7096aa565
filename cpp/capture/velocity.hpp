// The velocity that the inclusion selects at a state of dense inputs: shares of this instant, not of a step.
#pragma once

#include <vector>

#include "capture/dense_state.hpp"
#include "capture/inputs.hpp"
#include "kernel/index.hpp"

namespace pl {

struct Velocity {
    double sq = 0;                  // sum_j norm(dw_j/dt)^2 + (da_j/dt)^2
    std::vector<double> rate;       // (p): da_j/dt
    std::vector<PairAtKink> kinks;  // the pairs at z_ji = 0 and all of their lines, by neuron
    std::vector<PairAtKink> near;   // those that are not at 0, but within rounding of it
    Index on_at_kinks = 0;          // how many more of them are on than the masks say
};

// G (p, stride), in: what drives each neuron by the pairs that are on, for the residuals; out: what drives
// it. The shares of pairs at rest become those of this instant.
Velocity selected_velocity(DenseState& state, const CaptureInputs& inputs, double* G, int threads);

// What each neuron moves by under it; G as it left it.
NeuronMotion motion_of(const Velocity& velocity, const DenseState& state, const double* G);

// g (stride) of neuron j with all its pairs at rest held, whatever share of their push that takes: the
// pattern that K stands for (frozen.hpp). A pair that takes more than there is goes in the step.
void hold(DenseState& state, const CaptureInputs& inputs, Index j, double* g);

}  // namespace pl
