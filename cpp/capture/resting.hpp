// The end of a neuron's step in double precision, beyond what shares in single precision leave: pairs at rest
// are put on their kinks, and those that are off or on by no more than single precision knows are decided
// again, under mean shares within [0, 1] (rest.hpp).
#pragma once

#include "capture/neuron_step.hpp"
#include "kernel/index.hpp"

namespace pl {

// Whether the neuron does nothing in the step but rest at all the kinks that it has met. Then it is put on
// them. Single precision would let pairs go if the step is long.
bool stays(const NeuronStep& step);

// Whether it rests, so far, at all the kinks that it has met.
bool all_rest(const NeuronStep& step);

// Whether its end is to be put right: where the run is at rest or a row is wanted (`wanted`), or the neuron
// may have come to 0. Not of a step that has met many more than it can rest at.
bool ends_exactly(const NeuronStep& step, bool wanted);

// Puts it right. `still`: the run is at rest, where the sweeps over shares leave more undone.
void end_at_rest(const NeuronStep& step, bool still);

// A pair whose opposite one rests is off, whatever side rounding has it on.
void keep_sides(const NeuronStep& step);

// What is at its kink to rounding without having been put there rests too: a pair that depends on others at
// rest, or one that ends there with its whole share, or none. r (n) and masks (blocks, p) are those of the
// start.
void join(const NeuronStep& step, const double* r, const Word* masks, Index n, Index p);

}  // namespace pl
