// When a sliding pair is let go: its multiplier is beyond 0 or r_i, or the polynomial of the last step
// promised that it is so from now on.
#pragma once

#include <algorithm>
#include <optional>

#include "flow/events.hpp"

namespace pl {

struct SlidingPair {
    double r, mu, sign;  // r_i, mu_ji, the sign of a_j
    double noise;        // Noise::multiplier
};

// lam = mu / r of a sliding pair.
inline double share_of(double mu, double r) {
    return r != 0.0 ? std::clamp(mu / r, 0.0, 1.0) : 0.0;
}

// A residual that is noise has a multiplier that is: the pair keeps its status until a sign is clear.
bool clear_of_noise(double r, double noise);

// What was promised of a pair.
struct Promised {
    bool off = false, on = false;
    void add(EventKind kind) { (kind == EventKind::kReleaseOff ? off : on) = true; }
};

// The mode that the pair is let go to; none: it stays.
std::optional<Mode> released(const SlidingPair& pair, const Promised& promised);

}  // namespace pl
