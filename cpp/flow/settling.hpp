// One neuron at an event: the points at its kinks, the modes that the rule selects there, and its weights on
// those that it slides on. It is said to whoever holds the neuron's state, alone or in a cell.
#pragma once

#include <vector>

#include "flow/events.hpp"
#include "flow/noise.hpp"
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

// The sign of a_j, where that is 0 of where it goes; 0: it stays.
double sign_of(double a, double slope);

// What the event is about: points at their kinks, and pairs that are let go.
struct Cause {
    std::vector<int> crossed;
    std::vector<Forced> forced;
};

struct Settled {
    std::vector<KinkPoint> points;  // at its kinks, with the modes selected
    bool dependent;                 // some of their inputs are parallel
    bool gone;                      // w_j is 0 from here on
};
// `near`: the points that may be at rest at their kinks. `slide`, of what was slid on, then is of what is; so
// is w (d), the neuron's weights, on those kinks.
Settled settled(const Inputs& in, const Noise& noise, const NeuronAtEvent& at_event,
                const std::vector<int>& near, const Cause& cause, KinkBasis& slide, double* w);

}  // namespace pl
