#include "flow/quiet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "flow/step_size.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kBelow = 1e-4;    // of the limit, at the start of a step: they grow in it
constexpr double kBeyond = 1e2;    // of it, at the end: growth was faster than at the start
constexpr double kCautious = 1.5;  // of the rate of growth

Problem<double> of_one_neuron(Problem<double> problem) {
    problem.p = 1;
    return problem;
}

}  // namespace

Quiet::Quiet(const Problem<double>& problem, const OnNeurons& flow)
    : OnNeurons(flow),
      alone_(of_one_neuron(problem)),
      pair_(alone_.n, alone_.d, 1, alone_.dense()),
      jet_(alone_, pair_, natural_),
      noise_alone_(alone_),
      near_(alone_),
      switch_(alone_, pair_, jet_, noise_alone_, near_, journal_),
      search_(alone_, pair_, jet_, noise_alone_, near_),
      possible_(in_.dense() && !options_.dense && options_.watch == nullptr) {}

double Quiet::choose() {
    chosen_.clear();
    double within = kInfinity;
    const double limit = kEps * in_.largest_label() / in_.largest_norm();
    for (int j = 0; j < in_.p && possible_; ++j) {
        if (!pairs_.moves(j)) continue;
        const double w = jets_.w_norm(0, j), a = std::abs(jets_.a(0, j));
        const double size = 0.5 * (w * w + a * a);
        if (!(size <= kBelow * limit) || w == 0.0) continue;
        const double rate = a > 0.0 ? jets_.w_norm(1, j) / a : std::abs(jets_.a(1, j)) / w;
        within = std::min(within, in_.unit() * std::log(limit / size) / (2.0 * kCautious * rate));
        chosen_.push_back(j);
    }
    jets_.hold_still(chosen_);
    return within;
}

void Quiet::forget() {
    chosen_.clear();
    jets_.hold_still(chosen_);
}

bool Quiet::follow(double t, double h, const std::function<bool()>& cut) {
    residuals_.clear();
    for (int k = 0; k < std::max(jets_.order(), 1); ++k) residuals_.push_back(jets_.r(k));
    const auto zero = [](const std::vector<double>& r) {
        return std::all_of(r.begin(), r.end(), [](double value) { return value == 0.0; });
    };
    while (residuals_.size() > 1 && zero(residuals_.back())) residuals_.pop_back();
    moved_.clear();
    journal_.hold();
    const Index before = jet_.evaluations();
    for (int j : chosen_) {
        if (!cut() && follow(j, t, h)) continue;
        journal_.forget();
        return false;
    }
    evaluations_ += (jet_.evaluations() - before + in_.p - 1) / in_.p;
    return true;
}

void Quiet::load(int j) {
    const auto from = pairs_.modes.begin() + pairs_.index(j, 0);
    std::copy(from, from + in_.n, pair_.modes.begin());
    pair_.list();
    pair_.slide[0] = pairs_.slide[at(j)];
    const double a = jets_.a(0, j);
    jet_.set_state(jets_.w(0, j), &a);
    jet_.hold_invariants({jets_.invariants()[at(j)]});
    noise_alone_.recall({noise_.largest_w()[at(j)]}, {noise_.largest_a()[at(j)]});
    switch_.recall({switcher_.sign()[at(j)]});
}

bool Quiet::follow(int j, double t, double h) {
    load(j);
    journal_.of_neuron(j);
    jet_.drive(residuals_, 0.0);
    jet_.evaluate_gradient();
    jet_.first();
    const int most = 64 + 8 * (in_.n + 1);
    double at_time = 0.0, instant = 0.0;
    for (int burst = 0; at_time < h;) {
        const double step = advance(t + at_time, h - at_time);
        if (!(step >= 0.0)) return false;
        at_time = step >= h - at_time ? h : at_time + step;
        if (at_time > instant * (1.0 + 1e-12)) burst = 0;
        instant = at_time;
        if (++burst > most || !settle_releases(t + at_time)) return false;
        noise_alone_.follow(jet_);
        switch_.follow_sign();
    }
    take(j);
    const double a = jet_.a(0, 0), w = jet_.w_norm(0, 0);
    return 0.5 * (w * w + a * a) <= kBeyond * kEps * in_.largest_label() / in_.largest_norm();
}

// A step of at most `left`, to the next event; NaN if there is none.
double Quiet::advance(double t, double left) {
    const double from = jet_.driven();
    double h = 0.0;
    std::vector<Event> events;
    do {
        jet_.extend();
        h = std::min(trusted_step(jet_, 1, options_.rtol, options_.atol), left);
        events = search_.search(t, h, switch_.sign());
        if (!events.empty()) h = std::min(h, events.front().t);
    } while (events.empty() && h < left && jet_.order() < natural_);
    if (events.empty() && !(t + h > t)) return std::numeric_limits<double>::quiet_NaN();
    while (!events.empty() && events.back().t > h * (1.0 + 1e-12)) events.pop_back();
    jet_.attempt(h);
    jet_.accept();
    jet_.drive(residuals_, from + h);
    jet_.evaluate_gradient();
    switch_.apply(t + h, events);
    jet_.first();
    const bool landed = std::any_of(events.begin(), events.end(), [](const Event& e) {
        return e.kind == EventKind::kCross || e.kind == EventKind::kOuterZero;
    });
    if (landed) journal_.event();
    return h;
}

bool Quiet::settle_releases(double t) {
    const int most = 64 + 8 * (in_.n + 1);
    for (int count = 0; switch_.release(t); ++count) {
        if (count > most) return false;
        jet_.evaluate_gradient();
        jet_.first();
        if (count == 0) journal_.event();
    }
    return true;
}

void Quiet::take(int j) {
    Moved moved{j,
                std::vector<double>(at(in_.d)),
                0.0,
                switch_.sign()[0],
                noise_alone_.largest_w()[0],
                noise_alone_.largest_a()[0],
                pair_.modes,
                pair_.slide[0]};
    jet_.write_state(0, moved.w.data(), &moved.a);
    moved_.push_back(std::move(moved));
}

void Quiet::commit() {
    std::vector<double> sign = switcher_.sign();
    for (Moved& m : moved_) {
        const int j = m.neuron;
        std::copy(m.w.begin(), m.w.end(), jets_.state(j));
        jets_.set_outer(j, m.a);
        for (int i = 0; i < in_.n; ++i) pairs_.set(j, i, m.modes[at(i)]);
        pairs_.slide[at(j)] = std::move(m.slide);
        sign[at(j)] = m.sign;
        noise_.grow(j, m.largest_w, m.largest_a);
    }
    switcher_.recall(sign);
    journal_.tell();
    moved_.clear();
}

}  // namespace pl
