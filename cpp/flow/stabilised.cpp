#include "flow/stabilised.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "flow/step_size.hpp"

namespace pl {
namespace {

constexpr double kEnter = 1.5;   // gain over Taylor steps that switches in; below 1 switches out
constexpr double kNearer = 0.9;  // of the way to an event
constexpr double kCautious = 0.8, kShrink = 0.1, kGrow = 5.0;
constexpr int kLongestPause = 64;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Stabilised::Stabilised(Jets& jets, int p, const FlowOptions& options, std::function<bool()> alive)
    : jets_(jets),
      neurons_(p),
      options_(options),
      field_([this, alive = std::move(alive)](const double* y, double* f) {
          if (!alive()) return false;
          jets_.velocity(y, f);
          return true;
      }),
      restore_([this](double* y) { jets_.restore(y); }) {}

bool Stabilised::gains(double h, double margin) const {
    const int stages = stages_for(SpectralRadius::kSafety * radius_ * h);
    return stages <= kMostStages && h > margin * per_evaluation_ * stages;
}

// k c_k is c_{k-1} times the Jacobian, up to the field's curvature: the last two coefficients bound the
// spectral radius from below, closely where the fastest mode matters, for nothing.
void Stabilised::compare(double t, double h) {
    const int order = jets_.order();
    per_evaluation_ = h / order;
    if (on_ || order < 3 || t < resume_) return;
    if (pause_ > 0) {
        --pause_;
        return;
    }
    radius_ = order * jets_.norm(order) / jets_.norm(order - 1);
    h_ = stabilised_step(jets_, neurons_, options_.rtol, options_.atol);
    if (!std::isfinite(radius_) || !gains(h_, kEnter)) return;
    on_ = true;
    y_.resize(jets_.size());
    jets_.pack(order, y_.data());
    spectrum_.start_from(y_);
    renew();
}

bool Stabilised::estimate_radius() {
    radius_ = spectrum_.estimate(field_, y_.data(), f_.data(), y_.size());
    age_ = 0;
    return radius_ >= 0.0;
}

double Stabilised::attempt(double left, bool sliding, double& h, std::int64_t& rejected) {
    y_.resize(jets_.size());
    f_.resize(jets_.size());
    jets_.pack(0, y_.data());
    jets_.pack(1, f_.data());
    if (age_ >= kLifetime && !estimate_radius()) return kNaN;
    for (;;) {
        h = std::min(h_, left);
        if (!gains(h, 1.0)) {
            if (h < left) leave();
            return kNaN;
        }
        const int stages = stages_for(SpectralRadius::kSafety * radius_ * h);
        if (!rkc_.step(field_, y_.data(), f_.data(), y_.size(), h, stages, restore_)) return kNaN;
        const double growth = error_growth(jets_, rkc_, neurons_, options_.rtol, options_.atol);
        const double next = h * std::clamp(kCautious * growth, kShrink, kGrow);
        if (growth >= 1.0) {
            h_ = std::max(next, h < h_ ? h_ : 0.0);  // a step cut short says nothing against longer ones
            break;
        }
        h_ = next;
        ++rejected;
    }
    ++age_;
    if (sliding) jets_.extend();
    return jets_.propose(rkc_.y1(), rkc_.f1(), h);
}

void Stabilised::retreat(double t, double within) {
    h_ = kNearer * within;
    if (gains(h_, 1.0)) return;
    resume_ = t + within;
    on_ = false;
}

// Each time in vain makes the next try later.
void Stabilised::leave() {
    on_ = false;
    pause_ = next_pause_;
    next_pause_ = std::min(2 * next_pause_, kLongestPause);
}

}  // namespace pl
