// What a set Q of points takes away from a neuron's share of K (docs/proofs.md). With S the points on, A =
// X_Q, B = A A^T + Theta and N = A X_S^T - (Theta/2 at the columns of Q):
//     P_S X (...) X^T P_S  =  P_S X X^T P_S - N^T B^{-1} N,
// the projection off span x_Q where Theta = 0 (sliding points), the S-procedure's bound where Theta = tau
// diag(norm(x_Q)^2) (uncertain ones). Computed as R^T R with L R = N, L L^T = B, both rounded; `charge`
// bounds what rounding may hide: N^T B^{-1} N <= R^T R + charge I.
#pragma once

#include "proof/enclosure.hpp"

namespace pl {

struct Elimination {
    bool sound = false;                   // false: B is not positive enough for a bound; nothing else holds
    Matrix columns;                       // R^T: a row per support point, a column per point of Q
    double frobenius_sq = 0, charge = 0;  // both from above
};

// `support` (increasing) contains S and, where theta > 0, Q; `on` says which of it are S. `least` bounds the
// smallest eigenvalue of B from below. theta: tau, relative to norm(x_i)^2.
struct EliminationTask {
    const std::vector<Index>& support;
    const std::vector<Index>& removed;
    double theta, least;
};
Elimination eliminate(const Enclosure& state, const std::vector<bool>& on, const EliminationTask& task);

// Inverse of the Gram matrix of a few inputs, verified: norm(I - R A) <= defect < 1/2 with A = X_T X_T^T
// exactly.
struct GramInverse {
    bool sound = false;
    Matrix inverse;  // R
    double defect = 0;
    double norm = 0;                                       // of R, from above
    double least = 0;                                      // smallest eigenvalue of A, from below
    double spread() const { return norm / (1 - defect); }  // norm(A^{-1}), from above (upward by the caller)
};
GramInverse invert_gram(const Enclosure& state, const std::vector<Index>& points);

}  // namespace pl
