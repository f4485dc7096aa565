#include "capture/explicit_step.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

constexpr double kAdamsReach = 0.95;   // of h rho; 1 is the limit of stability at constant steps
constexpr double kDampedReach = 0.52;  // 6/11 without damping
constexpr double kMostDecay = 256;     // D h of a step: its exponential is still a number
constexpr int kRadiusAge = 25;  // steps between estimates of rho: it moves by a few per cent in as many
constexpr int kFirstRounds = 4, kRounds = 2;

}  // namespace

double ExplicitStep::adams_reach() const {
    double reach = 4 * adams_.h_before();
    if (left_ > 0) reach = std::min(reach, (damped() ? kDampedReach : kAdamsReach) / left_);
    if (adams_.most_damping() > 0) reach = std::min(reach, kMostDecay / adams_.most_damping());
    return reach;
}

// Beyond, stages would be paid for what damping does for nothing.
double ExplicitStep::longest_cheap() const {
    const double reach = adams_reach();
    return damped() && reach > 0 ? reach : kAny;
}

void ExplicitStep::refresh() {
    if (known(kRadiusAge)) return;
    damp();
    const Index size = model_.points();
    const std::vector<double> origin(at(size), 0.0);
    const double* damping = damped() ? adams_.damping()->data() : nullptr;
    const Field field = [&](const double* q, double* r) {
        if (cut()) return false;
        model_.stage(q, 0.0, r);
        for (Index i = 0; damping != nullptr && i < size; ++i) r[i] += damping[i] * q[i];
        return true;
    };
    const int rounds = known() ? kRounds : kFirstRounds;
    const double left = power_.estimate(field, origin.data(), model_.residuals().data(), size, rounds);
    if (left < 0) return;  // cut
    left_ = SpectralRadius::kSafety * left;
    note_radius(left_ + adams_.most_damping());
}

void ExplicitStep::damp() {
    std::vector<double> damping = model_.damping();
    if (damping.empty()) return;
    adams_.set_damping(std::make_shared<const std::vector<double>>(std::move(damping)), model_.residuals());
}

// The other is of another mesh over the same problem, and so of the same kind.
void ExplicitStep::follow(const CaptureStep& other) {
    const auto& same = static_cast<const ExplicitStep&>(other);
    rho_ = same.rho_;
    left_ = same.left_;
    if (same.damped()) adams_.set_damping(same.adams_.damping(), model_.residuals());
}

void ExplicitStep::attempt(double h, double /*fine*/) {
    stages_ = h > adams_reach();
    error_ = kAny;
    if (stages_) {
        if (!chebyshev(h)) return;
    } else {
        adams_.impulse(model_.residuals(), h, impulse_);
        model_.attempt(impulse_.data(), h);
    }
    const double off = adams_.judge(model_.residuals(), model_.trial_residuals(), impulse_, h, !stages_);
    error_ = model_.sum_r2() > 0 ? std::sqrt(off / model_.sum_r2()) : 0.0;  // at r = 0 nothing moves
}

bool ExplicitStep::chebyshev(double h) {
    const Index size = model_.points();
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
    if (!rkc_.step(field, origin.data(), model_.residuals().data(), size, h, stages)) return false;
    impulse_ = rkc_.y1();
    return true;
}

void ExplicitStep::look_into(double h) {
    length_ = h;
    whole_ = impulse_;
    end_ = model_.trial_residuals();
}

void ExplicitStep::attempt_within(double s) {
    const std::vector<double>& r = model_.residuals();
    const double x = s / length_, rising = x * x * (3 - 2 * x);
    const double start = s * (1 - x) * (1 - x), end = s * x * (x - 1);
    for (Index i = 0; i < model_.points(); ++i)
        impulse_[at(i)] = rising * whole_[at(i)] + start * r[at(i)] + end * end_[at(i)];
    model_.attempt(impulse_.data(), s);
}

void ExplicitStep::accept(double h) {
    model_.accept(h, adams_.before());
    adams_.accept(impulse_, h);
    note_accepted(stages_);
}

}  // namespace pl
