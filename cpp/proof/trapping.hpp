// The theorem of docs/proofs.md with V != R^n: the loss of every solution from the state tends to a value
// above 0.
#pragma once

#include <string>

#include "proof/kinks.hpp"

namespace pl {

struct Trapping {
    bool proved = false;
    std::string reason;                      // why not
    double rho = 0, rate = 0, distance = 0;  // radius; mu_rho; of the limit from the state
    double smallest = 0;                     // k on V
    double moved = 0;    // the proof is of the state moved by this: neurons at rest put on their kinks
    double settled = 0;  // within this time every sliding pair reaches its kink
    double limit_low = 0, limit_high = 0;  // of the loss
    Index sliding = 0, resting = 0;        // pairs
    std::vector<NeuronKinks> neurons;      // (p): which they are
};

Trapping prove_trapping(const Enclosure& state, Workers workers);

}  // namespace pl
