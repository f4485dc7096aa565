// One neuron's way through its kinks during a step: the pairs that switch, rest or slide, solved together.
#pragma once

#include <vector>

#include "kernel/kernel.hpp"

namespace pl {

// A pair that meets its kink in a step.
struct Touched {
    int point;
    double share;   // of the step's impulse that acts on the neuron, in [0, 1]
    bool rests;     // held at z = 0 at the end of the step
    double last;    // share in the last piece of the step: the guess for the next step
};

// The inputs as the kinks see them: rows padded to `stride` (a multiple of 8) with zeros.
struct InputRows {
    const double* rows;
    Index stride;
    const double* row(int i) const { return rows + i * stride; }
};

class KinkSolver {
  public:
    explicit KinkSolver(InputRows inputs) : inputs_(inputs) {}

    // New shares of `touched`, given the shares under which z went from `from` to `end` (rows of one neuron)
    // and the impulse (n) times `factor` as force. The path is cut into `pieces`.
    void solve(std::vector<Touched>& touched, const double* from, const double* end, const double* impulse,
               double factor, int pieces);

  private:
    void gather(const std::vector<Touched>& touched);

    InputRows inputs_;
    std::size_t stride_ = 0;
    std::vector<double> gram_, force_, base_, from_, share_, mean_, end_;
};

}  // namespace pl
