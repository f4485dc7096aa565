// Convergence below the paper's criterion, docs/proofs.md section 3: abs(a_j) >= norm(w_j) for all j,
// independent inputs and sum r_i^2 < min y_i^2 leave every point a neuron of its label's sign for ever,
// whatever the pattern does.
#pragma once

#include <vector>

#include "proof/ball.hpp"
#include "proof/enclosure.hpp"

namespace pl {

// Whether the theorem holds; then `found` says so on the ball of radius infinity.
bool prove_by_criterion(const Enclosure& state, Workers workers, Ball& found);

// The same with lam_min(X X^T) from below and the norms of the residual and of the inputs (n) from above.
bool prove_by_criterion(const Problem<double>& problem, double least, double r_norm,
                        const std::vector<double>& x_norm, Ball& found);

}  // namespace pl
