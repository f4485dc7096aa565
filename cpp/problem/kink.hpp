// The velocity of one neuron at its kinks: the selection rule of the inclusion, solved by an active set.
//
// In the units v = sign(a_j) (n / |a_j|) dw_j/dt the rule reads, with e_i = sign(a_j) r_i for the points K at
// z_ji = 0:
//   1. T = {}
//   2. v = argmin_u 1/2 |u - base - sum_{i in T} e_i x_i|^2 + sum_{i in K, e_i < 0} |e_i| max(<u, x_i>, 0)
//   3. T <- {i in K: e_i > 0, <v, x_i> > 0}; repeat 2-3 until T is unchanged.
// Points of one line have one kink, which counts once, with what they push together (problem/kink_lines.hpp).
// Step 2 is the dual of a box-constrained least squares:
//   v = base + sum_{i in T} e_i x_i + sum_i phi_i x_i of least norm, phi_i in [e_i, 0].
// Its free set is the set of sliding pairs; it is kept independent, so a singular Gram
// never has to be factored. Of the multipliers, which are not unique where inputs are dependent, those are
// taken that need fewer pairs: what can rest with lam = 0 is off.
#pragma once

#include <vector>

#include "problem/at_kinks.hpp"
#include "problem/basis.hpp"

namespace pl {

struct KinkPoint {
    int point;
    const double* x;      // its input
    double e;             // sign(a_j) r_i
    Mode mode;            // in: the mode to start from; out: the mode selected
    double vtol;          // |<v, x>| below this is 0
    int line = -1;        // of ParallelInputs; -1: alone
    double ratio = 1.0;   // x is so many times the input that stands for its line
    bool repels = false;  // out: whether its kink does
};

// `basis` holds the sliding pairs, of a line the first of its points: on entry at most those of `points` with
// mode kSlide, on exit exactly those. `etol`: an |e_i| or a multiplier below this is 0. Returns false if an
// iteration limit was hit (the modes are then a guess).
bool select_modes(std::vector<KinkPoint>& points, const std::vector<double>& base, double etol,
                  KinkBasis& basis);

}  // namespace pl
