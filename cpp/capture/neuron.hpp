// One neuron's way through its kinks during a step: the pairs that switch, come to rest or are let go, in the
// order in which they do (kernel/kinks.inl). Neurons do not see each other within a step, so each is a
// problem of its own.
#pragma once

#include <vector>

#include "kernel/index.hpp"
#include "kernel/kernel.hpp"
#include "kernel/kinks.hpp"
#include "problem/buffer.hpp"

namespace pl {

// A pair that meets its kink in a step, or rests at it.
struct Touched {
    int point = 0;
    bool rests = false;  // held at its kink; of a step: at its end
    bool held = false;   // at the start of the step
    double z = 0;        // pre-activation there; of a pair at rest, what rounding and tolerances left of it
    double v = 0;        // how far z moves in the step if all touched pairs keep their first shares
    double first = 0;    // share at the start of the step
    double share = 0;    // of the step's impulse that acts on the neuron, in [0, 1]
    double last = 0;     // share at the end of the step
};

// The inputs as the kinks see them: rows padded with zeros, `stride` a multiple of 8; in single precision
// `float_stride`, of 16.
struct InputRows {
    const double* rows;
    Index stride;
    const float* float_rows;
    Index float_stride;
    const double* row(int i) const { return rows + i * stride; }
};

// A neuron during a step: w = w0 + scale g, with g = sum_i (share_i impulse_i) x_i.
struct NeuronPath {
    Index width;   // of g, zero-padded beyond d; may be less or more than the inputs' stride
    double* g;     // the drive under the shares given; out: under the shares found
    double scale;  // abar_j / n
    const double* impulse;
    const double* early;  // the impulse, were the residuals to stay; null: on the way a_j changes sign
    CutOff cut = {};      // of many pairs
};

class KinkSolver {
  public:
    // `opposite`: whether inputs may be.
    KinkSolver(InputRows inputs, KinkSweeps sweeps, bool opposite = false)
        : inputs_(inputs), drive_(inputs.stride) {
        args_.sweeps = sweeps;
        args_.opposite = opposite;
    }

    // What it keeps is another neuron's: K is made anew.
    void forget() { args_.ld = 0; }

    // The shares of the touched pairs along the path, and the drive they give. All of a pair but rests, share
    // and last is given; share is what g holds. The pairs from `known` on were found to switch once the
    // others had been followed: their v is that of the path found then.
    // Returns how many pairs were held at once, at most.
    Index follow(std::vector<Touched>& touched, Index known, const NeuronPath& path);

  private:
    void make_room(Index count, Index known);
    void prepare(const std::vector<Touched>& touched, Index known, const NeuronPath& path);
    void conclude(std::vector<Touched>& touched, const float* shares, const NeuronPath& path);

    InputRows inputs_;
    KinkArgs args_{};
    Buffer<float> gram_, arrays_;
    float *push_ = nullptr, *early_ = nullptr, *changed_ = nullptr;
    Buffer<double> drive_;
    std::vector<int> order_;
    std::vector<const float*> x_;
    std::vector<const double*> rows_;
    std::vector<double> weights_;
};

}  // namespace pl
