// The jets' recursion: the coefficients of their Taylor polynomial, order by order, and the state that it
// leads to.
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
    worked_ += work;
    if (worked_ < kBetween) return false;
    worked_ = 0.0;
    return cut_ && cut_();
}

// body(from, to) over [0, count), index k some work(k) operations, asking in between. False: cut off
// half-way.
template <class Work, class Body>
bool Jets::in_rounds(Index count, const Work& work, bool may_be_cut, const Body& body) {
    for (Index begin = 0, end = 0; begin < count; begin = end) {
        double sum = 0.0;
        while (end < count && sum < kBetween) sum += work(end++);
        if (may_be_cut && cut(sum)) return false;
        crew_.over(begin, end, sum, body);
    }
    return true;
}

// y - h, or -h without labels.
bool Jets::residual(const double* q, const double* labels, bool asked, std::vector<double>& r) {
    const double scale = 1.0 / in_.p;
    if (in_.dense()) {
        const auto work = [this](Index i) {
            return 2.0 * static_cast<double>(size_of(pairs_.who[at(i)]) * in_.stride());
        };
        return in_rounds(in_.n, work, asked, [&](Index from, Index to) {
            for (Index i = from; i < to; ++i) {
                const auto& who = pairs_.who[at(i)];
                const double h = gather_dot(q, in_.stride(), who.data(), static_cast<int>(who.size()),
                                            in_.row(static_cast<int>(i)));
                r[at(i)] = (labels != nullptr ? labels[i] : 0.0) - scale * h;
            }
        });
    }
    std::fill(r.begin(), r.end(), 0.0);
    for (Index l = 0; l < layout_.size(); ++l) r[at(layout_.point(l))] += layout_.norm(l) * q[l];
    for (int i = 0; i < in_.n; ++i) r[at(i)] = (labels != nullptr ? labels[i] : 0.0) - scale * r[at(i)];
    return true;
}

void Jets::gradient_of(int j, const std::vector<double>& r, double* g) const {
    if (in_.dense()) {
        const PointList on = pairs_.on(j);
        gather_sum(in_.rows(), in_.stride(), on.data(), on.size(), r.data(), g);
        return;
    }
    for (Index l = layout_.from(j); l < layout_.from(j + 1); ++l) {
        *g++ = r[at(layout_.point(l))] * layout_.norm(l);
    }
}

void Jets::multiply_out(const double* a, const double* w, Index from, Index to) {
    double* q = q_.data();
    for (Index j = from; j < to; ++j) {
        for (Index l = layout_.from(j); l < layout_.from(j + 1); ++l) q[l] = a[j] * w[l];
    }
}

bool Jets::push(int k, bool asked) {
    make_room(k + 1);
    return over_neurons(4.0 * (k + 1), asked, [this, k](Index from, Index to) {
        std::vector<double> scratch(at(in_.d));
        for (Index j = from; j < to; ++j) push_neuron(j, k, scratch);
    });
}

