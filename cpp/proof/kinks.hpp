// Which pairs of a state rest at their kinks, neuron by neuron, for the proofs of a stratum (docs/proofs.md).
#pragma once

#include "proof/enclosure.hpp"

namespace pl {

enum class Kind {
    kDead,    // every z_ji < 0: never moves
    kMoves,   // some pairs on, none at a kink
    kSlides,  // some on, some at kinks: T_j
    kRests,   // none on, some at kinks: D_j
    kZero,    // w_j = 0: every pair at its kink
};

// Inputs that are positive multiples of one another are one kink: x_k = s x_i exactly.
struct Kink {
    Index point;                 // of its inputs, the first
    std::vector<Index> points;   // all of them
    std::vector<double> scales;  // s of each, rounded; 1 of the first
    double residual, off;        // sum s_k r_k, and how far it may be off
    double spread;               // sqrt(sum s_k^2), from above
};

struct NeuronKinks {
    Kind kind = Kind::kDead;
    std::vector<Index> on;
    std::vector<Kink> kinks;
    bool opposite = false;  // two kinks are multiples of one another, negative ones
    double gap = 0;       // distance of every other pair from its kink, from below; infinite if there is none
    double off_kink = 0;  // norm of z over the kinks, from above
};

// A pair is taken to rest at its kink where it is known to, if what is known counts, or abs(z_ji) <= share
// norm(w_j) norm(x_i). Any share is sound that is above the rounding of z.
std::vector<NeuronKinks> find_kinks(const Enclosure& state, double share, bool known = true);

}  // namespace pl
