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

// A state is told by its numbers: a pair that is off there with z_ji > kNearKink norm(w_j) norm(x_i) would be
// on in a run that begins from them. Of a neuron that has shrunk to the rounding of what it was, such pairs
// are put on their kinks, w (d, on those of `slide`) by no more than that rounding. Whether w_j is 0 then.
bool put_off(const Inputs& in, const Noise& noise, int neuron, const std::vector<KinkPoint>& points,
             KinkBasis slide, double* w);

}  // namespace pl
