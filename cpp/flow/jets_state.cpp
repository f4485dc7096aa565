// The jets' state itself: its residuals, gradients and velocity.
#include <cmath>

#include "flow/jets.hpp"
#include "flow/kernels.hpp"
#include "kernel/inner.hpp"

namespace pl {

bool Jets::residual_of_state(bool asked) {
    const auto products = [this](Index from, Index to) {
        multiply_out(a_[0].data(), w_[0].data(), from, to);
    };
    return over_neurons(1.0, asked, products) && residual(q_.data(), in_.y, asked, r_[0]);
}

void Jets::evaluate_gradient() {
    gradients(r_[0], false);
}

bool Jets::evaluate_trial_gradient() {
    return gradients(trial_r_, true);
}

bool Jets::evaluate(bool asked) {
    return residual_of_state(asked) && evaluate_velocity(asked);
}

bool Jets::evaluate_velocity(bool asked) {
    return gradients(r_[0], asked) && first(asked);
}

bool Jets::gradients(const std::vector<double>& r, bool asked) {
    ++evaluations_;
    return over_neurons(2.0 * in_.n, asked, [&](Index from, Index to) {
        for (Index j = from; j < to; ++j) gradient_of(static_cast<int>(j), r, s_[0].data() + layout_.from(j));
    });
}

void Jets::refresh_gradient(int j) {
    gradient_of(j, r_[0], s_[0].data() + layout_.from(j));
}

bool Jets::first(bool asked) {
    const auto norms = [this](Index from, Index to) {
        for (Index j = from; j < to; ++j) {
            const double* w = w_[0].data() + layout_.from(j);
            norms_[0][at(j)] = std::sqrt(dot(w, w, layout_.width(j)));
        }
    };
    if (!over_neurons(2.0, asked, norms) || !push(0, asked)) return false;
    order_ = 1;
    return true;
}

double Jets::residual_sq() const {
    return norm_sq(r_[0].data(), size_of(r_[0]));
}

double Jets::velocity_sq() const {
    double sum = 0.0;
    for (int j = 0; j < in_.p; ++j) sum += w_norm(1, j) * w_norm(1, j) + a(1, j) * a(1, j);
    return sum / in_.unit() / in_.unit();
}

}  // namespace pl
