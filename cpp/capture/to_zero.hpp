// Whether a neuron comes to w_j = 0 on its way through a step, where the rule keeps it (paper.md section 2).
// Its path under the step's straight impulse is followed once more, in double precision and by the one rule
// that decides on, sliding, off: in single precision it would pass 0 by rounding, and leave it on some other
// side.
#pragma once

#include "capture/neuron.hpp"
#include "kernel/index.hpp"
#include "kernel/kernel.hpp"

namespace pl {

struct WayOfNeuron {
    const InputRows& inputs;
    const double* norms;  // (n) of the inputs
    Index n, d;
    const double* w;        // (d) at the start
    const double* impulse;  // (n)
    double scale;           // abar_j / n
};

// `on`: whether pair i is on at the start; `held`: the points of the pairs that then rest at their kinks.
bool comes_to_zero(const WayOfNeuron& way, const std::vector<unsigned char>& on,
                   const std::vector<int>& held);

}  // namespace pl
