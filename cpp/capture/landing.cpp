#include "capture/landing.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

constexpr double kFastDecays = 10.0;  // of the fastest mode, in a step that may end at a row
constexpr double kBefore = 0.7;       // of a longer one, gone before
constexpr double kAfter = 0.2;        // of the step after which a rule holds, gone on with it
constexpr double kWithin = 0.9;       // of a level, aimed at, so that it is passed
constexpr double kLeast = 1e-3;       // of the next step, whatever the rate

}  // namespace

bool Landing::fast(double length) const {
    return meshes_.dense() && length * radius() > kFastDecays;
}

double Landing::step(double next, double left) const {
    if (next >= left) return fast(left) ? kBefore * left : left;
    return 2 * next > left ? 0.5 * left : next;  // two even steps rather than a whole one and a rest
}

double Landing::put_off(double t) {
    if (!(settles_ > t)) settles_ = t + kAfter * last_;
    return settles_;
}

double Landing::reaches(double t, double level, double goal) {
    const double now = meshes_.fine().sum_r2(), next = meshes_.next();
    if (!meshes_.dense() || !(level > 0) || !(now > level)) return goal;
    const double n = static_cast<double>(problem_.n), p = static_cast<double>(problem_.p);
    const double rate = 2 * n * meshes_.fine().velocity_sq() / (p * now);
    const double left = std::log(now / (kWithin * level)) / rate;
    const double then = t + std::max(left, kLeast * next);
    return left < next && then > t ? std::min(goal, then) : goal;
}

}  // namespace pl
