#include "flow/jets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/kernels.hpp"

namespace pl {
namespace {

void clear(Buffer<double>& numbers, Index count) {
    if (numbers.size() == count)
        std::fill_n(numbers.data(), count, 0.0);
    else
        numbers = Buffer<double>(count);
}

}  // namespace

Jets::Jets(const Inputs& inputs, const Pairs& pairs, int max_order, Crew crew)
    : in_(inputs), pairs_(pairs), crew_(crew), layout_(inputs) {
    const std::size_t orders = at(max_order) + 1, p = at(in_.p);
    w_.resize(orders);
    s_.resize(orders);
    a_.resize(orders);
    r_.assign(orders, std::vector<double>(at(in_.n), 0.0));
    norms_.resize(orders);
    mu_.resize(orders);
    trial_a_.resize(p);
    trial_mu_.resize(p);
    trial_r_.resize(at(in_.n));
    coeff_.resize(at(in_.d));
    still_.assign(p, false);
}

// Where neurons are many, cells move them: what would lie in the orders beyond is all zeros, and most of the
// time of a run that is left soon (p = 10^6: 0.2 s to give them back).
void Jets::make_room(int k) {
    for (; roomy_ <= k; ++roomy_) {
        for (auto* level : {&w_, &s_}) clear((*level)[at(roomy_)], layout_.size());
        for (auto* level : {&a_, &norms_}) (*level)[at(roomy_)].assign(at(in_.p), 0.0);
        mu_[at(roomy_)].resize(at(in_.p));
    }
}

bool Jets::set_state(const double* W, const double* a, bool asked) {
    layout_.lay_out(pairs_, W);
    const Index room = layout_.size();
    for (auto* level : {&w_, &s_}) {
        for (int k = 0; k < roomy_; ++k) clear((*level)[at(k)], room);
    }
    make_room(1);
    for (auto* numbers : {&q_, &trial_w_, &trial_s_}) clear(*numbers, room);
    std::copy(a, a + in_.p, a_[0].begin());
    order_ = 0;
    return over_neurons(1.0, asked, [&](Index from, Index to) { layout_.pack(W, from, to, w_[0].data()); });
}

void Jets::bury(int j, int i) {
    const Index place = layout_.bury(j, i, w_[0].data());
    for (auto* level : {&w_, &s_}) {
        for (int k = 0; k < roomy_; ++k) (*level)[at(k)].data()[place] = 0.0;
    }
    if (!layout_.crowded()) return;
    std::vector<double> W(layout_.outside().size()), a = a_[0];
    write_state(0, W.data(), nullptr);
    set_state(W.data(), a.data());
}

void Jets::hold_still(const std::vector<int>& neurons) {
    if (some_still_) still_.assign(still_.size(), false);
    some_still_ = !neurons.empty();
    for (int j : neurons) still_[at(j)] = true;
}

void Jets::drive(const std::vector<std::vector<double>>& series, double tau) {
    const Index given = std::min(size_of(series), size_of(r_));
    given_ = static_cast<int>(given);
    tau_ = tau;
    tau /= in_.unit();
    for (Index k = 0; k < given; ++k) {
        std::fill(r_[at(k)].begin(), r_[at(k)].end(), 0.0);
        double factor = 1.0;  // C(l, k) tau^(l - k)
        for (Index l = k; l < size_of(series); ++l) {
            for (Index i = 0; i < in_.n; ++i) r_[at(k)][at(i)] += factor * series[at(l)][at(i)];
            factor *= tau * static_cast<double>(l + 1) / static_cast<double>(l + 1 - k);
        }
    }
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

void Jets::restore_trial(Index j, std::vector<double>& scratch) {
    const KinkBasis& slide = pairs_.slide(static_cast<int>(j));
    if (slide.size() > 0) slide.project(trial_w_.data() + layout_.from(j), scratch.data());
    restore_invariant(j);
}

// Lemma 1, at the trial state: the larger of the two weights follows from the smaller.
void Jets::restore_invariant(Index j) {
    double* w = trial_w_.data() + layout_.from(j);
    const Index length = layout_.width(j);
    const double square = dot(w, w, length), invariant = invariant_[at(j)];
    if (invariant >= 0.0) {
        const double sign = a_[0][at(j)] != 0.0 ? a_[0][at(j)] : trial_a_[at(j)];
        trial_a_[at(j)] = std::copysign(std::sqrt(invariant + square), sign);
    } else if (square > 0.0) {
        const double scale = std::sqrt((trial_a_[at(j)] * trial_a_[at(j)] - invariant) / square);
        for (Index l = 0; l < length; ++l) w[l] *= scale;
    }
}

void Jets::zero(int j) {
    std::fill(state(j), state(j) + width(j), 0.0);
}

void Jets::project_state(int j) {
    if (pairs_.slide(j).size() > 0) pairs_.slide(j).project(state(j), coeff_.data());
}

void Jets::write_state(int k, double* W, double* a) const {
    const std::vector<double>& outside = layout_.outside();
    if (!in_.dense() && k == 0) std::copy(outside.begin(), outside.end(), W);
    if (!in_.dense() && k > 0) std::fill(W, W + outside.size(), 0.0);
    layout_.unpack(w_[at(k)].data(), W);
    if (a) std::copy(a_[at(k)].begin(), a_[at(k)].end(), a);
    for (int power = 0; power < k && in_.unit() != 1.0; ++power) {
        for (Index l = 0; l < size_of(outside); ++l) W[l] /= in_.unit();
        for (Index j = 0; j < in_.p && a; ++j) a[j] /= in_.unit();
    }
}

void Jets::write_polynomial(double* to) const {
    const Index pd = Index{in_.p} * in_.d;
    for (int k = 0; k <= order_; ++k, to += pd + in_.p) write_state(k, to, to + pd);
}

void Jets::state_within(double h, double* W, double* a) {
    move_trial(h, false);
    if (!in_.dense()) std::copy(layout_.outside().begin(), layout_.outside().end(), W);
    layout_.unpack(trial_w_.data(), W);
    std::copy(trial_a_.begin(), trial_a_.end(), a);
}

}  // namespace pl
