// The bound on the loss that a dual vector gives on a ball, and for how long it lasts (docs/proofs.md,
// "Held"). Any vector and any shares are sound; what makes them good is holding.cpp's.
#pragma once

#include "proof/enclosure.hpp"

namespace pl {

// Pairs of one neuron: E_j (may be on either side), S_j (on).
struct FreeCell {
    std::vector<Index> free, on;
    std::vector<double> shares;  // lam in [0, 1] of the free pairs
};

struct DualBound {
    bool proved = false;
    double bound = 0;  // L >= bound on the ball
    double until = 0;  // which no solution leaves before; infinite: never
};

// On the ball of radius rho, on which every pair outside E_j keeps its side and, where E_j is not empty, a_j
// its sign; a_j g_i <= 0 on E_j. Neurons without pairs in their cells never move.
DualBound dual_bound(const Enclosure& state, const std::vector<FreeCell>& cells, const std::vector<double>& g,
                     double rho, Workers workers);

}  // namespace pl
