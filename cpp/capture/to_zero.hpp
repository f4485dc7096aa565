// Whether a neuron comes to w_j = 0 on its way through a step, where the rule keeps it (paper.md section 2).
// Its path under the step's straight impulse is followed once more, in double precision and by the one rule
// that decides on, sliding, off: in single precision it would pass 0 by rounding, and leave it on some other
// side.
#pragma once

#include <vector>

#include "capture/neuron_step.hpp"
#include "kernel/index.hpp"

namespace pl {

// Whether the step, so far, has turned the neuron by so much that it may have been at 0: hardly one does.
bool has_turned(const NeuronStep& step);

// `on` (n): whether pair i is on at the start; `held`: those that then rest at their kinks.
bool comes_to_zero(const NeuronStep& step, const std::vector<unsigned char>& on,
                   const std::vector<Touched>& held);

// Then it is put there.
void put_to_zero(const NeuronStep& step);

}  // namespace pl
