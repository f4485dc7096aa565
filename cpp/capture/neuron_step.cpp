#include "capture/neuron_step.hpp"

#include <cmath>

#include "kernel/inner.hpp"

namespace pl {

double mean_outer_weight(const double* w, const double* g, double a, Index d, Index n) {
    constexpr double kShort = 1e-3;  // of the length: cosh and sinh by two terms
    const double share = 1.0 / static_cast<double>(n);
    const double along = share * inner(w, g, d), pull = share * share * norm_sq(g, d);
    const double length = std::sqrt(pull);
    const bool small = length < kShort;
    const double rising = small ? 1.0 + pull / 6.0 : std::sinh(length) / length;
    const double bent =
        small ? 0.5 + pull / 24.0 : std::expm1(length) * (-std::expm1(-length)) / (2.0 * pull);
    return a * rising + along * bent;
}

}  // namespace pl
