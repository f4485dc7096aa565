#include "capture/step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pl {
namespace {

constexpr double kAdamsReach = 0.95;   // of h rho; 1 is the limit of stability at constant steps
constexpr double kDampedReach = 0.52;  // 6/11 without damping
constexpr double kMostDecay = 256;     // D h of a step: its exponential is still a number
constexpr int kRadiusAge = 25;         // steps between estimates: rho moves by a few per cent in as many
constexpr int kFirstRounds = 4, kRounds = 2;

}  // namespace

double CaptureStep::adams_reach() const {
    double reach = 4 * adams_.h_before();
    if (undamped_ > 0) reach = std::min(reach, (damped() ? kDampedReach : kAdamsReach) / undamped_);
    if (adams_.most_damping() > 0) reach = std::min(reach, kMostDecay / adams_.most_damping());
    return reach;
}

void CaptureStep::refresh() {
    if (known_ && age_ < kRadiusAge) return;
    damp();
    const Index size = model_.points();
    const std::vector<double> origin(at(size), 0.0);
    const double* damping = damped() ? adams_.damping()->data() : nullptr;
    const Field field = [&](const double* q, double* r) {
        if (cut()) return false;
        model_.response(q, r);
        for (Index i = 0; damping != nullptr && i < size; ++i) r[i] += damping[i] * q[i];
        return true;
    };
    const double left = power_.estimate(field, origin.data(), model_.residuals().data(), size,
                                        known_ ? kRounds : kFirstRounds);
    if (left < 0) return;  // cut
    undamped_ = SpectralRadius::kSafety * left;
    rho_ = undamped_ + adams_.most_damping();
    known_ = true;
    age_ = 0;
}

void CaptureStep::damp() {
    std::vector<double> damping = model_.damping();
    if (damping.empty()) return;
    adams_.set_damping(std::make_shared<const std::vector<double>>(std::move(damping)), model_.residuals());
}

void CaptureStep::follow(const CaptureStep& other) {
    rho_ = other.rho_;
    undamped_ = other.undamped_;
    if (other.damped()) adams_.set_damping(other.adams_.damping(), model_.residuals());
}

void CaptureStep::attempt(double h) {
    const Index size = model_.points();
    const std::vector<double>& r = model_.residuals();
    last_stabilised_ = h > adams_reach();
    if (last_stabilised_) {
        const int stages = std::min(stages_for(h * rho_), kMostStages);
        const std::vector<double> origin(at(size), 0.0);
        int stage = 0;
        const Field field = [&](const double* q, double* out) {
            if (cut()) return false;
            if (++stage < stages) {
                model_.stage(q, h, out);
            } else {
                model_.attempt(q, h);
                std::copy(model_.trial_residuals().begin(), model_.trial_residuals().end(), out);
            }
            return !std::isnan(out[0]);
        };
        if (!rkc_.step(field, origin.data(), r.data(), size, h, stages)) {
            error_ = std::numeric_limits<double>::infinity();
            return;
        }
        impulse_ = rkc_.y1();
    } else {
        adams_.impulse(r, h, impulse_);
        model_.attempt(impulse_.data(), h);
    }
    const double off = adams_.judge(r, model_.trial_residuals(), impulse_, h, !last_stabilised_);
    error_ = model_.sum_r2() > 0 ? std::sqrt(off / model_.sum_r2()) : 0.0;  // at r = 0 nothing moves
}

void CaptureStep::look_into(double h) {
    length_ = h;
    whole_ = impulse_;
    end_ = model_.trial_residuals();
}

void CaptureStep::attempt_within(double s) {
    const std::vector<double>& r = model_.residuals();
    const double x = s / length_, rising = x * x * (3 - 2 * x);
    const double start = s * (1 - x) * (1 - x), end = s * x * (x - 1);
    for (Index i = 0; i < model_.points(); ++i)
        impulse_[at(i)] = rising * whole_[at(i)] + start * r[at(i)] + end * end_[at(i)];
    model_.attempt(impulse_.data(), s);
}

void CaptureStep::accept(double h) {
    model_.accept(h, adams_.before());
    adams_.accept(impulse_, h);
    ++age_;
    stabilised_ += last_stabilised_ ? 1 : 0;
}

}  // namespace pl
