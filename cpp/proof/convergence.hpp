// The theorem of docs/proofs.md with V = R^n: the loss of every solution from the state tends to 0.
#pragma once

#include <initializer_list>

#include "proof/ball.hpp"
#include "proof/enclosure.hpp"

namespace pl {

struct Convergence : Ball {
    bool proved = false;
    double tau = 0;                  // with which it is proved
    double needed_over_allowed = 0;  // ell / rho of the best radius; infinite if K_rho was positive at none
    Index uncertain = 0;             // pairs
};

// With each tau of the S-procedure in turn, until one does; at most kRadii radii each.
Convergence prove_convergence(const Enclosure& state, std::initializer_list<double> taus, Workers workers);

}  // namespace pl
