#include "capture/asked.hpp"

#include <algorithm>

namespace pl {
namespace {

constexpr double kNoise = 16.0;       // bounds on the rounding of sum r^2 within which two meshes agree
constexpr double kStepNoise = 0.005;  // of that, what rounding usually is

// Whether rounding of sum r^2 may matter: it is far below where there is more.
bool may_be_rounding(const Meshes& meshes, const CapturePast& now) {
    constexpr double kSmall = 1e-12;  // of the start
    return meshes.fine().sum_r2() < kSmall * now.start;
}

}  // namespace

// Rounding of sum r^2 where it may matter, a bound: two meshes agree within it.
double AskedError::noise(const Meshes& meshes, const CapturePast& now) const {
    return may_be_rounding(meshes, now) ? kNoise * meshes.rounding() : 0.0;
}

double AskedError::floor(const Meshes& meshes, const CapturePast& now) const {
    return std::max(atol_sum(now) / rtol_, kStepNoise * noise(meshes, now) / now.tolerance);
}

// Of an error of the loss, what is above atol and rounding.
double AskedError::beyond(double error, const Meshes& meshes, const CapturePast& now) const {
    const double sum = meshes.fine().sum_r2(), least = (atol_sum(now) + noise(meshes, now)) / rtol_;
    return sum + least > 0 ? error * (sum / (sum + least)) : 0.0;
}

bool AskedError::kept(const Meshes& meshes, CapturePast& now) {
    const double error = beyond(now.error, meshes, now);
    lasting_.add(error);
    const bool lasts = meshes.dense() && !meshes.alone();
    now.worst = std::max(before_, lasts ? lasting_.told() : lasting_.largest());
    // it is no error of the method, and no other attempt would do better
    if (atol_ < meshes.fine().sum_r2() / now.start && may_be_rounding(meshes, now))
        now.worst = std::max(now.worst, meshes.rounding_beside());
    const bool smooth = meshes.alone() && !branches_count(rtol_);
    return beyond(smooth ? meshes.told().smooth(meshes.fall()) : now.error, meshes, now) <= rtol_;
}

bool AskedError::worthwhile(const Meshes& meshes, const CapturePast& now) {
    resigned_ = !practical(problem_, found(meshes, now));
    return !resigned_;
}

bool AskedError::lost(const Meshes& meshes) const {
    constexpr double kLost = 1.0;  // pairs on another branch
    constexpr double kFar = 4.0;   // of rtol: who is not so far beyond goes on, and knows the most it will be
    if (!meshes.alone()) return !meshes.dense() || meshes.error() > kFar * rtol_;
    return branches_count(rtol_) && meshes.told().flips() >= kLost;
}

Tolerance AskedError::second(const Meshes& meshes, const CapturePast& now) const {
    return pl::second(problem_, rtol_, {now.tolerance, now.motion}, found(meshes, now));
}

Found AskedError::found(const Meshes& meshes, const CapturePast& now) const {
    const ToldError& told = meshes.told();
    const double largest = std::max(before_, lasting_.largest());
    const double error = meshes.dense() ? std::max(now.error, largest) : now.error;
    const bool branches = meshes.alone() && branches_count(rtol_);
    return {t_end_ / now.t, error, told.smooth(meshes.fall()), branches ? told.flips() : 0.0};
}

}  // namespace pl
