#include "capture/step.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pl {
namespace {

constexpr double kAdamsReach = 0.95;   // of h rho; 1 is the limit of stability at constant steps
constexpr double kDampedReach = 0.52;  // 6/11 without damping
constexpr double kMostDecay = 256;     // D h of a step: its exponential is still a number
// Steps between estimates of rho, by products with K, or by right-hand sides: it moves by a few per cent in
// as many.
constexpr int kProductAge = 8, kRadiusAge = 25;
constexpr int kFirstRounds = 4, kRounds = 2;
constexpr Index kRadiusProducts = 6;
constexpr double kRadiusSafety = 1.05;
// The defect of a step is only an estimate: its phi_3 to so much, by so many products.
constexpr double kLoose = 0.1;
constexpr Index kDefectProducts = 2;
// At rest: to so much of itself K r is taken apart, and that may grow by h rho in a step, which has to stay
// below 1.
constexpr double kRestFine = 1e-6, kRestReach = 3e4;

}  // namespace

double CaptureStep::adams_reach() const {
    double reach = 4 * adams_.h_before();
    if (undamped_ > 0) reach = std::min(reach, (damped() ? kDampedReach : kAdamsReach) / undamped_);
    if (adams_.most_damping() > 0) reach = std::min(reach, kMostDecay / adams_.most_damping());
    return reach;
}

double CaptureStep::longest() const {
    return model_.at_rest() && rho_ > 0 ? kRestReach / rho_ : std::numeric_limits<double>::infinity();
}

void CaptureStep::refresh() {
    if (model_.has_product()) {
        if (!model_.at_rest()) return;  // every step shows it, and none is held by it
        if (known_ && age_ < kProductAge) return;
        if (!spanned_) begin_space();
        spanned_ = space_.widen(product(), 1.0, 0.0, kRadiusProducts);
        if (spanned_) take_radius();
        return;
    }
    if (known_ && age_ < kRadiusAge) return;
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
    const double left = power_.estimate(field, origin.data(), model_.residuals().data(), size,
                                        known_ ? kRounds : kFirstRounds);
    if (left < 0) return;  // cut
    undamped_ = SpectralRadius::kSafety * left;
    rho_ = undamped_ + adams_.most_damping();
    known_ = true;
    age_ = 0;
}

// Seen from few products it may be too small, never too large.
void CaptureStep::take_radius() {
    if (space_.products() < std::min(kRadiusProducts, Index{model_.points()})) return;
    undamped_ = rho_ = kRadiusSafety * space_.radius();
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

void CaptureStep::attempt(double h, double fine) {
    last_stabilised_ = model_.has_product() || h > adams_reach();
    known_error_ = true;
    error_ = std::numeric_limits<double>::infinity();
    if (model_.has_product()) {
        if (exponential(h, fine)) take_off(h);
        return;
    }
    if (last_stabilised_) {
        if (!chebyshev(h)) return;
    } else {
        adams_.impulse(model_.residuals(), h, impulse_);
        model_.attempt(impulse_.data(), h);
    }
    const double off =
        adams_.judge(model_.residuals(), model_.trial_residuals(), impulse_, h, !last_stabilised_);
    error_ = model_.sum_r2() > 0 ? std::sqrt(off / model_.sum_r2()) : 0.0;  // at r = 0 nothing moves
}

bool CaptureStep::chebyshev(double h) {
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

Lanczos::Product CaptureStep::product() {
    return [this](const double* v, double* out) {
        model_.product(v, out);
        return !cut();
    };
}

// At rest K r is a small difference of large terms, of which single precision leaves nothing.
void CaptureStep::begin_space() {
    const Index size = model_.points();
    decay_.assign(model_.at_rest() ? at(size) : 0, 0.0);
    if (!decay_.empty()) model_.decay(decay_.data());
    space_.begin(decay_.empty() ? model_.residuals().data() : decay_.data(), size);
}

// Q = h phi_1(h K) r, at rest as h (r - h phi_2(h K) K r).
void CaptureStep::take_impulse(double h) {
    impulse_.resize(at(model_.points()));
    if (decay_.empty()) {
        space_.apply(1, h, impulse_.data());
        for (double& q : impulse_) q *= h;
        return;
    }
    space_.apply(2, h, impulse_.data());
    for (Index i = 0; i < model_.points(); ++i)
        impulse_[at(i)] = h * (model_.residuals()[at(i)] - h * impulse_[at(i)]);
}

bool CaptureStep::exponential(double h, double fine) {
    const Index size = model_.points();
    if (!spanned_) begin_space();
    spanned_ = space_.widen(product(), h, decay_.empty() ? fine : std::min(fine, kRestFine));
    if (!spanned_) return false;
    take_radius();
    take_impulse(h);
    linear_.resize(at(size));
    if (decay_.empty()) {
        space_.apply(0, h, linear_.data());
    } else {
        space_.apply(1, h, linear_.data());
        for (Index i = 0; i < size; ++i) linear_[at(i)] = model_.residuals()[at(i)] - h * linear_[at(i)];
    }
    model_.attempt(impulse_.data(), h);
    return !std::isnan(model_.trial_residuals()[0]);
}

// What is left of r(Q) beside r - K Q, N, shows at the end of the step in r. If it has grown like t^2 there,
// Q is off by 2 h phi_3(h K) N, at most a third of h N.
void CaptureStep::take_off(double h) {
    tried_ = h;
    double sum = 0;
    for (Index i = 0; i < model_.points(); ++i) {
        double& left = linear_[at(i)];
        left = model_.trial_residuals()[at(i)] - left;
        sum += left * left;
    }
    bound_ = model_.sum_r2() > 0 ? std::sqrt(sum / model_.sum_r2()) / 3.0 : 0.0;
    known_error_ = !(bound_ > 0.0);
    error_ = bound_;
}

double CaptureStep::error() {
    if (!known_error_) error_ = defect(tried_) / std::sqrt(model_.sum_r2());
    known_error_ = true;
    return error_;
}

// The norm of 2 phi_3(h K) N.
double CaptureStep::defect(double h) {
    const Index size = model_.points();
    defect_space_.begin(linear_.data(), size);
    if (!defect_space_.widen(product(), h, kLoose, kDefectProducts))
        return std::numeric_limits<double>::infinity();
    off_.resize(at(size));
    defect_space_.apply(3, h, off_.data());
    double sum = 0;
    for (const double q : off_) sum += q * q;
    return 2.0 * std::sqrt(sum);
}

void CaptureStep::look_into(double h) {
    length_ = h;
    whole_ = impulse_;
    end_ = model_.trial_residuals();
}

void CaptureStep::attempt_within(double s) {
    const std::vector<double>& r = model_.residuals();
    if (model_.has_product()) {
        take_impulse(s);
        model_.attempt(impulse_.data(), s);
        return;
    }
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
    spanned_ = false;
    stabilised_ += last_stabilised_ ? 1 : 0;
}

}  // namespace pl
