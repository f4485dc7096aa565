// Roots of the short polynomials (coefficients c_0 .. c_K in powers of t) along which pairs move
// during one step.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

namespace pl {

constexpr int kMaxOrder = 30;

// h^(k+1) from h^k, h > 0. Of steps so long that powers leave the range of numbers the coefficients are 0,
// and so are to be the terms.
inline double next_power(double power, double h) {
    return std::min(power * h, std::numeric_limits<double>::max());
}

double evaluate(const double* c, int order, double t);

// First time in [0, h] at which the polynomial has left its allowed side (>= 0), or a negative number if it
// never does. A violation counts once it exceeds `tol` (measured from the start if that is already below 0),
// so that rounding at a kink is no event; the time returned is then that of the crossing of 0 itself wherever
// this is well conditioned. No crossing is missed, double ones included: the search subdivides
// the Bernstein hull.
double first_exit(const double* c, int order, double h, double tol);

}  // namespace pl
