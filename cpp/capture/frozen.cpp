#include "capture/frozen.hpp"

#include <algorithm>

#include "capture/over_neurons.hpp"
#include "kernel/dispatch.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

constexpr Index kMostParts = 8;  // of the points, shared out over a team

}  // namespace

FrozenPattern::FrozenPattern(const CaptureInputs& inputs, int threads)
    : inputs_(inputs),
      packed_(inputs.single()),
      threads_(threads),
      blocks_(block_count(inputs.problem().n)),
      stride_(packed_.row_stride()),
      parts_(threads > 1 ? std::min(blocks_, kMostParts) : 1),
      on_(batch_count(inputs.problem().p) * blocks_ * kBlockPoints),
      weights_(blocks_ * kBlockPoints),
      moves_(batch_count(inputs.problem().p) * kBatchNeurons * stride_),
      scratch_(kernel<float>().scratch_size),
      tables_(parts_ * level().active->tables),
      sums_(blocks_ * kBlockPoints * level().active->lanes),
      along_(blocks_ * kBlockPoints),
      held_(at(inputs.problem().p)) {}

void FrozenPattern::take(const DenseState& state, CutOff cut) {
    state_ = &state;
    ByPointsArgs args{size_of(held_), blocks_, state.masks.data(), on_.data()};
    level().active->by_points(args);
    over_neurons(size_of(held_), threads_, cut, [&](Index j) { hold(j, cut); });
}

void FrozenPattern::hold(Index j, CutOff cut) {
    const std::vector<Touched>& pairs = state_->touched[at(j)];
    const InputRows rows = inputs_.rows();
    Held& held = held_[at(j)];
    HeldArgs& args = held.args;
    const Index count = size_of(pairs);
    args.count = 0;  // what a cut leaves half-way has to be something to go through
    if (count == 0 || cut()) return;
    args.count = count;
    args.width = rows.float_stride;
    const Index needed = (1 + HeldArgs::rows(count)) * args.width;
    if (held.memory.size() < needed) held.memory = Buffer<float>(needed);
    args.g = held.memory.data();
    args.basis = args.g + args.width;
    held.rows.clear();
    for (const Touched& pair : pairs) held.rows.push_back(rows.float_rows + pair.point * rows.float_stride);
    args.x = held.rows.data();
    level().held->orthonormalise(args);
}

// g_j = X^T P_Sj q.
void FrozenPattern::gradient(const double* q, CutOff cut) {
    HalvesArgs<float> args{};
    args.data = packed_.view();
    for (Index i = 0; i < args.data.n; ++i) weights_.data()[i] = static_cast<float>(q[i]);
    args.last = blocks_;
    args.weights = weights_.data();
    args.masks = state_->masks.data();
    args.G = moves_.data();
    args.scratch = scratch_.data();
    args.cut = cut;
    kernel<float>().gradient(args);
}

// It becomes (<w_j, g_j> w_j + a_j^2 Pi_Tj g_j) / (n p); w_j is orthogonal to what is held. The places beyond
// d stay zero.
void FrozenPattern::change(Index j) {
    const Problem<double>& problem = inputs_.problem();
    float* g = moves_.data() + j * stride_;
    const double* w = state_->w_of(j);
    const double a = state_->a.data()[j], share = 1.0 / static_cast<double>(problem.n * problem.p);
    double along = 0.0;
    for (Index k = 0; k < problem.d; ++k) along += w[k] * static_cast<double>(g[k]);
    HeldArgs& args = held_[at(j)].args;
    if (args.count > 0) {  // rows of g may be shorter than those of the inputs
        std::copy_n(g, problem.d, args.g);
        level().held->project(args);
        std::copy_n(args.g, problem.d, g);
    }
    const auto scale = static_cast<float>(a * a * share), back = static_cast<float>(along * share);
    for (Index k = 0; k < problem.d; ++k) g[k] = scale * g[k] + back * static_cast<float>(w[k]);
}

// Of each point the product with the sum over the neurons that are on.
void FrozenPattern::active_products(CutOff cut) {
    parallel_for(parts_, threads_, [&](Index part) {
        ActiveArgs args{};
        args.data = packed_.view();
        args.first = part * blocks_ / parts_;
        args.last = (part + 1) * blocks_ / parts_;
        args.on = on_.data();
        args.U = moves_.data();
        args.tables = tables_.data() + part * level().active->tables;
        args.sums = sums_.data();
        args.out = along_.data();
        args.cut = cut;
        level().active->products(args);
    });
}

void FrozenPattern::product(const double* q, double* out, CutOff cut) {
    gradient(q, cut);
    over_neurons(size_of(held_), threads_, cut, [&](Index j) { change(j); });
    active_products(cut);
    for (Index i = 0; i < inputs_.problem().n; ++i) out[i] = static_cast<double>(along_.data()[i]);
}

double FrozenPattern::bytes(const Problem<double>& problem) {
    const double p = static_cast<double>(problem.p), d = static_cast<double>(problem.d) + 16.0;
    const double batches = static_cast<double>(batch_count(problem.p));
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double lanes = static_cast<double>(level().active->lanes);
    const double tables = static_cast<double>(kMostParts * level().active->tables);
    // a neuron holds hardly more than d pairs
    const double most = static_cast<double>(std::min(problem.n, problem.d)) + 16.0;
    return 4.0 * (batches * kBatchNeurons * d + (2.0 + lanes) * points + tables + p * (most + 8.0) * d) +
           8.0 * batches * points;
}

}  // namespace pl
