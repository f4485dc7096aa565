// The theorem of docs/proofs.md for orthogonal inputs, given by their norms or as rows (orthogonal_rows):
// K_rho is diagonal, so that a proof costs as much as a look at every pair.
#pragma once

#include <string>

#include "problem/problem.hpp"
#include "proof/ball.hpp"

namespace pl {

struct OrthogonalProof : Ball {
    bool proved = false;
    std::string reason;
    double needed_over_allowed = 0;
    Index dead = 0;  // points
};

OrthogonalProof prove_orthogonal(const Problem<double>& problem);

}  // namespace pl
