#include "capture/attempts.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

// The first step lowers log L by about the one, and moves the network by about the other, of its size: small
// neurons grow long before the loss falls.
constexpr double kFirstDrop = 0.02, kFirstMove = 0.1;
constexpr double kShortest = 1e-300;
// Where the tolerance that would settle the branches is that much below the first, they are not to be had: n
// from 1700 on to the paper's horizon.
constexpr double kHopeless = 1e-6;
constexpr double kMostAhead = 10.0;  // of the time gone: how far what a first attempt found is extrapolated
constexpr double kMost = 0.25;
// Of rtol, what a second attempt aims at. Branches by more: a first attempt with long steps sees a third of
// the close passes.
constexpr double kAim = 0.5, kAimBranches = 0.2;

}  // namespace

double first_step(const Problem<double>& problem, CaptureModel& model, double longest) {
    const NeuronFacts facts = model.neurons();
    double size_sq = 0;
    for (std::size_t j = 0; j < facts.a.size(); ++j) size_sq += facts.w_sq[j] + facts.a[j] * facts.a[j];
    const double speed_sq = model.velocity_sq();
    const double loss = model.sum_r2() / (2 * static_cast<double>(problem.n));
    const double rate = speed_sq / (static_cast<double>(problem.p) * loss);
    const double growth = std::sqrt(speed_sq) / std::sqrt(size_sq);
    double h = longest;
    if (rate > 0) h = std::min(h, kFirstDrop / rate);  // not so if 0/0: at rest
    if (growth > 0 && std::isfinite(growth)) h = std::min(h, kFirstMove / growth);
    return std::max(h, kShortest);
}

// Dense inputs: measured power 0.55 to 0.6, for kinks make most of the local error. Orthogonal inputs have no
// kinks to slide on: some hundreds of steps add up to the whole fall of the loss, with power 2/3 as for any
// method of order 2.
Tolerance tolerance_for(const Problem<double>& problem, double rtol) {
    // the more points, the more of them turn within one step of the fall: measured from 10^4 to 10^6
    const double many = std::min(1.0, std::pow(1e4 / static_cast<double>(problem.n), 0.75));
    if (problem.X == nullptr) return {1e-5 * many * std::pow(rtol / 1e-2, 1.5), 2.0 / 3.0};
    return {std::min(1.2e-4 * std::pow(rtol / 1e-3, 2.0), 2e-2), 0.55};
}

// The smooth part has grown like t^0.8, the branches' like t^2 (measured).
double smaller(const Problem<double>& problem, double rtol, const Found& found) {
    const double power = tolerance_for(problem, rtol).power;
    if (problem.X == nullptr) return std::pow(kAim * rtol / found.error, 1 / power);
    const double ahead = std::clamp(found.ahead, 1.0, kMostAhead);
    const double smooth = kAim * rtol / (found.smooth * std::pow(ahead, 0.8));
    const double branches = kAimBranches * rtol / (found.branches * ahead * ahead);
    return std::pow(std::min(smooth, branches), 1 / power);
}

bool practical(double factor) {
    return factor > kHopeless;
}

double second(double tolerance, double factor) {
    return tolerance * std::clamp(factor, kHopeless, kMost);
}

}  // namespace pl
