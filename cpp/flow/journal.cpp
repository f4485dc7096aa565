#include "flow/journal.hpp"

#include <algorithm>
#include <utility>

#include "kernel/index.hpp"
#include "problem/branches.hpp"
#include "problem/memory.hpp"

namespace pl {
namespace {

constexpr double kGrant = 0x1p26;  // bytes of dense output asked for at a time, at most

}  // namespace

Journal::Journal(const Problem<double>& problem, const FlowOptions& options)
    : Tally(options.switches),
      problem_(problem),
      options_(options),
      recorder_(problem, options.saves, result_) {
    result_.started = true;
    count_ = options.past.count;
    result_.past.invariants = options.past.invariants;
}

void Journal::accepted(Step kind) {
    ++count_.accepted;
    if (kind == Step::kStabilised) ++count_.stabilised_steps;
    if (kind == Step::kCells) ++count_.cell_steps;
}

double* Journal::piece(double t, double h, int order) {
    if (!options_.dense) return nullptr;
    const Index size = problem_.p * (problem_.d + 1);
    const double bytes = 8.0 * static_cast<double>(size * (order + 1));
    if (taken_ + bytes > granted_) {
        granted_ = taken_ + std::max(bytes, std::min(taken_, kGrant));
        require_bytes(granted_);
    }
    taken_ += bytes;
    result_.pieces.push_back({t, h, order, std::vector<double>(at(size * (order + 1)))});
    return result_.pieces.back().coeff.data();
}

void Journal::sliding(Index pairs) {
    count_.sliding_end = pairs;
    count_.sliding_max = std::max(count_.sliding_max, pairs);
}

void Journal::grazed(const Grazes& grazes, double fall) {
    result_.close_passes = grazes.close();
    result_.closest_pass = grazes.closest();
    result_.scatter = grazes.close() > 0 ? branch_scatter(fall) : 0.0;
}

void Journal::start(State<double>& state) {
    result_.past.invariants = invariants(state.neurons());
}

void Journal::visit(double t, State<double>& state) {
    recorder_.visit(t, state, result_.past.invariants);
}

FlowResult Journal::finish(Status status, FlowPast past, Index evaluations, State<double>& state,
                           const Verdict<double>& verdict) {
    recorder_.finish(past.t, options_.t_end, state, result_.past.invariants);
    result_.status = status;
    recorder_.write_end(state);
    result_.loss_bound = verdict.loss_bound(state);
    count_.rhs += evaluations;
    count_.spectral_radius = past.count.spectral_radius;
    past.count = count_;
    result_.log = std::move(log_);
    past.invariants = std::move(result_.past.invariants);
    past.seen = verdict.milestones();
    result_.past = std::move(past);
    result_.seconds = verdict.elapsed();
    return std::move(result_);
}

}  // namespace pl
