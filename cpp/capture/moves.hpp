// The two products of a step in single precision: what drives each neuron, and how far pre-activations move.
// Only increments are rounded, to 1e-7 of themselves. So stages inside a step, and whatever tells which pairs
// change side, take half the time; the state that a step ends in does not pass through here.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "capture/inputs.hpp"
#include "kernel/index.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {

// z = X W^T as args say, the blocks of points shared out over the team, and so many neurons at a time: of few
// points, whose rows of z are whole blocks all the same, it is the writing that takes long.
template <class Real>
void preactivations(const Kernel<Real>& kernel, const HalvesArgs<Real>& args, int threads) {
    constexpr double kPartFlops = 2e7;  // after which it is asked whether to stop
    const double pairs = static_cast<double>(args.data.n) * static_cast<double>(args.data.p);
    const double work = 2 * pairs * static_cast<double>(args.data.d) / kPartFlops;
    const Index blocks = block_count(args.data.n), most = std::min<Index>(blocks, threads > 1 ? 8 : 1);
    const Index parts = std::max(most, static_cast<Index>(std::min(work, static_cast<double>(blocks))));
    constexpr Index kNeurons = 1 << 14;
    parallel_for(parts, threads, [&](Index part) {
        HalvesArgs<Real> mine = args;
        mine.first = part * blocks / parts;
        mine.last = (part + 1) * blocks / parts;
        for (Index j = 0; j < args.data.p && !args.cut(); j += kNeurons) {
            mine.data.p = std::min(kNeurons, args.data.p - j);
            mine.W = args.W + j * args.data.row_stride;
            mine.z = args.z + j * blocks * kBlockPoints;
            kernel.preactivations(mine);
        }
    });
}

class SingleMoves {
  public:
    SingleMoves(const CaptureInputs& inputs, int threads);

    // z_j (ldz) = before_j + X (W_j - W_before_j) for the neurons listed; weights are (p, stride).
    struct Ends {
        const double *W_before, *W;
        Index stride;
        const double* z_before;
        double* z;
        Index ldz;
    };
    void preactivations(const std::vector<Index>& neurons, const Ends& ends, CutOff cut);

    // The pairs that are on (blocks, p), for operate(): a view, kept until the next.
    void take(const Word* masks);
    // out (n) = sum_j 1_ji <x_i, change_j(g_j)>, g_j = sum_i weights_i 1_ji x_i. change(j, g) writes over the
    // row g (width) of its neuron and leaves the places beyond d zero.
    using Change = std::function<void(Index, float*)>;
    void operate(const double* weights, const Change& change, double* out, CutOff cut);

    static double bytes(const Problem<double>& problem);

  private:
    HalvesArgs<float> args(CutOff cut);
    void active_products(CutOff cut);

    const PackedProblem<float>& packed_;
    const Kernel<float>& kernel_;
    int threads_;
    Index blocks_, stride_, parts_;
    const Word* masks_ = nullptr;
    Buffer<Word> on_;  // masks_, by points
    Buffer<float> weights_, dW_, dz_, scratch_, tables_, sums_, along_;
};

}  // namespace pl
