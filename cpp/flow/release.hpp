// When a sliding pair is let go: its multiplier is beyond 0 or r_i (of a line, beyond what either side
// pushes), or the polynomial of the last step promised that it is so from now on.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "flow/events.hpp"
#include "flow/noise.hpp"
#include "flow/settling.hpp"

namespace pl {

struct SlidingPair {
    LinePush push;    // r_i; of a line what all its points push
    double mu, sign;  // mu_ji, the sign of a_j
    double noise;     // Noise::multiplier
};

// lam_ji of a sliding pair of multiplier mu, r (n) the residuals: mu / r_i where its point is alone on its
// line.
inline double share_of(const ParallelInputs& lines, const double* r, int i, double mu) {
    const LinePush push = lines.push(r, i);
    if (push.jump() == 0.0) return 0.0;
    const double share = std::clamp((mu - push.behind) / push.jump(), 0.0, 1.0);
    return lines.ratio(i) > 0.0 ? share : 1.0 - share;
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

// What a neuron, or all of a cell, slides on, with the residuals (n) there.
struct Sliding {
    const KinkBasis& slide;
    const double* r;
    double sign, noise;
};
// The pairs that are let go. mu(slot): the multiplier; promised(i): what was promised of point i.
template <class Multiplier, class PromisedOf>
std::vector<Forced> let_go(const ParallelInputs& lines, const Sliding& sliding, const Multiplier& mu,
                           const PromisedOf& promised) {
    std::vector<Forced> out;
    for (int slot = 0; slot < sliding.slide.size(); ++slot) {
        const int i = sliding.slide.point(slot);
        const SlidingPair pair{lines.push(sliding.r, i), mu(slot), sliding.sign,
                               sliding.noise * lines.weight(i)};
        if (const auto mode = released(pair, promised(i))) out.push_back({i, *mode});
    }
    return out;
}

}  // namespace pl
