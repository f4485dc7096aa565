// The jets' recursion: residuals and gradients of the state, the coefficients of its Taylor polynomial order
// by order, and the state that the polynomial leads to.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "flow/jets.hpp"
#include "flow/kernels.hpp"
#include "flow/polynomial.hpp"
#include "kernel/inner.hpp"

namespace pl {

// `work` floating-point operations more are about to be done; whether they are to be left.
bool Jets::cut(double work) {
    constexpr double kBetween = 2e7;  // some 10 ms
    worked_ += work;
    if (worked_ < kBetween) return false;
    worked_ = 0.0;
    return cut_ && cut_();
}

// False: cut off half-way.
bool Jets::residual(const std::vector<double>& q, Residual what, std::vector<double>& r) {
    const bool with_labels = what != Residual::kOfCoefficient, may_be_cut = what != Residual::kOfState;
    const double scale = 1.0 / in_.p;
    if (in_.dense()) {
        for (int i = 0; i < in_.n; ++i) {
            const auto& who = pairs_.who[at(i)];
            if (may_be_cut && cut(2.0 * static_cast<double>(size_of(who) * in_.stride()))) return false;
            const double h =
                gather_dot(q.data(), in_.stride(), who.data(), static_cast<int>(who.size()), in_.row(i));
            r[at(i)] = (with_labels ? in_.y[i] : 0.0) - scale * h;
        }
        return true;
    }
    std::fill(r.begin(), r.end(), 0.0);
    for (Index l = 0; l < size_of(slot_norm_); ++l) r[at(slot_point_[at(l)])] += slot_norm_[at(l)] * q[at(l)];
    for (int i = 0; i < in_.n; ++i) r[at(i)] = (with_labels ? in_.y[i] : 0.0) - scale * r[at(i)];
    return true;
}

void Jets::gradient_of(int j, const std::vector<double>& r, double* g) const {
    if (in_.dense()) {
        const auto& on = pairs_.on[at(j)];
        gather_sum(in_.rows(), in_.stride(), on.data(), static_cast<int>(on.size()), r.data(), g);
        return;
    }
    for (Index l = offset_[at(j)]; l < offset_[at(j) + 1]; ++l) {
        *g++ = r[at(slot_point_[at(l)])] * slot_norm_[at(l)];
    }
}

void Jets::evaluate_residual() {
    for (Index j = 0; j < in_.p; ++j) {
        for (Index l = offset_[at(j)]; l < offset_[at(j + 1)]; ++l) q_[at(l)] = a_[0][at(j)] * w_[0][at(l)];
    }
    residual(q_, Residual::kOfState, r_[0]);
}

void Jets::evaluate_gradient() {
    ++evaluations_;
    for (int j = 0; j < in_.p; ++j) refresh_gradient(j);
}

void Jets::refresh_gradient(int j) {
    gradient_of(j, r_[0], s_[0].data() + offset_[at(j)]);
}

void Jets::push(int k) {
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    const double scale = 1.0 / (static_cast<double>(in_.n) * (k + 1));
    for (Index j = 0; j < in_.p; ++j) {
        const Index from = offset_[at(j)], width = offset_[at(j + 1)] - from;
        if (k > 0 && still_[at(j)]) {
            rest(static_cast<int>(j), k + 1);
            continue;
        }
        double* s = s_[at(k)].data() + from;
        const KinkBasis& slide = pairs_.slide[at(j)];
        mu_[at(k)][at(j)].assign(at(slide.size()), 0.0);
        if (slide.size() > 0 && !vanishes(k)) {
            slide.project(s, coeff_.data());
            slide.multipliers(coeff_.data(), mu_[at(k)][at(j)].data());
        }
        double sum = 0.0;
        for (int m = 0; m <= k; ++m) {
            rows[at(m)] = s_[at(k - m)].data() + from;
            weight[at(m)] = scale * a_[at(m)][at(j)];
            sum += dot(w_[at(m)].data() + from, rows[at(m)], width);
        }
        double* next = w_[at(k) + 1].data() + from;
        combine(rows.data(), weight.data(), k + 1, width, next);
        a_[at(k) + 1][at(j)] = scale * sum;
        norms_[at(k) + 1][at(j)] = std::sqrt(dot(next, next, width));
    }
}

void Jets::first() {
    for (Index j = 0; j < in_.p; ++j) {
        norms_[0][at(j)] = std::sqrt(dot(w_[0].data() + offset_[at(j)], w_[0].data() + offset_[at(j)],
                                         offset_[at(j + 1)] - offset_[at(j)]));
    }
    push(0);
    order_ = 1;
}

void Jets::rest(int j, int k) {
    std::fill_n(w_[at(k)].begin() + offset_[at(j)], width(j), 0.0);
    a_[at(k)][at(j)] = norms_[at(k)][at(j)] = 0.0;
}

void Jets::extend() {
    if (given_ < 0 && !extend_residual()) return;
    const int k = order_;
    for (int j = 0; j < in_.p; ++j) {
        if (still_[at(j)]) continue;
        if (cut(2.0 * static_cast<double>(size_of(pairs_.on[at(j)]) * in_.stride()))) return;
        double* g = s_[at(k)].data() + offset_[at(j)];
        if (vanishes(k))
            std::fill_n(g, width(j), 0.0);
        else
            gradient_of(j, r_[at(k)], g);
    }
    push(k);
    order_ = k + 1;
    ++evaluations_;
}

bool Jets::extend_residual() {
    const int k = order_;
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    for (Index j = 0; j < in_.p; ++j) {
        const Index from = offset_[at(j)];
        if (still_[at(j)]) {
            std::fill_n(q_.begin() + from, offset_[at(j + 1)] - from, 0.0);
            continue;
        }
        for (int m = 0; m <= k; ++m) {
            rows[at(m)] = w_[at(k - m)].data() + from;
            weight[at(m)] = a_[at(m)][at(j)];
        }
        combine(rows.data(), weight.data(), k + 1, offset_[at(j + 1)] - from, q_.data() + from);
    }
    return residual(q_, Residual::kOfCoefficient, r_[at(k)]);
}

void Jets::move_trial(double h) {
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    double power = 1.0;
    for (int k = 0; k <= order_; ++k, power *= h) weight[at(k)] = power;
    // from the highest order down, so that the small terms are added first
    std::reverse(weight.begin(), weight.begin() + order_ + 1);
    for (int k = 0; k <= order_; ++k) rows[at(k)] = w_[at(order_ - k)].data();
    combine(rows.data(), weight.data(), order_ + 1, offset_.back(), trial_w_.data());
    for (Index j = 0; j < in_.p; ++j) {
        if (still_[at(j)]) {
            std::copy_n(w_[0].begin() + offset_[at(j)], offset_[at(j + 1)] - offset_[at(j)],
                        trial_w_.begin() + offset_[at(j)]);
            trial_a_[at(j)] = a_[0][at(j)];
            continue;
        }
        double value = a_[at(order_)][at(j)];
        for (int k = order_ - 1; k >= 0; --k) value = value * h + a_[at(k)][at(j)];
        trial_a_[at(j)] = value;
        restore_trial(j);
    }
}

double Jets::attempt(double h) {
    move_trial(h);
    if (given_ >= 0) return 0.0;
    for (Index j = 0; j < in_.p; ++j) {
        for (Index l = offset_[at(j)]; l < offset_[at(j + 1)]; ++l)
            q_[at(l)] = trial_a_[at(j)] * trial_w_[at(l)];
    }
    if (!residual(q_, Residual::kOfTrial, trial_r_)) return std::numeric_limits<double>::quiet_NaN();
    return norm_sq(trial_r_.data(), size_of(trial_r_));
}

void Jets::accept() {
    w_[0].swap(trial_w_);
    a_[0].swap(trial_a_);
    r_[0].swap(trial_r_);
    order_ = 0;
}

double Jets::residual_sq(double h) const {
    double sum = 0.0;
    for (Index i = 0; i < in_.n; ++i) {
        double value = 0.0;
        for (int k = order_ - 1; k >= 0; --k) value = value * h + r_[at(k)][at(i)];
        sum += value * value;
    }
    return sum;
}

double Jets::residual_sq() const {
    return norm_sq(r_[0].data(), size_of(r_[0]));
}

double Jets::velocity_sq() const {
    double sum = 0.0;
    for (int j = 0; j < in_.p; ++j) sum += w_norm(1, j) * w_norm(1, j) + a(1, j) * a(1, j);
    return sum;
}

}  // namespace pl
