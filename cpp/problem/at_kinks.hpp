// Pairs that rest at their kinks: what a run knows of them, and the sign of a z that is rounding does not
// say.
#pragma once

#include <cstdint>
#include <limits>

#include "kernel/index.hpp"

namespace pl {

// Mode of a pair (neuron j, point i): z_ji < 0 side, z_ji > 0 side, or held at z_ji = 0.
enum class Mode : std::uint8_t { kOff = 0, kOn = 1, kSlide = 2 };

struct PairAtKink {
    int neuron, point;
    Mode mode;
    double share;  // lam_ji: 0 off, 1 on
};

// |z_ji| up to this times norm(w_j) norm(x_i) is 0 to rounding, of inputs X. Of inputs given by their norms
// z_ji is one product, whose sign is right: only 0 is 0.
constexpr double kAtKink = 32.0 * std::numeric_limits<double>::epsilon();
// A PairAtKink counts where the pair is within this times norm(w_j) norm(x_i) of its kink: what the single
// precision of capture leaves of pairs at rest. Further off it is of another state.
constexpr double kNearKink = 1e-5;

}  // namespace pl
