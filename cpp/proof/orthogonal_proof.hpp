// The theorem of docs/proofs.md for orthogonal inputs given by their norms: K_rho is diagonal, so that a
// proof costs as much as a look at every pair.
#pragma once

#include <string>

#include "problem/problem.hpp"

namespace pl {

struct OrthogonalProof {
    bool proved = false;
    std::string reason;
    double rho = 0, rate = 0, distance = 0;
    double smallest = 0;  // k: of K_rho on V, from below
    double needed_over_allowed = 0;
    double moved = 0;                      // pairs of dead points put on their kinks
    double limit_low = 0, limit_high = 0;  // of the loss
    Index dead = 0;                        // points
};

OrthogonalProof prove_orthogonal(const Problem<double>& problem);

}  // namespace pl
