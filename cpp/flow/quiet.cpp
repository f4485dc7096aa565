#include "flow/quiet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kBelow = 1e-4;      // of the limit, at the start of a step: they grow in it
constexpr double kBeyond = 1e2;      // of it, at the end: growth was faster than at the start
constexpr double kCautious = 1.5;    // of the rate of growth
constexpr double kFoldings = 100.0;  // of a size in a step at most: none leaves the range of numbers

}  // namespace

Quiet::Quiet(const OnNeurons& flow, Alone& alone)
    : OnNeurons(flow),
      alone_(alone),
      possible_(in_.dense() && !options_.dense && options_.watch == nullptr) {}

double Quiet::choose() {
    chosen_.clear();
    double within = kInfinity;
    const double limit = kEps * in_.largest_label() / in_.largest_norm();
    for (int j = 0; j < in_.p && possible_; ++j) {
        if (!pairs_.moves(j)) continue;
        const double w = jets_.w_norm(0, j), a = std::abs(jets_.a(0, j));
        const double size = 0.5 * (w * w + a * a);
        if (!(size <= kBelow * limit) || w == 0.0) continue;
        const double rate = a > 0.0 ? jets_.w_norm(1, j) / a : std::abs(jets_.a(1, j)) / w;
        const double foldings = std::min(std::log(limit / size), kFoldings);
        within = std::min(within, in_.unit() * foldings / (2.0 * kCautious * rate));
        chosen_.push_back(j);
    }
    jets_.hold_still(chosen_);
    return within;
}

void Quiet::forget() {
    chosen_.clear();
    jets_.hold_still(chosen_);
}

bool Quiet::follow(double t, double h, const std::function<bool()>& cut) {
    const double limit = 2.0 * kBeyond * kEps * in_.largest_label() / in_.largest_norm();
    return alone_.follow(chosen_, t, h, nullptr, cut) && alone_.below(limit);
}

}  // namespace pl
