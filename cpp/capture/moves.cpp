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
      scratch_(kernel_.scratch_size),
      sums_(blocks_ * kBlockPoints) {}

HalvesArgs<float> SingleMoves::args(CutOff cut) {
    HalvesArgs<float> args{};
    args.data = packed_.view();
    args.last = blocks_;
    args.W = dW_.data();
    args.z = dz_.data();
    args.weights = weights_.data();
    args.G = dW_.data();
    args.scratch = scratch_.data();
    args.cut = cut;
    return args;
}

void SingleMoves::operate(const Word* masks, const double* weights, const Change& change, double* out,
                          CutOff cut) {
    HalvesArgs<float> args = this->args(cut);
    for (Index i = 0; i < args.data.n; ++i) weights_.data()[i] = static_cast<float>(weights[i]);
    args.masks = masks;
    kernel_.gradient(args);
    parallel_for(args.data.p, threads_, [&](Index j) { change(j, dW_.data() + j * stride_); });
    pl::preactivations(kernel_, args, threads_);
    MaskedSumsArgs<float> sums{args.data.p, blocks_, dz_.data(), masks, sums_.data()};
    kernel_.masked_sums(sums);
    for (Index i = 0; i < args.data.n; ++i) out[i] = static_cast<double>(sums_.data()[i]);
}

void SingleMoves::preactivations(const std::vector<Index>& neurons, const Ends& ends, CutOff cut) {
    const PackedData<float> data = packed_.view();
    const auto count = size_of(neurons);
    for (Index l = 0; l < count; ++l) {
        const Index start = neurons[at(l)] * ends.stride;
        for (Index k = 0; k < data.d; ++k)
            dW_.data()[l * stride_ + k] = static_cast<float>(ends.W[start + k] - ends.W_before[start + k]);
    }
    HalvesArgs<float> args = this->args(cut);
    args.data.p = count;
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
    return 4 *
           (static_cast<double>(problem.p) * (static_cast<double>(problem.d) + 16.0 + points) + 2 * points);
}

}  // namespace pl
