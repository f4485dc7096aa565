#include "capture/moves.hpp"

#include "capture/over_neurons.hpp"
#include "kernel/dispatch.hpp"

namespace pl {

SingleMoves::SingleMoves(const CaptureInputs& inputs, int threads)
    : packed_(inputs.single()),
      kernel_(kernel<float>()),
      threads_(threads),
      blocks_(block_count(inputs.problem().n)),
      stride_(packed_.row_stride()),
      dW_(inputs.problem().p * stride_),
      dz_(inputs.problem().p * blocks_ * kBlockPoints) {}

void SingleMoves::preactivations(const std::vector<Index>& neurons, const Ends& ends, CutOff cut) {
    HalvesArgs<float> args{};
    args.data = packed_.view();
    const Index count = size_of(neurons), n = args.data.n, d = args.data.d;
    for (Index l = 0; l < count; ++l) {
        const Index start = neurons[at(l)] * ends.stride;
        for (Index k = 0; k < d; ++k)
            dW_.data()[l * stride_ + k] = static_cast<float>(ends.W[start + k] - ends.W_before[start + k]);
    }
    args.data.p = count;
    args.last = blocks_;
    args.W = dW_.data();
    args.z = dz_.data();
    args.cut = cut;
    pl::preactivations(kernel_, args, threads_);
    over_neurons(count, threads_, cut, [&](Index l) {
        const float* moved = dz_.data() + l * blocks_ * kBlockPoints;
        const Index start = neurons[at(l)] * ends.ldz;
        for (Index i = 0; i < n; ++i)
            ends.z[start + i] = ends.z_before[start + i] + static_cast<double>(moved[i]);
    });
}

double SingleMoves::bytes(const Problem<double>& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    return 4 * static_cast<double>(problem.p) * (static_cast<double>(problem.d) + 16.0 + points);
}

}  // namespace pl
