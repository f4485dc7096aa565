// Rounding of float64, outward. Every bound of a proof is made of these.
#pragma once

#include "kernel/kernel.hpp"

namespace pl {

constexpr double kUnitRoundoff = 0x1p-53;

// Relative error of a sum of `terms` products in any order, fused or not, of nonnegative terms: gamma_k = k u
// / (1 - k u), doubled so that the rounding of what is computed with it is covered too.
inline double gamma(double terms) {
    return 2 * terms * kUnitRoundoff;
}

// A bound made of up to 64 operations on nonnegative numbers, moved outward past their rounding.
inline double upward(double bound) {
    return bound * (1 + 64 * kUnitRoundoff);
}
inline double downward(double bound) {
    return bound * (bound > 0 ? 1 - 64 * kUnitRoundoff : 1 + 64 * kUnitRoundoff);
}

}  // namespace pl
