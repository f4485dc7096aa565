// How far a sum in double precision can be off: the one bound behind every claim of every method.
#pragma once

#include "kernel/kernel.hpp"

namespace pl {

// Bound on the relative error of a sum of `terms` products of one sign, or on the error of any such sum over
// the sum of the terms' sizes, in whatever order they were added: Higham's gamma, doubled so that its own
// rounding is covered.
inline double rounding(Index terms) {
    constexpr double kUnit = 0x1p-53;
    return 2 * static_cast<double>(terms) * kUnit;
}

// The same as factors of a computed sum: an upper and a lower bound of the exact one. Four terms more are for
// what callers do with the sum: a square, a division, a comparison.
inline double outward(Index terms) {
    return 1 + rounding(terms + 4);
}
inline double inward(Index terms) {
    return 1 - rounding(terms + 4);
}

}  // namespace pl
