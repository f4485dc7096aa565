// Pairs that rest at their kinks: what a run knows of them, and the sign of a z that is rounding does not
// say.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernel/index.hpp"

namespace pl {

// Mode of a pair (neuron j, point i): z_ji < 0 side, z_ji > 0 side, or held at z_ji = 0.
enum class Mode : std::uint8_t { kOff = 0, kOn = 1, kSlide = 2 };

struct PairAtKink {
    int neuron, point;
    Mode mode;
    double share;  // lam_ji: 0 off, 1 on
};

// The order of neurons, then points.
inline bool before(const PairAtKink& u, const PairAtKink& v) {
    return u.neuron != v.neuron ? u.neuron < v.neuron : u.point < v.point;
}

// Whether they can be those of one state: in order of neurons, then points, each once, with a share that its
// mode can have (NaN: not known).
inline bool of_one_state(const std::vector<PairAtKink>& pairs, Index n, Index p) {
    const auto fits = [&](const PairAtKink& u) {
        const bool slides = u.mode == Mode::kSlide && (std::isnan(u.share) || (u.share >= 0 && u.share <= 1));
        const bool rests = u.mode != Mode::kSlide && u.share == (u.mode == Mode::kOn ? 1.0 : 0.0);
        return u.neuron >= 0 && u.neuron < p && u.point >= 0 && u.point < n && (slides || rests);
    };
    const auto wrong = [](const PairAtKink& u, const PairAtKink& v) { return !before(u, v); };
    return std::all_of(pairs.begin(), pairs.end(), fits) &&
           std::adjacent_find(pairs.begin(), pairs.end(), wrong) == pairs.end();
}

// |z_ji| up to this times norm(w_j) norm(x_i) is 0 to rounding, of inputs X. Of inputs given by their norms
// z_ji is one product, whose sign is right: only 0 is 0.
constexpr double kAtKink = 32.0 * std::numeric_limits<double>::epsilon();
// A PairAtKink counts where the pair is within this times norm(w_j) norm(x_i) of its kink: what the single
// precision of capture leaves of pairs at rest. Further off it is of another state.
constexpr double kNearKink = 1e-5;

}  // namespace pl
