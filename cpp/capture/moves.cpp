#include "capture/moves.hpp"

#include <algorithm>

#include "kernel/dispatch.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr Index kMostParts = 8;  // of the points, shared out over a team

}  // namespace

SingleMoves::SingleMoves(const CaptureInputs& inputs, int threads)
    : packed_(inputs.single()),
      kernel_(kernel<float>()),
      threads_(threads),
      blocks_(block_count(inputs.problem().n)),
      stride_(packed_.row_stride()),
      parts_(threads > 1 ? std::min(blocks_, kMostParts) : 1),
      on_(batch_count(inputs.problem().p) * blocks_ * kBlockPoints),
      weights_(blocks_ * kBlockPoints),
      dW_(batch_count(inputs.problem().p) * kBatchNeurons * stride_),
      dz_(inputs.problem().p * blocks_ * kBlockPoints),
      scratch_(kernel_.scratch_size),
      tables_(parts_ * level().active->tables),
      sums_(blocks_ * kBlockPoints * level().active->lanes),
      along_(blocks_ * kBlockPoints) {}

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

void SingleMoves::take(const Word* masks) {
    masks_ = masks;
    ByPointsArgs args{packed_.view().p, blocks_, masks, on_.data()};
    level().active->by_points(args);
}

void SingleMoves::operate(const double* weights, const Change& change, double* out, CutOff cut) {
    HalvesArgs<float> args = this->args(cut);
    for (Index i = 0; i < args.data.n; ++i) weights_.data()[i] = static_cast<float>(weights[i]);
    args.masks = masks_;
    kernel_.gradient(args);
    parallel_for(args.data.p, threads_, [&](Index j) { change(j, dW_.data() + j * stride_); });
    active_products(cut);
    for (Index i = 0; i < args.data.n; ++i) out[i] = static_cast<double>(along_.data()[i]);
}

void SingleMoves::active_products(CutOff cut) {
    parallel_for(parts_, threads_, [&](Index part) {
        ActiveArgs args{};
        args.data = packed_.view();
        args.first = part * blocks_ / parts_;
        args.last = (part + 1) * blocks_ / parts_;
        args.on = on_.data();
        args.U = dW_.data();
        args.tables = tables_.data() + part * level().active->tables;
        args.sums = sums_.data();
        args.out = along_.data();
        args.cut = cut;
        level().active->products(args);
    });
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
    const double batches = static_cast<double>(batch_count(problem.p));
    const double rows = batches * static_cast<double>(kBatchNeurons);
    const double tables = static_cast<double>(kMostParts * level().active->tables);
    const double lanes = static_cast<double>(level().active->lanes);
    return 4 * (rows * (static_cast<double>(problem.d) + 16.0) + static_cast<double>(problem.p) * points +
                (2 + lanes) * points + tables) +
           8 * batches * points;
}

}  // namespace pl
