// The error of the loss that a run on one mesh tells, of two parts.
//   smooth    of the sum of the steps' local errors of log L, and of what the drift makes of the rate at
//             which L falls, a sixth: their signs differ.
//   branches  a pair that passes a repelling kink closer than the run is off takes the other branch. With N
//             the expected number of such pairs,
//                 N = density of passes near 0 (passes.hpp) times what z is off by, of its size,
//             the loss is off by the scatter of the branches with probability 1 - exp(-N). Told is what one
//             run in ten exceeds threefold, if the scatter is distributed exponentially; nothing, if fewer
//             are on another branch. The scatter grows with the fall of the loss: kScatterPerFold for every
//             factor e. What z is off by is in proportion to the drift, the sum over the steps of the cube of
//             what neurons moved by: steps are of order 2 in W. (Measured: docs/numerics.md, "What a run
//             tells".)
#pragma once

#include <algorithm>
#include <cmath>

#include "capture/passes.hpp"
#include "kernel/index.hpp"
#include "problem/branches.hpp"

namespace pl {

class ToldError {
  public:
    static constexpr double kKept = 0.17;                 // of the sum of local errors
    static constexpr double kOff = 90.0;                  // what z is off by, of its size, over drift / d^2
    static constexpr double kOften = 0.1, kBeyond = 1.8;  // see above

    explicit ToldError(Index d) : off_(std::min(1.0, kOff / static_cast<double>(d * d))) {}

    // What a run that goes on has to know: sums over the steps so far.
    struct Sums {
        double local = 0.0, drift = 0.0, flips = 0.0;
    };

    // A step whose local error of log L is `local` and in which neurons moved by `motion` of their size,
    // after which so many passes were close.
    void add(double local, double motion, const Passes* passes) {
        sums_.local += local;
        sums_.drift += motion * motion * motion;
        if (passes == nullptr) return;
        const auto fresh = static_cast<double>(passes->close() - passes_);
        passes_ = passes->close();
        sums_.flips += off_ * sums_.drift * fresh / Passes::kClose;
    }
    void go_on(const Sums& sums) { sums_ = sums; }
    const Sums& sums() const { return sums_; }

    double flips() const { return sums_.flips; }  // N
    // With the loss `fall` = log(L(0) / L) lower than at the start.
    double smooth(double fall) const {
        return kKept * (sums_.local + sums_.drift * (1.0 + std::max(fall, 0.0)));
    }
    double branches(double fall) const {
        const double odds = -std::expm1(-sums_.flips) / kOften;
        return odds > 1.0 ? scatter(fall) * std::log(odds) / kBeyond : 0.0;
    }
    double all(double fall) const { return std::hypot(smooth(fall), branches(fall)); }
    static double scatter(double fall) { return branch_scatter(fall); }

  private:
    Sums sums_;
    double off_;
    Index passes_ = 0;
};

}  // namespace pl
