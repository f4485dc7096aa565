#include "flow/levels.hpp"

#include <algorithm>

namespace pl {

namespace {

constexpr int kHalving = 20;  // states until a passage in the noise of the loss is halved instead

struct Side {
    double at, height;  // within the step; of sum r^2 over the level
    double weight = 1.0;
};

}  // namespace

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
// would stay so for ever. The end of the whole step is not: the passage lies between. It is closed in on by
// the regula falsi in which a side that stays counts for half (Dowell, Jarratt 1971), some four states in
// place of thirty, until the time is right to a hundredth of rtol. Of the level, as it was, 1e-9 were up to
// 1e-8 of the time where the loss falls slowly.
double Levels::cut_at(double level, double before, double after, double& h) {
    const double whole = h;
    double next = passage(level, whole);
    if (!(next < whole * (1.0 - 1e-12))) return after;
    const double fine = std::max(0.01 * rtol_ * next, 1e-15 * whole);
    Side above{0.0, before - level}, below{whole, after - level};
    for (int tries = 0, last = 0; below.at - above.at > fine && !cut_(); ++tries) {
        if (!(next > above.at && next < below.at)) break;
        const double height = jets_.attempt(next) - level;
        const double flattest = std::min((above.height - height) / (next - above.at),
                                         (height - below.height) / (below.at - next));
        const int side = height > 0.0 ? 1 : -1;
        if (side == last) (side > 0 ? below : above).weight *= 0.5;
        (side > 0 ? above : below) = {next, height};
        last = side;
        if (height <= 0.0 && -height <= flattest * fine)
            break;  // a bend falls as steeply as one of its chords
        const double up = above.weight * above.height, down = below.weight * below.height;
        const double part = tries < kHalving ? up / (up - down) : 0.5;
        next = above.at + (below.at - above.at) * part;
    }
    h = below.at;
    return jets_.attempt(h);
}

}  // namespace pl
