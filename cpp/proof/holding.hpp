// A proof until a time: a dual vector bounds the loss from below on a whole ball, and the loss that is left
// bounds how fast a solution can leave the ball (docs/proofs.md). Needs no eigenvalue and no margin, so that
// it covers rest points whose multipliers are 0 or 1 and patterns that are dependent.
#pragma once

#include "proof/enclosure.hpp"

namespace pl {

struct FreePair {
    Index neuron, point;
    double share;  // lam
};

struct Holding {
    bool proved = false;
    double until = 0;  // L(t) >= bound for every solution and all t up to this, from the state on
    double bound = 0;  // L*
    double rho = 0;
    std::vector<double> dual;     // (n): g
    std::vector<FreePair> pairs;  // E_j
};

Holding prove_holding(const Enclosure& state, Workers workers);

}  // namespace pl
