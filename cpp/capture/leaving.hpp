// A neuron at rest between opposite inputs, off at both: no push acts at z = 0, but on either side one does.
// It leaves when both come to push one way (docs/numerics.md, "Kinks").
#pragma once

#include <vector>

#include "capture/dense_state.hpp"
#include "capture/inputs.hpp"

namespace pl {

struct Leaving {
    Index neuron;
    double rest;  // of the step, in which it has left: residuals are taken to change evenly
};

// Those that leave in the step from `before` to `after`, where they still are at rest.
std::vector<Leaving> leaving(const DenseState& before, const DenseState& after, const CaptureInputs& inputs);

// Of a neuron that leaves, as the rule has its pairs, the way in the step of length h of those that have come
// on: on either side of their lines none rests any more.
void send_off(const Leaving& one, const DenseState& before, double h, const CaptureInputs& inputs,
              DenseState& after);

}  // namespace pl
