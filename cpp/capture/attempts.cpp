#include "capture/attempts.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

// Where the tolerance that would settle the branches is that much below the first, they are not to be had: n from
// 1700 on to the paper's horizon.
constexpr double kHopeless = 1e-6;
constexpr double kMostAhead = 10.0;  // of the time gone: how far what a first attempt found is extrapolated
constexpr double kMost = 0.25;
// Of rtol, what a second attempt aims at. Branches by more: a first attempt with long steps sees a third of the
// close passes.
constexpr double kAim = 0.5, kAimBranches = 0.2;

}  // namespace

// Dense inputs: measured power 0.55 to 0.6, for kinks make most of the local error. Orthogonal inputs have no kinks
// to slide on: some hundreds of steps add up to the whole fall of the loss, with power 2/3 as for any method of
// order 2.
Tolerance tolerance_for(const Problem<double>& problem, double rtol) {
    // the more points, the more of them turn within one step of the fall: measured from 10^4 to 10^6
    const double many = std::min(1.0, std::pow(1e4 / static_cast<double>(problem.n), 0.75));
    if (problem.X == nullptr) return {1e-5 * many * std::pow(rtol / 1e-2, 1.5), 2.0 / 3.0};
    return {std::min(1.2e-4 * std::pow(rtol / 1e-3, 2.0), 2e-2), 0.55};
}

// The smooth part has grown like t^0.8, the branches' like t^2 (measured).
double smaller(const Found& found) {
    if (!found.alone) return std::pow(kAim * found.rtol / found.error, 1 / found.power);
    const double ahead = std::clamp(found.t_end / found.t, 1.0, kMostAhead);
    const double ratio = std::min(kAim * found.rtol / (found.smooth * std::pow(ahead, 0.8)),
                                  kAimBranches * found.rtol / (found.branches * ahead * ahead));
    return std::pow(ratio, 1 / found.power);
}

bool practical(double factor) {
    return factor > kHopeless;
}

double second(double tolerance, double factor) {
    return tolerance * std::clamp(factor, kHopeless, kMost);
}

}  // namespace pl