void Jets::push_neuron(Index j, int k, std::vector<double>& scratch) {
    if (k > 0 && still_[at(j)]) return rest(static_cast<int>(j), k + 1);
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    const double scale = in_.unit() / (static_cast<double>(in_.n) * (k + 1));
    const Index from = layout_.from(j), width = layout_.width(j);
    double* s = s_[at(k)].data() + from;
    const KinkBasis& slide = pairs_.slide(static_cast<int>(j));
    mu_[at(k)][at(j)].assign(at(slide.size()), 0.0);
    if (slide.size() > 0 && !vanishes(k)) {
        slide.project(s, scratch.data());
        slide.multipliers(scratch.data(), mu_[at(k)][at(j)].data());
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

void Jets::rest(int j, int k) {
    std::fill_n(w_[at(k)].data() + layout_.from(j), width(j), 0.0);
    a_[at(k)][at(j)] = norms_[at(k)][at(j)] = 0.0;
}

void Jets::stand() {
    for (int j = 0; j < in_.p; ++j)
        if (!still_[at(j)]) rest(j, 1);
    order_ = 1;
}

void Jets::extend() {
    if (given_ < 0 && !extend_residual()) return;
    const int k = order_;
    if (!coefficient_gradients() || !push(k, true)) return;
    order_ = k + 1;
    ++evaluations_;
}

bool Jets::coefficient_gradients() {
    const int k = order_;
    const auto work = [this](Index j) {
        return still_[at(j)]
                   ? 0.0
                   : 2.0 * static_cast<double>(pairs_.on(static_cast<int>(j)).size() * in_.stride());
    };
    return in_rounds(in_.p, work, true, [&](Index from, Index to) {
        for (int j = static_cast<int>(from); j < to; ++j) {
            if (still_[at(j)]) continue;
            double* g = s_[at(k)].data() + layout_.from(j);
            if (vanishes(k))
                std::fill_n(g, width(j), 0.0);
            else
                gradient_of(j, r_[at(k)], g);
        }
    });
}

bool Jets::extend_residual() {
    const int k = order_;
    const auto products = [this, k](Index begin, Index end) {
        std::array<const double*, kMaxOrder + 1> rows;
        std::array<double, kMaxOrder + 1> weight;
        for (Index j = begin; j < end; ++j) {
            const Index from = layout_.from(j);
            if (still_[at(j)]) {
                std::fill_n(q_.data() + from, layout_.width(j), 0.0);
                continue;
            }
            for (int m = 0; m <= k; ++m) {
                rows[at(m)] = w_[at(k - m)].data() + from;
                weight[at(m)] = a_[at(m)][at(j)];
            }
            combine(rows.data(), weight.data(), k + 1, layout_.width(j), q_.data() + from);
        }
    };
    return over_neurons(2.0 * (k + 1), true, products) && residual(q_.data(), nullptr, true, r_[at(k)]);
}

bool Jets::move_trial(double h, bool asked) {
    const double in_units = h / in_.unit();
    const auto move = [=](Index from, Index to) { move_trial(in_units, from, to); };
    return over_neurons(2.0 * (order_ + 2), asked, move);
}

void Jets::move_trial(double h, Index begin, Index end) {
    std::array<const double*, kMaxOrder + 1> rows;
    std::array<double, kMaxOrder + 1> weight;
    std::vector<double> scratch(at(in_.d));
    double power = 1.0;
    for (int k = 0; k <= order_; ++k, power = next_power(power, h)) weight[at(k)] = power;
    // from the highest order down, so that the small terms are added first
    std::reverse(weight.begin(), weight.begin() + order_ + 1);
    const Index first = layout_.from(begin);
    for (int k = 0; k <= order_; ++k) rows[at(k)] = w_[at(order_ - k)].data() + first;
    combine(rows.data(), weight.data(), order_ + 1, layout_.from(end) - first, trial_w_.data() + first);
    for (Index j = begin; j < end; ++j) {
        if (still_[at(j)]) {
            std::copy_n(w_[0].data() + layout_.from(j), layout_.width(j), trial_w_.data() + layout_.from(j));
            trial_a_[at(j)] = a_[0][at(j)];
            continue;
        }
        double value = a_[at(order_)][at(j)];
        for (int k = order_ - 1; k >= 0; --k) value = value * h + a_[at(k)][at(j)];
        trial_a_[at(j)] = value;
        restore_trial(j, scratch);
    }
}

double Jets::attempt(double h) {
    if (!move_trial(h, true)) return std::numeric_limits<double>::quiet_NaN();
    return given_ >= 0 ? 0.0 : trial_residual_sq();
}

void Jets::place(int j, const double* w, double a) {
    std::copy_n(w, width(j), trial_w_.data() + layout_.from(j));
    trial_a_[at(j)] = a;
}

double Jets::trial_residual_sq() {
    const auto products = [this](Index from, Index to) {
        multiply_out(trial_a_.data(), trial_w_.data(), from, to);
    };
    if (!over_neurons(1.0, true, products) || !residual(q_.data(), in_.y, true, trial_r_))
        return std::numeric_limits<double>::quiet_NaN();
    return norm_sq(trial_r_.data(), size_of(trial_r_));
}

void Jets::accept() {
    std::swap(w_[0], trial_w_);
    a_[0].swap(trial_a_);
    r_[0].swap(trial_r_);
    order_ = 0;
}

double Jets::residual_of_series(Index i, double h) const {
    double value = 0.0;
    for (int k = order_ - 1; k >= 0; --k) value = value * h + r_[at(k)][at(i)];
    return value;
}

double Jets::residual_sq(double h) const {
    double sum = 0.0;
    h /= in_.unit();
    for (Index i = 0; i < in_.n; ++i) {
        const double value = residual_of_series(i, h);
        sum += value * value;
    }
    return sum;
}

double Jets::off_series(double h) const {
    double sum = 0.0;
    h /= in_.unit();
    for (Index i = 0; i < in_.n; ++i) {
        const double value = trial_r_[at(i)] - residual_of_series(i, h);
        sum += value * value;
    }
    return std::sqrt(sum);
}

}  // namespace pl
