#include "flow/release.hpp"

#include <cmath>

namespace pl {

bool clear_of_noise(double r, double noise) {
    return std::abs(r) > 8.0 * noise;
}

// A promise is kept unless the multiplier is clearly within its bounds; without one, it is to be clearly
// beyond.
std::optional<Mode> released(const SlidingPair& pair, const Promised& promised) {
    const bool heeded = clear_of_noise(pair.push.jump(), pair.noise);
    const double off_bound = heeded && promised.off ? pair.noise : -pair.noise;
    const double on_bound = heeded && promised.on ? pair.noise : -pair.noise;
    if (-pair.sign * (pair.mu - pair.push.behind) < off_bound) return Mode::kOff;
    if (-pair.sign * (pair.push.ahead - pair.mu) < on_bound) return Mode::kOn;
    return std::nullopt;
}

}  // namespace pl
