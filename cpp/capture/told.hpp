// The error of the loss that a run on one mesh tells, of two parts.
//   smooth    the sum of the steps' local errors of log L: their signs differ, and less than half of it is
//             left.
//   branches  a pair that passes a repelling kink closer than the run is off takes the other branch. With N
//             the expected number of such pairs,
//                 N = density of passes near 0 times what z is off by, of its size (passes.hpp),
//             the loss is off by the scatter of the branches with probability 1 - exp(-N). The scatter grows
//             with the fall of the loss: kScatterPerFold for every factor e. (Measured: docs/numerics.md,
//             "One mesh".)
#pragma once

#include <cmath>

#include "capture/passes.hpp"
#include "kernel/index.hpp"
#include "problem/branches.hpp"

namespace pl {

class ToldError {
  public:
    static constexpr double kKept = 0.4;   // of the sum of local errors
    static constexpr double kOff = 0.012;  // what z is off by, of its size, over the smooth error

    // What a run that goes on has to know: sums over the steps so far.
    struct Sums {
        double local = 0.0, flips = 0.0;
    };

    // A step whose local error of log L is `local`, after which so many passes were close.
    void add(double local, const Passes* passes) {
        sums_.local += local;
        if (passes == nullptr) return;
        const auto fresh = static_cast<double>(passes->close() - passes_);
        passes_ = passes->close();
        sums_.flips += kOff * smooth() * fresh / Passes::kClose;
    }
    void go_on(const Sums& sums) { sums_ = sums; }
    const Sums& sums() const { return sums_; }

    double smooth() const { return kKept * sums_.local; }
    double flips() const { return sums_.flips; }  // N
    // With the loss `fall` = log(L(0) / L) lower than at the start.
    double branches(double fall) const { return scatter(fall) * -std::expm1(-sums_.flips); }
    double all(double fall) const { return std::hypot(smooth(), branches(fall)); }
    static double scatter(double fall) { return branch_scatter(fall); }

  private:
    Sums sums_;
    Index passes_ = 0;
};

}  // namespace pl
