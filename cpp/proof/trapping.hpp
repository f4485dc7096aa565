// The theorem of docs/proofs.md with V != R^n: the loss of every solution from the state tends to a value
// above 0.
#pragma once

#include <limits>
#include <string>

#include "proof/ball.hpp"
#include "proof/kinks.hpp"

namespace pl {

struct Trapping : Ball {
    bool proved = false;
    std::string reason;  // why not
    // Of the kinks tried those that came nearest: over what is allowed the most of what is needed, all of it
    // in proportion to the speed; infinite where less speed does not help.
    double needed_over_allowed = std::numeric_limits<double>::infinity();
    double settled = 0;                // within this time every sliding pair reaches its kink
    Index sliding = 0, resting = 0;    // pairs
    std::vector<NeuronKinks> neurons;  // (p): which they are
};

// Whether a proof may take a known kink that the numbers are not on for none: not of a run that goes on with
// the kinks that it knows.
enum class Known { kMayBeLeft, kStays };
Trapping prove_trapping(const Enclosure& state, Workers workers, Known known = Known::kMayBeLeft);

}  // namespace pl
