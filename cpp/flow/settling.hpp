// One neuron at an event: the points at its kinks, and the modes that the rule selects there. It is said to
// whoever holds the neuron's state; nothing is changed but the basis of what it slides on.
#pragma once

#include <vector>

#include "flow/events.hpp"
#include "problem/kink.hpp"

namespace pl {

// A pair whose multiplier has left [0, 1]: the mode to start from.
struct Forced {
    int point;
    Mode mode;
};

struct NeuronAtEvent {
    int neuron;
    const double* w;         // zero-padded to in.stride(), as is
    const double* gradient;  // sum of r_i x_i over the points on
    const double* r;         // (n)
    const Mode* modes;       // (n)
    double sign;             // of a_j
};

// The points at the kink: those slid on, those that caused the event, and of `near` those at rest there. A
// pair just leaving upwards on a repelling kink has chosen already.
std::vector<int> kink_set(const Inputs& in, const Noise& noise, const NeuronAtEvent& at_event,
                          const KinkBasis& slide, const std::vector<int>& near,
                          const std::vector<int>& crossed, const std::vector<Forced>& forced);

// The modes selected on that set; `slide` then holds those slid on.
std::vector<KinkPoint> settled(const Inputs& in, const Noise& noise, const NeuronAtEvent& at_event,
                               const std::vector<int>& set, const std::vector<Forced>& forced,
                               KinkBasis& slide);

}  // namespace pl
