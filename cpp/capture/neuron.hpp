// One neuron's way through its kinks during a step: the pairs that switch, come to rest or are let go, solved
// together. Neurons do not see each other within a step, so each is a problem of its own.
#pragma once

#include <vector>

#include "kernel/kernel.hpp"

namespace pl {

// A pair that meets its kink in a step.
struct Touched {
    int point;
    double share;  // of the step's impulse that acts on the neuron, in [0, 1]
    double last;   // the same in the last piece of the step: the guess for the next step
    bool rests;    // held at z = 0 at the end of the step
};

// The inputs as the kinks see them: rows padded to `stride` (a multiple of 8) with zeros.
struct InputRows {
    const double *rows, *norm_sq;
    Index stride;
    const double* row(int i) const { return rows + i * stride; }
};

// A neuron during a step: w = w0 + scale g, with g = sum_i (share_i impulse_i) x_i.
struct NeuronPath {
    Index width;  // of w0 and g, zero-padded beyond d; may be less or more than the inputs' stride
    const double* w0;
    const double* z0;  // (n): at the start, exactly 0 for pairs at rest
    double* g;         // the drive under the shares given; out: under the shares found
    double scale;
};

class KinkSolver {
  public:
    explicit KinkSolver(InputRows inputs) : inputs_(inputs) {}

    // New shares of `touched`, the path cut into `pieces`, and the drive they give. 0 pieces: the instant,
    // for the velocity: z starts at z0 as recorded rather than where rounding and unfinished sweeps left it,
    // and the shares are solved to the end.
    void solve(std::vector<Touched>& touched, const NeuronPath& path, const double* impulse, int pieces);

  private:
    void gather(const std::vector<Touched>& touched, const NeuronPath& path, const double* impulse,
                int pieces);

    InputRows inputs_;
    std::vector<const double*> x_;
    std::vector<double> norm_sq_, base_, push_, z_, share_, mean_, drift_, g_, w0_;
    std::vector<unsigned char> rests_;
    std::vector<int> order_;
};

}  // namespace pl
