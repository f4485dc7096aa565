// dr/dQ while no pair changes its part: on (S_j), held at its kink (T_j), or off. Minus that is
//     K = 1/(n p) sum_j [ z_j+ z_j+^T + a_j^2 P_Sj X Pi_Tj X^T P_Sj ],
// Pi_Tj the projection off the inputs of the held pairs (paper.md sections 2 and 7): symmetric and positive
// semidefinite. Only products are made of it, in single precision, as those of stages are.
#pragma once

#include <vector>

#include "capture/inputs.hpp"
#include "capture/moves.hpp"
#include "kernel/held.hpp"
#include "kernel/index.hpp"

namespace pl {

class FrozenPattern {
  public:
    FrozenPattern(const CaptureInputs& inputs, SingleMoves& moves, int threads);

    // The state whose pattern it is; held pairs have z = 0 and their bit 0. Views, kept until the next.
    struct State {
        const double *W, *a;  // (p, stride), (p)
        Index stride;
        const Word* masks;                              // (blocks, p)
        const std::vector<std::vector<Touched>>* held;  // per neuron
    };
    void take(const State& state, CutOff cut);
    // out (n) = K q, by the products of moves.
    void product(const double* q, double* out, CutOff cut);

    static double bytes(const Problem<double>& problem);

  private:
    void hold(Index j, CutOff cut);
    void change(Index j, float* g);

    const CaptureInputs& inputs_;
    SingleMoves& moves_;
    const int threads_;
    State state_{};
    struct Held {
        HeldArgs args{};
        Buffer<float> memory;  // g, basis
        std::vector<const float*> rows;
    };
    std::vector<Held> held_;  // per neuron
};

}  // namespace pl
