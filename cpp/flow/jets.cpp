#include "flow/jets.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "flow/kernels.hpp"
#include "flow/polynomial.hpp"

namespace pl {
namespace {

std::size_t padded(std::size_t width) {
    return (width + kPad - 1) / kPad * kPad;
}

}  // namespace

Jets::Jets(const Inputs& inputs, const Pairs& pairs, int max_order)
    : in_(inputs), pairs_(pairs), offset_(at(inputs.p) + 1, 0) {
    const std::size_t orders = at(max_order) + 1, p = at(in_.p);
    w_.resize(orders);
    s_.resize(orders);
    a_.assign(orders, std::vector<double>(p, 0.0));
    r_.assign(orders, std::vector<double>(at(in_.n), 0.0));
    norms_.assign(orders, std::vector<double>(p, 0.0));
    mu_.assign(orders, std::vector<std::vector<double>>(p));
    trial_a_.resize(p);
    trial_mu_.resize(p);
    trial_r_.resize(at(in_.n));
    coeff_.resize(at(in_.d));
}

void Jets::set_state(const double* W, const double* a) {
    outside_.assign(W, W + at(in_.p) * at(in_.d));
    std::copy(a, a + in_.p, a_[0].begin());
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        offset_[j + 1] = offset_[j] + (in_.dense() ? in_.stride() : padded(pairs_.on[j].size()));
    }
    for (auto* level : {&w_, &s_}) {
        for (auto& flat : *level) flat.assign(offset_.back(), 0.0);
    }
    q_.assign(offset_.back(), 0.0);
    slot_point_.assign(in_.dense() ? 0 : offset_.back(), 0);
    slot_norm_.assign(slot_point_.size(), 0.0);
    buried_ = 0;
    trial_w_.assign(offset_.back(), 0.0);
    trial_s_.assign(offset_.back(), 0.0);
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        const double* row = W + j * at(in_.d);
        double* to = w_[0].data() + offset_[j];
        if (in_.dense()) {
            std::copy(row, row + in_.d, to);
            continue;
        }
        for (std::size_t l = 0; l < pairs_.on[j].size(); ++l) {
            const int i = pairs_.on[j][l];
            to[l] = row[i];
            slot_point_[offset_[j] + l] = i;
            slot_norm_[offset_[j] + l] = in_.norm(i);
        }
    }
    order_ = 0;
}

void Jets::bury(int j, int i) {
    const auto from = slot_point_.begin() + static_cast<std::ptrdiff_t>(offset_[at(j)]);
    const auto found = std::find(from, slot_point_.end(), i);
    const auto slot = static_cast<std::size_t>(found - slot_point_.begin());
    outside_[at(j) * at(in_.d) + at(i)] = w_[0][slot];
    slot_norm_[slot] = 0.0;
    for (auto* level : {&w_, &s_}) {
        for (auto& flat : *level) flat[slot] = 0.0;
    }
    if (4 * ++buried_ < slot_norm_.size()) return;
    std::vector<double> W(outside_.size()), a = a_[0];  // too many graves: close the ranks
    write_state(0, W.data(), nullptr);
    set_state(W.data(), a.data());
}

void Jets::hold_invariants() {
    constexpr double kEps = std::numeric_limits<double>::epsilon();
    invariant_.resize(at(in_.p));
    for (int j = 0; j < in_.p; ++j) {
        const double w = dot(state(j), state(j), width(j)), a = a_[0][at(j)] * a_[0][at(j)];
        const double rounding = (8.0 + 0.25 * static_cast<double>(width(j))) * kEps * (w + a);
        invariant_[at(j)] = std::abs(a - w) <= rounding ? 0.0 : a - w;
    }
}

void Jets::restore_trial(std::size_t j) {
    if (pairs_.slide[j].size() > 0) pairs_.slide[j].project(trial_w_.data() + offset_[j], coeff_.data());
    restore_invariant(j);
}

// Lemma 1, at the trial state: the larger of the two weights follows from the smaller.
void Jets::restore_invariant(std::size_t j) {
    double* w = trial_w_.data() + offset_[j];
    const std::size_t length = offset_[j + 1] - offset_[j];
    const double square = dot(w, w, length), invariant = invariant_[j];
    if (invariant >= 0.0) {
        const double sign = a_[0][j] != 0.0 ? a_[0][j] : trial_a_[j];
        trial_a_[j] = std::copysign(std::sqrt(invariant + square), sign);
    } else if (square > 0.0) {
        const double scale = std::sqrt((trial_a_[j] * trial_a_[j] - invariant) / square);
        for (std::size_t l = 0; l < length; ++l) w[l] *= scale;
    }
}

void Jets::zero(int j) {
    std::fill(state(j), state(j) + width(j), 0.0);
}

void Jets::residual(const std::vector<double>& q, bool with_labels, std::vector<double>& r) const {
    const double scale = 1.0 / in_.p;
    if (in_.dense()) {
        for (int i = 0; i < in_.n; ++i) {
            const auto& who = pairs_.who[at(i)];
            const double h =
                gather_dot(q.data(), in_.stride(), who.data(), static_cast<int>(who.size()), in_.row(i));
            r[at(i)] = (with_labels ? in_.y[i] : 0.0) - scale * h;
        }
        return;
    }
    std::fill(r.begin(), r.end(), 0.0);
    for (std::size_t l = 0; l < slot_norm_.size(); ++l) r[at(slot_point_[l])] += slot_norm_[l] * q[l];
    for (int i = 0; i < in_.n; ++i) r[at(i)] = (with_labels ? in_.y[i] : 0.0) - scale * r[at(i)];
}

