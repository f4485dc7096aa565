#include "flow/alone.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "flow/step_size.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

Problem<double> of_one_neuron(Problem<double> problem) {
    problem.p = 1;
    return problem;
}

}  // namespace

Alone::Alone(const Problem<double>& problem, const OnNeurons& flow)
    : OnNeurons(flow),
      alone_(of_one_neuron(problem)),
      pair_(alone_.n, alone_.d, 1, alone_.dense()),
      jet_(alone_, pair_, natural_),
      noise_alone_(alone_),
      near_(alone_),
      switch_(alone_, pair_, jet_, noise_alone_, near_, journal_),
      search_(alone_, pair_, jet_, noise_alone_, near_) {}

void Alone::begin() {
    residuals_.clear();
    for (int k = 0; k < std::max(jets_.order(), 1); ++k) residuals_.push_back(jets_.r(k));
    const auto zero = [](const std::vector<double>& r) {
        return std::all_of(r.begin(), r.end(), [](double value) { return value == 0.0; });
    };
    while (residuals_.size() > 1 && zero(residuals_.back())) residuals_.pop_back();
    moved_.clear();
    journal_.hold();
    before_ = jet_.evaluations();
}

void Alone::load(int j) {
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

bool Alone::follow(int j, double t, double h, Grazes* grazes) {
    load(j);
    journal_.of_neuron(j);
    jet_.drive(residuals_, 0.0);
    jet_.evaluate_gradient();
    jet_.first();
    const int most = 64 + 8 * (in_.n + 1);
    double at_time = 0.0, instant = 0.0;
    for (int burst = 0; at_time < h;) {
        const double step = advance(t + at_time, h - at_time, j, grazes);
        if (!(step >= 0.0)) return false;
        at_time = step >= h - at_time ? h : at_time + step;
        if (at_time > instant * (1.0 + 1e-12)) burst = 0;
        instant = at_time;
        if (++burst > most || !settle_releases(t + at_time)) return false;
        noise_alone_.follow(jet_);
        switch_.follow_sign();
    }
    take(j);
    return true;
}

double Alone::size_sq() const {
    const double a = jet_.a(0, 0), w = jet_.w_norm(0, 0);
    return w * w + a * a;
}

// A step of at most `left`, to the next event; NaN if there is none.
double Alone::advance(double t, double left, int j, Grazes* grazes) {
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
    if (grazes != nullptr) grazes->note_alone({jet_, pair_, 0, j}, h, events);
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

bool Alone::settle_releases(double t) {
    const int most = 64 + 8 * (in_.n + 1);
    for (int count = 0; switch_.release(t); ++count) {
        if (count > most) return false;
        jet_.evaluate_gradient();
        jet_.first();
        if (count == 0) journal_.event();
    }
    return true;
}

void Alone::take(int j) {
    Moved moved{
        j, std::vector<double>(at(in_.stride())), 0.0, switch_.sign()[0], pair_.modes, pair_.slide[0]};
    jet_.write_state(0, moved.w.data(), &moved.a);
    moved_.push_back(std::move(moved));
}

void Alone::exchange() {
    for (Moved& m : moved_) {
        for (int i = 0; i < in_.n; ++i) {
            const Mode mode = m.modes[at(i)];
            m.modes[at(i)] = pairs_.mode(m.neuron, i);
            pairs_.set(m.neuron, i, mode);
        }
        std::swap(pairs_.slide[at(m.neuron)], m.slide);
    }
}

void Alone::write(double* W, double* a) const {
    for (const Moved& m : moved_) {
        std::copy_n(m.w.begin(), in_.d, W + Index{m.neuron} * in_.d);
        a[m.neuron] = m.a;
    }
}

void Alone::place() {
    for (const Moved& m : moved_) jets_.place(m.neuron, m.w.data(), m.a);
    exchange();
}

void Alone::remove() {
    exchange();
    forget();
}

void Alone::keep() {
    std::vector<double> sign = switcher_.sign();
    for (const Moved& m : moved_) sign[at(m.neuron)] = m.sign;
    switcher_.recall(sign);
    journal_.tell();
    moved_.clear();
    evaluations_ += (jet_.evaluations() - before_ + in_.p - 1) / in_.p;
}

void Alone::forget() {
    journal_.forget();
    moved_.clear();
    evaluations_ += (jet_.evaluations() - before_ + in_.p - 1) / in_.p;
}

}  // namespace pl
