// How far pre-activations move in a step, in single precision: only increments are rounded, to 1e-7 of
// themselves. So what tells which pairs change side takes half the time; the state that a step ends in does
// not pass through here.
#pragma once

#include <algorithm>
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

    static double bytes(const Problem<double>& problem);

  private:
    const PackedProblem<float>& packed_;
    const Kernel<float>& kernel_;
    const int threads_;
    Index blocks_, stride_;
    Buffer<float> dW_, dz_;  // (p, stride), (p, blocks * kBlockPoints)
};

}  // namespace pl
