// The levels of sum r^2 at which a step ends or of which it is noted when they were passed.
#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/step.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

}  // namespace

// sum_j abs(a_j) norm(w_j), from above.
double FlowStep::output_terms() const {
    if (cells_.on()) return 0.5 * cells_.size();
    double terms = 0.0;
    for (int j = 0; j < in_.p; ++j) terms += std::abs(jets_.a(0, j)) * jets_.w_norm(0, j);
    return terms;
}

// Noise of sum r^2: of the sum itself, and through r = y - h, of the terms of h.
double FlowStep::rounding(double sum) const {
    const double terms = output_terms();
    const double r = residual_noise(in_.d, in_.largest_label(), in_.largest_norm(), terms, in_.p);
    return 4.0 * kEps * start_ + 2.0 * r * std::sqrt(in_.n * sum) + in_.n * r * r;
}

// A level of sum r^2 passed between `before` and `after` at which the run ends; negative if none.
double FlowStep::level_passed(double before, double after) const {
    const auto passed = [&](double level) { return level >= 0.0 && after <= level && before > level; };
    double level = -1.0;
    if (passed(verdict_.target_level())) level = verdict_.target_level();
    if (!(after < verdict_.level())) return level;
    const double criterion = verdict_.criterion_level(state_);
    return passed(criterion) ? std::max(level, criterion) : level;
}

// A level of sum r^2 passed in the step, at which something is decided or noted; negative if none.
double FlowStep::level_within(double before, double sum) const {
    const double smallest = verdict_.level();
    const bool noted = verdict_.milestones().criterion < 0.0 && before > smallest && sum < smallest;
    return std::max(level_passed(before, sum), noted ? smallest : -1.0);
}

double FlowStep::passage(double level) const {
    double lo = 0.0, hi = h_;
    for (int it = 0; it < 60 && hi - lo > 1e-15 * hi; ++it) {
        const double mid = 0.5 * (lo + hi);
        (jets_.residual_sq(mid) > level ? lo : hi) = mid;
    }
    return hi;
}

// The polynomial of r promises the level to the tolerance; the state of that time may still be above, and
// would stay so for ever. The end of the whole step, `sum`, is not: the passage lies between.
double FlowStep::cut_at(double level, double sum) {
    constexpr double kClose = 1e-9;  // of the level, below it
    const double h = passage(level), whole = h_;
    if (!(h < whole * (1.0 - 1e-12))) return sum;
    h_ = h;
    double here = jets_.attempt(h_);
    if (here <= level) return here;
    double above = h, below = whole;
    while (below - above > 1e-15 * whole && !cut()) {
        const double middle = 0.5 * (above + below);
        if (!(middle > above && middle < below)) break;
        const double found = jets_.attempt(middle);
        (found > level ? above : below) = middle;
        if (found <= level && found >= level * (1.0 - kClose)) break;
    }
    h_ = below;
    return jets_.attempt(h_);
}

void FlowStep::note_criterion(double before, double after) {
    const double level = verdict_.level();
    if (verdict_.milestones().criterion < 0.0 && before > level && after < level)
        passed_ = t_ + passage(level);
}

}  // namespace pl
