// dr/dQ while no pair changes its part: on (S_j), held at its kink (T_j), or off. Minus that is
//     K = 1/(n p) sum_j [ z_j+ z_j+^T + a_j^2 P_Sj X Pi_Tj X^T P_Sj ],
// Pi_Tj the projection off the inputs of the held pairs (paper.md sections 2 and 7): symmetric and positive
// semidefinite. Only products are made of it, in single precision.
#pragma once

#include <vector>

#include "capture/dense_state.hpp"
#include "capture/inputs.hpp"
#include "kernel/held.hpp"
#include "kernel/index.hpp"
#include "kernel/kernel.hpp"
#include "problem/buffer.hpp"

namespace pl {

class FrozenPattern {
  public:
    FrozenPattern(const CaptureInputs& inputs, int threads);

    // The state whose pattern it is: pairs at rest are held, their bits 0. A view, kept until the next.
    void take(const DenseState& state, CutOff cut);
    // out (n) = K q.
    void product(const double* q, double* out, CutOff cut);

    static double bytes(const Problem<double>& problem);

  private:
    void hold(Index j, CutOff cut);
    void gradient(const double* q, CutOff cut);
    void change(Index j);
    void active_products(CutOff cut);

    const CaptureInputs& inputs_;
    const PackedProblem<float>& packed_;
    const int threads_;
    Index blocks_, stride_, parts_;
    const DenseState* state_ = nullptr;
    Buffer<Word> on_;  // the masks, by points
    // q; of each neuron what q drives it with, then what that moves (whole batches, stride); scratch; out
    Buffer<float> weights_, moves_, scratch_, tables_, sums_, along_;
    struct Held {
        HeldArgs args{};
        Buffer<float> memory;  // g, basis
        std::vector<const float*> rows;
    };
    std::vector<Held> held_;  // per neuron
};

}  // namespace pl
