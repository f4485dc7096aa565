#include "flow/follower.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/step_size.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

// Of one stretch, within which nothing asks the clock: steps, and those that end where a multiplier leaves
// [0, 1] by so little that no pair is released. Of 3000 small problems no neuron took more than 61 steps, but
// for one at rest, which came to the same release seven million times.
constexpr int kMostSteps = 1000, kMostIdle = 8;

}  // namespace

Follower::Follower(const Inputs& alone, const OnNeurons& flow)
    : OnNeurons(flow),
      pair_(alone.n, alone.d, 1, alone.dense()),
      jet_(alone, pair_, natural_),
      noise_alone_(alone),
      near_(alone),
      tally_(options_.switches),
      switch_(alone, pair_, jet_, noise_alone_, near_, tally_),
      search_(alone, pair_, jet_, noise_alone_, near_, options_) {}

void Follower::load(int j) {
    const auto from = pairs_.modes.begin() + pairs_.index(j, 0);
    std::copy(from, from + in_.n, pair_.modes.begin());
    pair_.list();
    pair_.set_slide(0, pairs_.slide(j));
    const double a = jets_.a(0, j);
    jet_.set_state(jets_.w(0, j), &a);
    jet_.hold_invariants({jets_.invariants()[at(j)]});
    noise_alone_.recall(noise_, j);
    near_.forget();
    switch_.recall({switcher_.sign()[at(j)]});
    tally_ = Tally(options_.switches);
}

Moved Follower::follow(int j, const Stretch& stretch, Grazes* grazes) {
    load(j);
    const bool whole = go(j, stretch, grazes);
    Moved moved = take(j);
    moved.whole = whole;
    return moved;
}

bool Follower::go(int j, const Stretch& stretch, Grazes* grazes) {
    jet_.drive(stretch.residuals, 0.0);
    jet_.evaluate_gradient();
    jet_.first();
    const double h = stretch.h;
    const int most = most_at_once();
    double at_time = 0.0, instant = 0.0;
    int idle = 0;
    for (int burst = 0, steps = 0; at_time < h; ++steps) {
        const double step = advance(stretch.t + at_time, h - at_time, j, stretch, grazes);
        if (!(step >= 0.0)) return false;
        at_time = step >= h - at_time ? h : at_time + step;
        if (at_time > instant * (1.0 + 1e-12)) burst = 0;
        instant = at_time;
        const int released = settle_releases(stretch.t + at_time);
        idle += released == 0 && waits_ ? 1 : 0;
        if (++burst > most || released > most || idle > kMostIdle || steps >= kMostSteps) return false;
        noise_alone_.grow(0, jet_.w_norm(0, 0), std::abs(jet_.a(0, 0)));
        switch_.follow_sign();
    }
    return true;
}

// A step of at most `left`, to the next event; NaN if there is none.
double Follower::advance(double t, double left, int j, const Stretch& stretch, Grazes* grazes) {
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
    jet_.drive(stretch.residuals, from + h);
    jet_.evaluate_gradient();
    switch_.apply(t + h, events);
    jet_.first();
    const bool landed = std::any_of(events.begin(), events.end(), [](const Event& e) {
        return e.kind == EventKind::kCross || e.kind == EventKind::kOuterZero;
    });
    if (landed) tally_.event();
    waits_ = !events.empty() && !landed;
    return h;
}

// Sliding pairs that are let go of, more than most_at_once() if there is no end of them.
int Follower::settle_releases(double t) {
    int count = 0;
    while (count <= most_at_once() && switch_.release(t)) {
        jet_.evaluate_gradient();
        jet_.first();
        if (count++ == 0) tally_.event();
    }
    return count;
}

Moved Follower::take(int j) const {
    Moved moved;
    moved.neuron = j;
    moved.w.resize(at(in_.stride()));
    jet_.write_state(0, moved.w.data(), &moved.a);
    moved.sign = switch_.sign()[0];
    const double w = jet_.w_norm(0, 0);
    moved.size_sq = w * w + moved.a * moved.a;
    moved.modes = pair_.modes;
    moved.slide = pair_.slide(0);
    moved.tally = tally_;
    moved.tally.call(j);
    return moved;
}

}  // namespace pl