void Jets::gradient_of(int j, const std::vector<double>& r, double* g) const {
    if (in_.dense()) {
        const auto& on = pairs_.on[at(j)];
        gather_sum(in_.rows(), in_.stride(), on.data(), static_cast<int>(on.size()), r.data(), g);
        return;
    }
    for (std::size_t l = offset_[at(j)]; l < offset_[at(j) + 1]; ++l) {
        *g++ = r[at(slot_point_[l])] * slot_norm_[l];
    }
}

void Jets::evaluate_residual() {
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        for (std::size_t l = offset_[j]; l < offset_[j + 1]; ++l) q_[l] = a_[0][j] * w_[0][l];
    }
    residual(q_, true, r_[0]);
}

void Jets::evaluate_gradient() {
    ++evaluations_;
    for (int j = 0; j < in_.p; ++j) refresh_gradient(j);
}

void Jets::refresh_gradient(int j) {
    gradient_of(j, r_[0], s_[0].data() + offset_[at(j)]);
}

void Jets::project_state(int j) {
    if (pairs_.slide[at(j)].size() > 0) pairs_.slide[at(j)].project(state(j), coeff_.data());
}

void Jets::push(int k) {
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    const double scale = 1.0 / (static_cast<double>(in_.n) * (k + 1));
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        const std::size_t from = offset_[j], width = offset_[j + 1] - from;
        double* s = s_[at(k)].data() + from;
        const KinkBasis& slide = pairs_.slide[j];
        mu_[at(k)][j].resize(at(slide.size()));
        if (slide.size() > 0) {
            slide.project(s, coeff_.data());
            slide.multipliers(coeff_.data(), mu_[at(k)][j].data());
        }
        double sum = 0.0;
        for (int m = 0; m <= k; ++m) {
            rows[at(m)] = s_[at(k - m)].data() + from;
            weight[at(m)] = scale * a_[at(m)][j];
            sum += dot(w_[at(m)].data() + from, rows[at(m)], width);
        }
        double* next = w_[at(k) + 1].data() + from;
        combine(rows.data(), weight.data(), k + 1, width, next);
        a_[at(k) + 1][j] = scale * sum;
        norms_[at(k) + 1][j] = std::sqrt(dot(next, next, width));
    }
}

void Jets::first() {
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        norms_[0][j] =
            std::sqrt(dot(w_[0].data() + offset_[j], w_[0].data() + offset_[j], offset_[j + 1] - offset_[j]));
    }
    push(0);
    order_ = 1;
}

void Jets::extend() {
    const int k = order_;
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        const std::size_t from = offset_[j];
        for (int m = 0; m <= k; ++m) {
            rows[at(m)] = w_[at(k - m)].data() + from;
            weight[at(m)] = a_[at(m)][j];
        }
        combine(rows.data(), weight.data(), k + 1, offset_[j + 1] - from, q_.data() + from);
    }
    residual(q_, false, r_[at(k)]);
    for (int j = 0; j < in_.p; ++j) gradient_of(j, r_[at(k)], s_[at(k)].data() + offset_[at(j)]);
    push(k);
    order_ = k + 1;
    ++evaluations_;
}

double Jets::attempt(double h) {
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    double power = 1.0;
    for (int k = 0; k <= order_; ++k, power *= h) weight[at(k)] = power;
    // from the highest order down, so that the small terms are added first
    std::reverse(weight.begin(), weight.begin() + order_ + 1);
    for (int k = 0; k <= order_; ++k) rows[at(k)] = w_[at(order_ - k)].data();
    combine(rows.data(), weight.data(), order_ + 1, offset_.back(), trial_w_.data());
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        double value = a_[at(order_)][j];
        for (int k = order_ - 1; k >= 0; --k) value = value * h + a_[at(k)][j];
        trial_a_[j] = value;
        restore_trial(j);
        for (std::size_t l = offset_[j]; l < offset_[j + 1]; ++l) q_[l] = trial_a_[j] * trial_w_[l];
    }
    residual(q_, true, trial_r_);
    double sum = 0.0;
    for (double r : trial_r_) sum += r * r;
    return sum;
}

void Jets::accept() {
    w_[0].swap(trial_w_);
    a_[0].swap(trial_a_);
    r_[0].swap(trial_r_);
    order_ = 0;
}

double Jets::residual_sq(double h) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < at(in_.n); ++i) {
        double value = 0.0;
        for (int k = order_ - 1; k >= 0; --k) value = value * h + r_[at(k)][i];
        sum += value * value;
    }
    return sum;
}

double Jets::residual_sq() const {
    double sum = 0.0;
    for (double r : r_[0]) sum += r * r;
    return sum;
}

double Jets::velocity_sq() const {
    double sum = 0.0;
    for (int j = 0; j < in_.p; ++j) sum += w_norm(1, j) * w_norm(1, j) + a(1, j) * a(1, j);
    return sum;
}

void Jets::write_state(int k, double* W, double* a) const {
    if (!in_.dense() && k == 0 && W != outside_.data()) std::copy(outside_.begin(), outside_.end(), W);
    if (!in_.dense() && k > 0) std::fill(W, W + outside_.size(), 0.0);
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        const double* from = w_[at(k)].data() + offset_[j];
        double* row = W + j * at(in_.d);
        if (in_.dense()) std::copy(from, from + in_.d, row);
        for (std::size_t l = offset_[j]; !in_.dense() && l < offset_[j + 1]; ++l, ++from) {
            if (slot_norm_[l] > 0.0) row[slot_point_[l]] = *from;
        }
    }
    if (a) std::copy(a_[at(k)].begin(), a_[at(k)].end(), a);
}

}  // namespace pl
