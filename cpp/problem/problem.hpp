// One problem, as views on the caller's arrays, for every method. Validated by whoever fills it (bindings/).
#pragma once

#include <vector>

#include "kernel/kernel.hpp"
#include "problem/at_kinks.hpp"

namespace pl {

template <class Real>
struct Problem {
    Index n = 0, d = 0, p = 0;
    const Real* X = nullptr;            // (n, d); null for orthogonal inputs given by their norms, then d = n
    const Real* norms = nullptr;        // (n): x_i = norms[i] e_i, instead of X
    const Real* y = nullptr;            // (n)
    const Real* W = nullptr;            // (p, d), start
    const Real* a = nullptr;            // (p), start
    const double* w_perp_sq = nullptr;  // (p): norm(w_j)^2 outside the represented coordinates; null: all 0
    std::vector<PairAtKink> kinks;      // modes known of pairs that start at their kinks
    bool certifiable = false;           // off < (Cx-)^2 holds, decided outward by the caller
    bool orthogonal = false;            // rows of X are orthogonal

    double norm(Index i) const;  // of x_i
    double largest_norm() const;
    double largest_label() const;  // abs(y_i)
    double outside_sq(Index j) const { return w_perp_sq != nullptr ? w_perp_sq[j] : 0.0; }

    // Of one right-hand side: the two products, 2ndp each; of orthogonal inputs about ten
    // operations per pair.
    double flops() const {
        const double pairs = static_cast<double>(n) * static_cast<double>(p);
        return norms != nullptr ? 10 * pairs : 4 * pairs * static_cast<double>(d);
    }
};

}  // namespace pl
