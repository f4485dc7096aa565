// What an event does to a neuron of a cell: its modes are selected anew. It is said to whoever moves it to
// the cell of those, now or at the end of a step.
#pragma once

#include <vector>

#include "flow/cells.hpp"
#include "flow/settling.hpp"
#include "flow/tally.hpp"

namespace pl {

struct CellNeuron {
    double t;
    int neuron;
    std::vector<double> v;  // (d + 1)
    CellPattern pattern;    // `sign` is known where they slide
    // A pair rests at its kink because others slide, or between opposite points: its events are looked for
    // on the neurons only.
    bool degenerate = false;
    bool gone = false;  // w_j is 0 from here on
};

bool at_zero(const Noise& noise,
             const CellNeuron& neuron);  // w_j is 0 to rounding: there is nothing to select

// sum_{i on} r_i x_i, zero-padded, before any projection.
void gradient_of(const Inputs& in, const std::vector<Mode>& modes, const double* r, std::vector<double>& g);

// What `settle` works with, which may be used again.
struct SettlingSpace {
    explicit SettlingSpace(const Inputs& in);

    std::vector<double> w, g;    // zero-padded
    const std::vector<int> all;  // the points
};

struct SettlingAt {
    const Inputs& in;
    const Noise& noise;
    const double* r;  // (n) residuals
    SettlingSpace& space;
};

// The neuron after the event; what changes is told to `tally`.
void settle(const SettlingAt& here, const Cause& cause, CellNeuron& at_event, Tally& tally);

}  // namespace pl
