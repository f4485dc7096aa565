#include "flow/recorder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/index.hpp"

namespace pl {
namespace {

// Relative slack that covers the rounding of the sums below, outward.
constexpr double kOutward = 1e-12;

double square(const double* w, std::size_t width) {
    double sum = 0.0;
    for (std::size_t l = 0; l < width; ++l) sum += w[l] * w[l];
    return sum;
}

}  // namespace

Recorder::Recorder(const FlowProblem& problem, const Inputs& inputs, const FlowOptions& options,
                   FlowResult& result)
    : problem_(problem),
      in_(inputs),
      options_(options),
      out_(result),
      W_(problem.W, problem.W + at(problem.p) * at(problem.d)),
      begin_(std::chrono::steady_clock::now()),
      smallest_sq_(std::numeric_limits<double>::infinity()) {
    for (int i = 0; i < in_.n; ++i) smallest_sq_ = std::min(smallest_sq_, in_.y[i] * in_.y[i]);
}

void Recorder::start(const Jets& jets) {
    for (int j = 0; j < in_.p; ++j) {
        const double* w = W_.data() + at(j) * at(in_.d);
        out_.past.invariants.push_back(jets.a(0, j) * jets.a(0, j) - square(w, at(in_.d)));
    }
}

void Recorder::row(double t, const Jets& jets, const Pairs& pairs) {
    jets.write_state(0, W_.data(), nullptr);
    double drift = 0.0;
    for (int j = 0; j < in_.p; ++j) {
        const double a = jets.a(0, j), now = a * a - square(W_.data() + at(j) * at(in_.d), at(in_.d));
        drift = std::max(drift, std::abs(now - out_.past.invariants[at(j)]));
    }
    std::int64_t active = 0;
    for (const auto& on : pairs.on) active += static_cast<std::int64_t>(on.size());
    out_.t.push_back(t);
    out_.loss.push_back(jets.residual_sq() / (2.0 * in_.n));
    out_.velocity_sq.push_back(jets.velocity_sq());
    out_.n_active.push_back(active);
    out_.invariant_drift.push_back(drift);
    if (!options_.states) return;
    out_.W_saved.insert(out_.W_saved.end(), W_.begin(), W_.end());
    for (int j = 0; j < in_.p; ++j) out_.a_saved.push_back(jets.a(0, j));
}

void Recorder::piece(double t, double h, const Jets& jets) {
    const std::size_t pd = at(in_.p) * at(in_.d);
    const std::size_t size = pd + at(in_.p);
    DensePiece piece{t, h, jets.order(), std::vector<double>(size * (at(jets.order()) + 1))};
    for (int k = 0; k <= jets.order(); ++k) {
        double* to = piece.coeff.data() + at(k) * size;
        jets.write_state(k, to, to + pd);
    }
    out_.pieces.push_back(std::move(piece));
}

bool Recorder::outer_dominate(const Jets& jets) const {
    for (int j = 0; j < in_.p; ++j) {
        const double outside = problem_.w_perp_sq ? problem_.w_perp_sq[j] : 0.0;
        const double w = square(W_.data() + at(j) * at(in_.d), at(in_.d)) + outside;
        if (!(jets.a(0, j) * jets.a(0, j) >= w * (1.0 + kOutward))) return false;
    }
    return true;
}

// Orthogonal inputs: a point whose live neurons are gone, or pull the wrong way with signs that cannot
// change, keeps |r_i| >= |y_i| for ever.
double Recorder::dead_bound(const Jets& jets, const Pairs& pairs) const {
    std::vector<bool> able(at(in_.n), false);
    for (int j = 0; j < in_.p; ++j) {
        const double a = jets.a(0, j);
        const double outside = problem_.w_perp_sq ? problem_.w_perp_sq[j] : 0.0;
        const double w = square(W_.data() + at(j) * at(in_.d), at(in_.d)) + outside;
        const bool fixed_sign = a * a >= w * (1.0 + kOutward);
        for (int i : pairs.on[at(j)]) {
            if (!fixed_sign || a * in_.y[i] > 0.0) able[at(i)] = true;
        }
    }
    double bound = 0.0;
    for (int i = 0; i < in_.n; ++i) {
        if (!able[at(i)]) bound += in_.y[i] * in_.y[i] / (2.0 * in_.n);
    }
    return bound > 0.0 ? bound * (1.0 - kOutward) : -1.0;
}

Status Recorder::check(double t, const Jets& jets, const Pairs& pairs) {
    const FlowStop& stop = options_.stop;
    const double sum = jets.residual_sq(), loss = sum / (2.0 * in_.n);
    const bool criterion = sum * (1.0 + kOutward) < smallest_sq_;
    Status status = Status::kHorizon;
    auto hold = [&status](bool holds, Status which) {
        if (holds) status = std::min(status, which);
    };
    hold(!std::isfinite(loss), Status::kNonFinite);
    if (criterion && out_.past.criterion_time < 0.0)
        out_.past.criterion_time = crossing_ >= 0.0 ? crossing_ : t;
    if (criterion && problem_.certifiable && out_.past.proved_time < 0.0) {
        jets.write_state(0, W_.data(), nullptr);
        if (outer_dominate(jets)) out_.past.proved_time = crossing_ >= 0.0 ? crossing_ : t;
    }
    crossing_ = -1.0;
    if (problem_.orthogonal && dead_checked_ != out_.past.count.events) {
        dead_checked_ = out_.past.count.events;
        jets.write_state(0, W_.data(), nullptr);
        out_.loss_bound = dead_bound(jets, pairs);
    }
    if (stop.criterion) {
        hold(out_.past.proved_time >= 0.0, Status::kConverged);
        hold(criterion, Status::kCriterion);
        hold(out_.loss_bound > 0.0, Status::kDeadPoint);
    }
    hold(stop.loss > 0.0 && loss <= stop.loss, Status::kTarget);
    const double local_pl = jets.velocity_sq() / (in_.p * std::max(loss, std::numeric_limits<double>::min()));
    hold(stop.stall > 0.0 && t > 0.0 && local_pl * t < stop.stall, Status::kStalled);
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin_;
    out_.seconds = spent.count();
    const bool moved = options_.past.fresh() || t > options_.past.t;  // slices of any length come to an end
    hold(stop.wall_time >= 0.0 && moved && out_.seconds >= stop.wall_time, Status::kWallTime);
    hold(stop.max_steps >= 0 && out_.past.count.accepted >= stop.max_steps, Status::kStepLimit);
    return status;
}

double Recorder::level_passed(double before, double after) const {
    const double target = options_.stop.loss * 2.0 * in_.n;
    double level = -1.0;
    if (options_.stop.loss > 0.0 && after <= target && before > target) level = std::max(level, target);
    const double criterion = smallest_sq_ * (1.0 - 2.0 * kOutward);
    if (options_.stop.criterion && after < criterion && before > criterion)
        level = std::max(level, criterion);
    return level;
}

void Recorder::finish(double t, const Jets& jets, const Pairs& pairs, Status status) {
    // a run that goes all the way keeps the times asked for and no more; one that ends early, also its end
    if (!has_row(t) && (t < options_.t_end || out_.t.empty())) row(t, jets, pairs);
    jets.write_state(0, W_.data(), nullptr);
    out_.W = W_;
    for (int j = 0; j < in_.p; ++j) out_.a.push_back(jets.a(0, j));
    out_.status = status;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin_;
    out_.seconds = spent.count();
}

}  // namespace pl
