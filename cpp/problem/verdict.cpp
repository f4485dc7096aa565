#include "problem/verdict.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/index.hpp"
#include "problem/certificate.hpp"

namespace pl {

template <class Real>
Verdict<Real>::Verdict(const Problem<Real>& problem, const StopRules& stop, Follows follows,
                       const Milestones& past, Clock::time_point began)
    : problem_(problem),
      stop_(stop),
      follows_(follows),
      seen_(past),
      level_(pl::criterion_level(problem)),
      began_(began) {}

template <class Real>
double largest_rate(const Problem<Real>& problem, State<Real>& state) {
    // the difference of the two is known to double precision, and each to that of the state
    constexpr double kUnit = static_cast<double>(std::numeric_limits<Real>::epsilon());
    constexpr double kNoise = std::max(64 * 0x1p-52, 256 * kUnit * kUnit);
    const NeuronMotion motion = state.motion();
    const NeuronFacts facts = state.neurons();
    double largest = 0;
    for (Index j = 0; j < problem.p; ++j) {
        const double rho_sq = facts.a[at(j)] * facts.a[at(j)] + facts.w_sq[at(j)] + problem.outside_sq(j);
        if (!(rho_sq > 0)) continue;
        const double growth = motion.growth[at(j)] / rho_sq;
        const double speed_sq = motion.speed_sq[at(j)] / rho_sq, turning_sq = speed_sq - growth * growth;
        const double turning = turning_sq > kNoise * speed_sq ? std::sqrt(turning_sq) : 0.0;
        largest = std::max(largest, std::max(growth, 0.0) + turning);
    }
    return largest;
}

// In the order of Status.
template <class Real>
Status Verdict<Real>::judge(const Moment& moment, State<Real>& state) {
    if (!std::isfinite(moment.sum_r2)) return Status::kNonFinite;
    note(moment, state);
    if (converges(moment)) return Status::kConverged;
    if (theorem_ == Status::kDeadPoint || (stop_.criterion && loss_bound(state) > 0))
        return Status::kDeadPoint;
    if (theorem_ == Status::kTrapped) return Status::kTrapped;
    if (stop_.criterion && below_level(moment)) return Status::kCriterion;
    if (stop_.loss > 0 && reached_target(moment)) return Status::kTarget;
    if (moment.event) return Status::kEvent;
    if (stop_.stall > 0 && stalled(moment, state)) return Status::kStalled;
    if (moment.cancelled) return Status::kInterrupted;
    if (stop_.wall_time < StopRules::kNever && out_of_time(moment)) return Status::kWallTime;
    if (stop_.max_steps >= 0 && moment.steps >= stop_.max_steps && !moment.end) return Status::kStepLimit;
    return unstable(moment) ? Status::kUnstable : Status::kHorizon;
}

// First times. A proof is a pass in plain double arithmetic, so it is not tried again until the
// loss has halved.
template <class Real>
void Verdict<Real>::note(const Moment& moment, const State<Real>& state) {
    const double sum = moment.sum_r2;
    if (!(sum < level_)) return;
    const double when = moment.passed.value_or(moment.now);
    if (seen_.criterion < 0) seen_.criterion = when;
    if (!problem_.certifiable || seen_.proved >= 0) return;
    if (!(sum < seen_.try_below) || !below_level(moment)) return;
    if (proves_convergence(problem_, state)) seen_.proved = when;
    seen_.try_below = sum / 2;
}

template <class Real>
void Verdict<Real>::passed(double when) {
    if (seen_.criterion < 0) seen_.criterion = when;
}

template <class Real>
bool Verdict<Real>::below_level(const Moment& moment) const {
    return moment.sum_r2 * (1 + moment.off) < level_;
}

template <class Real>
void Verdict<Real>::note_proof(Status theorem, double when) {
    theorem_ = std::min(theorem_, theorem);
    double& first = theorem == Status::kConverged ? seen_.proved : seen_.marks.trapped;
    if (first < 0) first = when;
}

template <class Real>
bool Verdict<Real>::converges(const Moment& moment) const {
    if (!stop_.criterion && !stop_.proof) return false;
    return follows_ == Follows::kFlow ? seen_.proved >= 0 : seen_.proved == moment.now;
}

template <class Real>
bool Verdict<Real>::reached_target(const Moment& moment) const {
    return loss(moment) * (1 + moment.off) <= stop_.loss;
}

// local_pl t < stop.stall, with local_pl = velocity^2 / (p L), is true of every start and of every plateau on
// which small neurons grow. So besides, no neuron's own rate may do more than sqrt(stop.stall) in a time t,
// and the run must have lived one of its own time scales: the largest rate of the past times t is 1 at least,
// or has always been 0. Rates are a pass over the weights: of the past they are looked at whenever t has
// grown by a quarter, from the state at which the rule was first asked for.
template <class Real>
bool Verdict<Real>::stalled(const Moment& moment, State<Real>& state) {
    constexpr double kGrown = 1.25;
    double now = -1;
    if (moment.t >= seen_.rate_due) {
        now = watched_rate(state);
        seen_.rate_due = kGrown * moment.t;
    }
    if (!(moment.t > 0)) return false;
    const double speed_sq = moment.mean_speed_sq ? *moment.mean_speed_sq : state.velocity_sq();
    if (!(speed_sq * moment.t < stop_.stall * static_cast<double>(problem_.p) * loss(moment))) return false;
    if (now < 0) now = watched_rate(state);
    if (!(now * moment.t < std::sqrt(stop_.stall))) return false;
    return seen_.largest_rate == 0 || seen_.largest_rate * moment.t >= 1;
}

template <class Real>
double Verdict<Real>::watched_rate(State<Real>& state) {
    const double rate = largest_rate(problem_, state);
    seen_.largest_rate = std::max(seen_.largest_rate, rate);
    return rate;
}

template <class Real>
bool Verdict<Real>::out_of_time(const Moment& moment) const {
    return moment.moved && elapsed() >= stop_.wall_time;
}

template <class Real>
bool Verdict<Real>::unstable(const Moment& moment) const {
    if (stop_.rise < StopRules::kNever && loss(moment) > stop_.rise * moment.loss_least) return true;
    return moment.end && loss(moment) > moment.loss_start;
}

template <class Real>
double Verdict<Real>::loss(const Moment& moment) const {
    return moment.sum_r2 / (2 * static_cast<double>(problem_.n));
}

template <class Real>
double Verdict<Real>::target_level() const {
    return stop_.loss > 0 ? stop_.loss * 2 * static_cast<double>(problem_.n) : -1;
}

template <class Real>
double Verdict<Real>::criterion_level(const State<Real>& state) const {
    constexpr double kBelow = 1 - 2e-12;  // far above the rounding of a sum, so that the state there is below
    if (!stop_.criterion) return -1;
    return problem_.certifiable ? std::min(level_ * kBelow, provable_level(problem_, state))
                                : level_ * kBelow;
}

template <class Real>
double Verdict<Real>::loss_bound(const State<Real>& state) const {
    return problem_.orthogonal ? pl::loss_bound(state.dead_label_sq(), problem_.n) : 0;
}

template <class Real>
double Verdict<Real>::elapsed() const {
    return std::chrono::duration<double>(Clock::now() - began_).count();
}

template <class Real>
typename Verdict<Real>::Clock::time_point Verdict<Real>::deadline() const {
    return stop_.deadline(began_);
}

template double largest_rate(const Problem<float>&, State<float>&);
template double largest_rate(const Problem<double>&, State<double>&);
template class Verdict<float>;
template class Verdict<double>;

}  // namespace pl
