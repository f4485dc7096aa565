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
    Index held = 0;                 // out: points that slide, one of a line; they are independent

    // Points of one line of inputs are at their kink together; `line` -1: this one is there alone.
    void add(int point, const double* x, double e, Mode mode, int line = -1, double ratio = 1.0) {
        points.push_back({point, x, e, mode, 0.0, line, ratio});
    }
    // `noise`: what v is known to. False if the rule found no end: what comes out is then a guess, complete
    // in itself.
    bool settle(double noise);
    // As steps have it, who know no lines: where one with opposite inputs slides, the share of one pair that
    // attracts balances what the others push and that of the opposite one is 0.
    void one_of_each_line();
};

}  // namespace pl
