// Kinks that coincide for a neuron because it slides on others: x_i and x_k are parallel off the span of the
// inputs held, so that both are met in one instant, whatever the start. Where one attracts and the other
// repels it matters which is taken first, and single precision takes either. Such a neuron's way through the
// step is followed in double precision instead, by the rule at every event (rest.hpp). Inputs in general
// position have no such kinks: those of lattices are asked (for all, a step at n = 300 cost 3.5 times as
// much).
#pragma once

#include <vector>

#include "capture/neuron_step.hpp"

namespace pl {

// Whether the step, followed once, has met any, or began beside one.
bool meets_coinciding(const NeuronStep& step, bool began_beside);

// The pairs met as the rule has them on the whole way, and where it leads. `beside` takes those at their
// kinks at its end that nothing moves off them and that are not held. False, and nothing done: the rule found
// no end, or leads to w_j = 0.
bool follow_by_rule(const NeuronStep& step, std::vector<int>& beside);

// The pre-activations at its end of those beside: on their kinks, off or just on.
void put_beside(const NeuronStep& step, const std::vector<int>& beside);

}  // namespace pl
