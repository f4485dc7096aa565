// The directions in which a frozen pattern moves the outputs, and how fast: V = range C and K_rho on it
// (docs/proofs.md). One block of C for each distinct pattern (S, T):
//     C_g = am_g P_S X F_g,   F_g an orthonormal basis of what x_T leaves (many points on),
//     C_g = am_g L_g on the rows S, L_g L_g^T = P_S X Pi_T X^T P_S   (fewer points on than dimensions: V_g =
//     R^S).
#pragma once

#include <string>

#include "proof/kinks.hpp"
#include "proof/sliding.hpp"

namespace pl {

struct StratumBlock {
    std::vector<Index> neurons, on;
    Matrix base;  // F_g or L_g applied: (columns, points on); empty once it is in the stratum's
    Index columns = 0;
    double off = 0;    // of base, Frobenius' norm, from above
    double slack = 0;  // norm(F_g^T F_g - I), from above: K_g >= C_g C_g^T / (1 + slack)
    double shift = 0;  // K_g >= C_g C_g^T - am_g^2 shift on V_g
};

struct Stratum {
    bool sound = false;
    std::string reason;
    std::vector<StratumBlock> blocks;
    Index columns = 0;
    Matrix base;                  // (columns, n): C^T but for the factors am_g
    Matrix gram;                  // base base^T, lower triangle: at any radius C^T C is this times factors
    std::vector<double> base_sq;  // (columns): squared norms of the rows of base, from above
};

// `points` (p): of each neuron, those it slides on, independent.
Stratum stratum_of(const Enclosure& state, const std::vector<NeuronKinks>& neurons,
                   const std::vector<std::vector<Index>>& points, Workers workers);

struct StratumBound {
    double smallest = 0;   // k: of K_rho on V, from below; 0 or less proves nothing
    double part_norm = 0;  // norm(r_V), from above
};

// At the radius rho: am_j = max(abs(a_j) - rho, 0).
StratumBound bound_stratum(const Enclosure& state, const Stratum& stratum, double rho, Workers workers);

}  // namespace pl
