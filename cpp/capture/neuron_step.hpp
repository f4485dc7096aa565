// One neuron during a step, as views. Neurons do not see each other within one, so whatever a step does at
// kinks it does to one of these: crossings.hpp finds the pairs that it meets and follows them, resting.hpp
// puts it on the kinks at which it ends.
#pragma once

#include <vector>

#include "capture/neuron.hpp"
#include "kernel/index.hpp"
#include "problem/parallel_inputs.hpp"

namespace pl {

struct NeuronStep {
    Index j, d, stride;
    const double *w, *z;            // at the start: (stride), (ldz)
    double *next, *z_next;          // at the end, so far
    double* g;                      // what drives it under the shares so far, (stride)
    double outer;                   // a_j at the start
    double factor;                  // abar_j / n: w moves by so much of g
    const double *impulse, *early;  // (n); were the residuals to stay
    std::vector<Touched>& met;      // the pairs that it has met, those that it rested at first
    InputRows inputs;
    const double* norms;  // (n) of the inputs
    const ParallelInputs& lines;
    bool lattice = false;  // CaptureInputs::lattice

    double push(const Touched& pair) const { return factor * impulse[pair.point]; }
    // The pair met of that point; null if there is none.
    const Touched* find(int point) const {
        for (const Touched& pair : met)
            if (pair.point == point) return &pair;
        return nullptr;
    }
    // That of an opposite input: both are at their kink at once.
    const Touched* opposite(const Touched& pair) const {
        return lines.two_sided(pair.point) ? find(lines.opposite(pair.point)) : nullptr;
    }
    // On the way a_j passes 0, and what attracted repels.
    bool turns() const { return outer * factor < 0.0; }
    // Where g leads.
    void move() const {
        for (Index k = 0; k < stride; ++k) next[k] = w[k] + factor * g[k];
    }
    // The pair acts for another share of the step: g follows, w does not.
    void give(Touched& pair, double share) const {
        const double by = (share - pair.share) * impulse[pair.point];
        const double* x = inputs.row(pair.point);
        for (Index k = 0; k < d; ++k) g[k] += by * x[k];
        pair.share = share;
    }
};

// The mean of a_j over a step in which g drives w_j one way, as it does where neither a residual nor a part
// of a pair changes much: w_j and a_j then grow by hyperbolic functions of the drive's length, exactly.
double mean_outer_weight(const double* w, const double* g, double a, Index d, Index n);

}  // namespace pl
