// The flow's loss never rises, to its rounding; a step in which it does is too long.
#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/step.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

}  // namespace

// sum_j abs(a_j) norm(w_j), from above.
double FlowStep::output_terms() const {
    if (cells_.on()) return 0.5 * cells_.size();
    double terms = 0.0;
    for (int j = 0; j < in_.p; ++j) terms += std::abs(jets_.a(0, j)) * jets_.w_norm(0, j);
    return terms;
}

// Noise of sum r^2: of the sum itself, and through r = y - h, of the terms of h.
double FlowStep::rounding(double sum) const {
    const double terms = output_terms();
    const double r = residual_noise(in_.d, in_.largest_label(), in_.largest_norm(), terms, in_.p);
    return 4.0 * kEps * start_ + 2.0 * r * std::sqrt(in_.n * sum) + in_.n * r * r;
}

// Where the loss rises, the step was too long, or the loss has reached its rounding.
double FlowStep::descend(double before) {
    const double planned = h_, slack = rounding(before);
    double sum = jets_.attempt(h_);
    const bool noise = sum <= lowest_ + slack;
    for (int tries = 1; !(sum <= lowest_ + 4.0 * kEps * start_) && tries <= 60 && !cut(); ++tries) {
        journal_.rejected();
        if (noise && tries > 3) {
            h_ = planned;
            return jets_.attempt(h_);
        }
        h_ *= 0.5;
        sum = jets_.attempt(h_);
    }
    return sum;
}

}  // namespace pl
