#include "capture/attempts.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

// Of orthogonal inputs the first step lowers log L by about the one, and moves the network by about the
// other, of its size: small neurons grow long before the loss falls.
constexpr double kFirstDrop = 0.02, kFirstMove = 0.1;
constexpr double kShortest = 1e-300;
constexpr double kAim = 0.5;  // of rtol, at a second attempt
// Pairs on another branch that a second attempt may expect.
constexpr double kFew = 0.07;
// They grow like t to this power (measured to the paper's horizon), which is followed so far ahead at most.
constexpr double kGrowth = 1.2, kMostAhead = 15.0;
// At rtol 1e-3, and at most, whatever rtol.
constexpr double kLoss = 5e-4, kMostLoss = 1.5e-2;
constexpr double kMotion = 3e-6, kMostMotion = 2e-3;
// Of two meshes of dense inputs, of a step of the coarse one, at rtol 1e-3. The more pairs, the more kinks a
// run meets, and the more the flow costs: of n p pairs at most kFewMotion/(n p). No one step is to make much
// of the error: kinks in long steps do, and not alike on both meshes.
constexpr double kFewPairs = 8192, kFewMotion = 2.7e-3, kMostFewMotion = 2e-5, kFewLoss = 3e-5;
constexpr double kOrder = 2.0 / 3.0;  // the power of a step's tolerances that all errors follow
constexpr double kLeast = 1e-6, kMost = 0.25;
// Of two meshes of dense inputs: a second attempt takes 2.6 times as many steps (the cube root), no more.
// What it is to settle is mostly one pair on the other side of its kink in one of them.
constexpr double kLeastFew = 0.06;
// Where the motion of a step that would settle the branches is that much below the first, they are not to
// be had.
constexpr double kHopeless = 1e-8;

double pairs_of(const Problem<double>& problem) {
    return static_cast<double>(problem.n) * static_cast<double>(problem.p);
}

double to_settle(const Found& found) {
    if (!(found.flips > 0.0)) return 1.0;
    const double ahead = std::pow(std::clamp(found.ahead, 1.0, kMostAhead), kGrowth);
    return std::pow(kFew / (ahead * found.flips), 1.0 / kOrder);
}

}  // namespace

double first_step(const Problem<double>& problem, CaptureModel& model, const Tolerance& tolerance,
                  double longest) {
    const bool dense = problem.X != nullptr;
    const double move = dense ? std::cbrt(tolerance.motion) : kFirstMove;
    const NeuronFacts facts = model.neurons();
    double size_sq = 0;
    for (std::size_t j = 0; j < facts.a.size(); ++j) size_sq += facts.w_sq[j] + facts.a[j] * facts.a[j];
    const double speed_sq = model.velocity_sq();
    const double loss = model.sum_r2() / (2 * static_cast<double>(problem.n));
    const double rate = speed_sq / (static_cast<double>(problem.p) * loss);
    const double growth = std::sqrt(speed_sq) / std::sqrt(size_sq);
    double h = longest;
    if (rate > 0 && !dense) h = std::min(h, kFirstDrop / rate);  // not so if 0/0: at rest
    if (growth > 0 && std::isfinite(growth)) h = std::min(h, move / growth);
    return std::max(h, kShortest);
}

bool two_meshes(const Problem<double>& problem) {
    return problem.X == nullptr || pairs_of(problem) <= kFewPairs;
}

// Some hundreds of steps add up to the whole fall of the loss, with power 2/3 as for any method of order 2.
Tolerance tolerance_for(const Problem<double>& problem, double rtol) {
    // the more points, the more of them turn within one step of the fall: measured from 10^4 to 10^6
    const double many = std::min(1.0, std::pow(1e4 / static_cast<double>(problem.n), 0.75));
    if (problem.X == nullptr) return {1e-5 * many * std::pow(rtol / 1e-2, 1.5), 1.0};
    const double tight = std::pow(rtol / 1e-3, 1.0 / kOrder);
    if (two_meshes(problem)) {
        const double motion = std::min(kFewMotion / pairs_of(problem), kMostFewMotion);
        const double some = std::min(rtol / 1e-3, tight);  // at loose ones what kinks make of it counts
        return {std::min(kFewLoss * some, kMostLoss), std::min(motion * some, kMostMotion)};
    }
    return {std::min(kLoss * tight, kMostLoss), std::min(kMotion * tight, kMostMotion)};
}

Tolerance second(const Problem<double>& problem, double rtol, const Tolerance& tolerance,
                 const Found& found) {
    const bool two = two_meshes(problem);
    const double loss = std::pow(kAim * rtol / (two ? found.error : found.smooth), 1.0 / kOrder);
    const double least = two && problem.X != nullptr ? kLeastFew : kLeast;
    const double less = std::clamp(loss, least, two ? kMost : 1.0);
    return {tolerance.loss * less, tolerance.motion * std::clamp(to_settle(found), kHopeless, less)};
}

bool practical(const Problem<double>& problem, const Found& found) {
    return two_meshes(problem) || to_settle(found) > kHopeless;
}

}  // namespace pl
