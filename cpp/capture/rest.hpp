// One neuron at its kinks in double precision, by the one rule that decides on, sliding, off
// (problem/kink.hpp). Of a velocity: v under the shares of this instant. Of the end of a step: the weights
// under mean shares, as w_j + sum_i phi_i x_i is to v what w_j is to its gradient.
#pragma once

#include <vector>

#include "kernel/index.hpp"
#include "problem/kink.hpp"

namespace pl {

struct AtRest {
    std::vector<KinkPoint> points;  // in: point, x, e = push of the whole pair, mode to start from; out: mode
    std::vector<double> v;          // (d) in: without these points; out: with what acts of them
    std::vector<double> share;      // out, one per point: 0 off, 1 on, within where it slides
    Index held = 0;                 // out: points that slide; they are independent

    void add(int point, const double* x, double e, Mode mode) { points.push_back({point, x, e, mode, 0.0}); }
    // `noise`: what v is known to. False if the rule found no end: nothing but the modes has then changed.
    bool settle(double noise);
};

}  // namespace pl
