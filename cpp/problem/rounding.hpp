// How far a sum in double precision can be off: the one bound behind every claim of every method.
#pragma once

#include <cmath>

#include "kernel/kernel.hpp"

namespace pl {

constexpr double kUnitRoundoff = 0x1p-53;

// Bound on the relative error of a sum of `terms` products of one sign, or on the error of any such sum over
// the sum of the terms' sizes, fused or not, in whatever order they were added: Higham's gamma_k = k u
// / (1 - k u), doubled so that the rounding of what is computed with it is covered.
template <class Count>
double gamma(Count terms) {
    return 2 * static_cast<double>(terms) * kUnitRoundoff;
}

// The same as factors of a computed sum: an upper and a lower bound of the exact one. Four terms more are for
// what callers do with the sum: a square, a division, a comparison.
inline double outward(Index terms) {
    return 1 + gamma(terms + 4);
}
inline double inward(Index terms) {
    return 1 - gamma(terms + 4);
}

// Whether labels of that size are nothing beside such outputs, whose terms then cancel: what is rounding is
// theirs.
inline bool nothing_beside(double outputs, double label) {
    return outputs > 0x1p10 * label;
}

// What rounding does to a residual y_i - h(x_i), for the control of steps and no claim: `width` products
// behind every z_ji, largest label and norm of an input, terms = sum_j abs(a_j) norm(w_j).
inline double residual_noise(double width, double label, double norm, double terms, double p) {
    return (16.0 + width / 4.0) * (2 * kUnitRoundoff) * (label + norm * terms / p);
}

// The same of one residual r of label y, where terms of both signs in its output are left aside: no more than
// rounding does to it.
inline double point_noise(double width, double y, double r) {
    return residual_noise(width, std::abs(y) + std::abs(y - r), 0.0, 0.0, 1.0);
}

// Above which a residual is shown as more than rounding, `unit` the spacing of numbers at 1. Measured, its
// rounding in the mean over that: 0.02 to 0.06 at (60, 5, 6) to (1700, 100, 37), 0.3 at most for one term.
inline double shown_noise(double unit, double label, double norm, double terms, double p) {
    return unit * (label + norm * terms / p);
}

// Whether the loss, falling at its rate of now, has not fallen by a part in 10^16 for as long as the run has
// lasted: dL/dt = -velocity_sq/p, L = sum_r2/2n.
inline bool loss_stands(double n, double p, double velocity_sq, double t, double sum_r2) {
    constexpr double kFallen = 1e-16;
    return 2 * n * velocity_sq * t <= kFallen * p * sum_r2;
}

}  // namespace pl
