#include "flow/levels.hpp"

#include <algorithm>

namespace pl {

double Levels::ending(double before, double after) const {
    const auto passed = [&](double level) { return level >= 0.0 && after <= level && before > level; };
    double level = -1.0;
    if (passed(verdict_.target_level())) level = verdict_.target_level();
    if (!(after < verdict_.level())) return level;
    const double criterion = verdict_.criterion_level(state_);
    return passed(criterion) ? std::max(level, criterion) : level;
}

double Levels::any(double before, double after) const {
    return std::max(ending(before, after), notes(before, after) ? verdict_.level() : -1.0);
}

bool Levels::notes(double before, double after) const {
    const double level = verdict_.level();
    return verdict_.milestones().criterion < 0.0 && before > level && after < level;
}

std::optional<double> Levels::noted(double before, double after, double h) const {
    if (!notes(before, after)) return std::nullopt;
    return passage(verdict_.level(), h);
}

double Levels::passage(double level, double h) const {
    double lo = 0.0, hi = h;
    for (int it = 0; it < 60 && hi - lo > 1e-15 * hi; ++it) {
        const double mid = 0.5 * (lo + hi);
        (jets_.residual_sq(mid) > level ? lo : hi) = mid;
    }
    return hi;
}

// The polynomial of r promises the level to the tolerance; the state of that time may still be above, and
// would stay so for ever. The end of the whole step is not: the passage lies between.
double Levels::cut_at(double level, double after, double& h) {
    constexpr double kClose = 1e-9;  // of the level, below it
    const double whole = h, promised = passage(level, h);
    if (!(promised < whole * (1.0 - 1e-12))) return after;
    h = promised;
    const double here = jets_.attempt(h);
    if (here <= level) return here;
    double above = promised, below = whole;
    while (below - above > 1e-15 * whole && !cut_()) {
        const double middle = 0.5 * (above + below);
        if (!(middle > above && middle < below)) break;
        const double found = jets_.attempt(middle);
        (found > level ? above : below) = middle;
        if (found <= level && found >= level * (1.0 - kClose)) break;
    }
    h = below;
    return jets_.attempt(h);
}

}  // namespace pl
