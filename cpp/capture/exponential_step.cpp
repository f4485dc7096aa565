#include "capture/exponential_step.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

constexpr int kProductAge = 8;  // steps between estimates of rho: it moves by a few per cent in as many
constexpr Index kRadiusProducts = 6;
constexpr double kRadiusSafety = 1.05;
// The defect of a step is only an estimate: its phi_3 to so much, by so many products.
constexpr double kLoose = 0.1;
constexpr Index kDefectProducts = 2;
// At rest: to so much of itself K r is taken apart, and that may grow by h rho in a step, which has to stay
// below 1.
constexpr double kRestFine = 1e-6, kRestReach = 3e4;

}  // namespace

// At rest the longest step that damps, with products in single precision.
double ExponentialStep::longest() const {
    return model_.at_rest() && rho_ > 0 ? kRestReach / rho_ : kAny;
}

void ExponentialStep::refresh() {
    if (!model_.at_rest() || known(kProductAge)) return;
    if (!spanned_) begin_space();
    spanned_ = space_.widen(product(), 1.0, 0.0, kRadiusProducts);
    if (spanned_) take_radius();
}

// Seen from few products it may be too small, never too large.
void ExponentialStep::take_radius() {
    if (space_.products() < std::min(kRadiusProducts, Index{model_.points()})) return;
    note_radius(kRadiusSafety * space_.radius());
}

Lanczos::Product ExponentialStep::product() {
    return [this](const double* v, double* out) {
        model_.product(v, out);
        return !cut();
    };
}

// At rest K r is a small difference of large terms, of which single precision leaves nothing.
void ExponentialStep::begin_space() {
    const Index size = model_.points();
    decay_.assign(model_.at_rest() ? at(size) : 0, 0.0);
    if (!decay_.empty()) model_.decay(decay_.data());
    space_.begin(decay_.empty() ? model_.residuals().data() : decay_.data(), size);
}

// Q = h phi_1(h K) r, at rest as h (r - h phi_2(h K) K r).
void ExponentialStep::take_impulse(double h) {
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

void ExponentialStep::attempt(double h, double fine) {
    known_error_ = true;
    error_ = kAny;
    if (predict(h, fine)) take_off(h);
}

// The impulse, what r would be at its end if the pattern lasted, and the trial. False: abandoned.
bool ExponentialStep::predict(double h, double fine) {
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
void ExponentialStep::take_off(double h) {
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

double ExponentialStep::error() {
    if (!known_error_) error_ = defect(tried_) / std::sqrt(model_.sum_r2());
    known_error_ = true;
    return error_;
}

// The norm of 2 phi_3(h K) N.
double ExponentialStep::defect(double h) {
    const Index size = model_.points();
    defect_space_.begin(linear_.data(), size);
    if (!defect_space_.widen(product(), h, kLoose, kDefectProducts)) return kAny;
    off_.resize(at(size));
    defect_space_.apply(3, h, off_.data());
    double sum = 0;
    for (const double q : off_) sum += q * q;
    return 2.0 * std::sqrt(sum);
}

void ExponentialStep::attempt_within(double s) {
    take_impulse(s);
    model_.attempt(impulse_.data(), s);
}

void ExponentialStep::accept(double h) {
    model_.accept(h, before_);
    spanned_ = false;
    note_accepted(true);
}

}  // namespace pl
