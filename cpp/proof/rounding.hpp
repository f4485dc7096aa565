// Bounds moved outward past the rounding of what made them. Every bound of a proof is made of these.
#pragma once

#include "problem/rounding.hpp"

namespace pl {

// A bound made of up to 64 operations on nonnegative numbers, moved outward past their rounding.
inline double upward(double bound) {
    return bound * (1 + 64 * kUnitRoundoff);
}
inline double downward(double bound) {
    return bound * (bound > 0 ? 1 - 64 * kUnitRoundoff : 1 + 64 * kUnitRoundoff);
}

}  // namespace pl
