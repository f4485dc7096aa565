#include "capture/moves.hpp"

#include <algorithm>

#include "kernel/dispatch.hpp"
#include "kernel/index.hpp"

namespace pl {

SingleMoves::SingleMoves(const CaptureInputs& inputs, int threads)
    : packed_(inputs.single()),
      kernel_(kernel<float>()),
      threads_(threads),
      blocks_(block_count(inputs.problem().n)),
      stride_(packed_.row_stride()),
      weights_(blocks_ * kBlockPoints),
      dW_(inputs.problem().p * stride_),
      dz_(inputs.problem().p * blocks_ * kBlockPoints),
      scratch_(kernel_.scratch_size) {}

void SingleMoves::gradient(const Word* masks, const double* weights, double* G, Index stride, CutOff cut) {
    HalvesArgs<float> args{};
    args.cut = cut;
    args.data = packed_.view();
    for (Index i = 0; i < args.data.n; ++i) weights_.data()[i] = static_cast<float>(weights[i]);
    args.last = blocks_;
    args.weights = weights_.data();
    args.masks = masks;
    args.G = dW_.data();
    args.scratch = scratch_.data();
    kernel_.gradient(args);
    for (Index j = 0; j < args.data.p; ++j)
        std::copy_n(dW_.data() + j * stride_, args.data.d, G + j * stride);
}

void SingleMoves::preactivations(const std::vector<Index>& neurons, const Ends& ends, CutOff cut) {
    const PackedData<float> data = packed_.view();
    const auto count = size_of(neurons);
    for (Index l = 0; l < count; ++l) {
        const Index start = neurons[at(l)] * ends.stride;
        for (Index k = 0; k < data.d; ++k)
            dW_.data()[l * stride_ + k] = static_cast<float>(ends.W[start + k] - ends.W_before[start + k]);
    }
    HalvesArgs<float> args{};
    args.data = data;
    args.data.p = count;
    args.W = dW_.data();
    args.z = dz_.data();
    args.cut = cut;
    pl::preactivations(kernel_, args, threads_);
    parallel_for(count, threads_, [&](Index l) {
        const float* moved = dz_.data() + l * blocks_ * kBlockPoints;
        const Index start = neurons[at(l)] * ends.ldz;
        for (Index i = 0; i < data.n; ++i)
            ends.z[start + i] = ends.z_before[start + i] + static_cast<double>(moved[i]);
    });
}

double SingleMoves::bytes(const Problem<double>& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    return 4 * (static_cast<double>(problem.p) * (static_cast<double>(problem.d) + 16.0 + points) + points);
}

}  // namespace pl
