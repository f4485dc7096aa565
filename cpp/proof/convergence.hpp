// The theorem of docs/proofs.md with V = R^n: the loss of every solution from the state tends to 0.
#pragma once

#include "proof/ball.hpp"
#include "proof/enclosure.hpp"

namespace pl {

struct Pattern {  // of one neuron, at a radius rho
    std::vector<Index> on, uncertain;
};

// Pairs within rho of their kinks are uncertain, those of a dead neuron (every z_ji < 0, exactly) off for
// ever.
std::vector<Pattern> patterns_at(const Enclosure& state, double rho);

struct Convergence : Ball {
    bool proved = false;
    double needed_over_allowed = 0;  // ell / rho of the best attempt; infinite if K_rho was not positive
    Index uncertain = 0;             // pairs
    // Whether K_rho was positive at rho = 0, and how many pairs were uncertain there, at their kinks: where
    // none is, tau plays no part.
    bool positive = false;
    Index uncertain_at_kinks = 0;
};

// At most kAttempts radii are tried; `tau` of the S-procedure.
Convergence prove_convergence(const Enclosure& state, double tau, Workers workers);

// Bytes that takes at most.
double convergence_bytes(Index n, Index d, Index p);

}  // namespace pl
