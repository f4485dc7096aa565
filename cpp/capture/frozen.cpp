#include "capture/frozen.hpp"

#include <algorithm>

#include "kernel/dispatch.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {

FrozenPattern::FrozenPattern(const CaptureInputs& inputs, SingleMoves& moves, int threads)
    : inputs_(inputs), moves_(moves), threads_(threads), held_(at(inputs.problem().p)) {}

void FrozenPattern::take(const State& state, CutOff cut) {
    state_ = state;
    moves_.take(state.masks);
    parallel_for(size_of(held_), threads_, [&](Index j) { hold(j, cut); });
}

void FrozenPattern::hold(Index j, CutOff cut) {
    const std::vector<Touched>& pairs = (*state_.held)[at(j)];
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

// g_j = X^T P_Sj q becomes (<w_j, g_j> w_j + a_j^2 Pi_Tj g_j) / (n p); w_j is orthogonal to what is held.
void FrozenPattern::change(Index j, float* g) {
    const Problem<double>& problem = inputs_.problem();
    const double* w = state_.W + j * state_.stride;
    const double a = state_.a[j], share = 1.0 / static_cast<double>(problem.n * problem.p);
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

void FrozenPattern::product(const double* q, double* out, CutOff cut) {
    moves_.operate(q, [this](Index j, float* g) { change(j, g); }, out, cut);
}

double FrozenPattern::bytes(const Problem<double>& problem) {
    // a neuron holds hardly more than d pairs
    const double most = static_cast<double>(std::min(problem.n, problem.d)) + 16.0;
    return 4.0 * static_cast<double>(problem.p) * (most + 8.0) * (static_cast<double>(problem.d) + 16.0);
}

}  // namespace pl
