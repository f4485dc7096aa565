#include "flow/step_size.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kShare = 0.1;          // of the tolerance, for one step
constexpr double kDisplacement = 0.05;  // of the step's displacement
constexpr double kStabilisedShare = 0.03, kDecayShare = 0.01;
constexpr double kRounding = 1e-14;   // relative to the state
constexpr double kVanished = 1e-150;  // of a tolerance: its square is no number any more

// What the error of neuron j may be, relative to its own size; one that has vanished follows the others.
double scale_of(const Jets& jets, int j, double rtol, double atol) {
    const double scale = rtol * std::hypot(jets.w_norm(0, j), jets.a(0, j)) + atol;
    return scale > kVanished ? scale : std::numeric_limits<double>::infinity();
}

}  // namespace

int highest_order(const FlowOptions& options) {
    if (options.order > 0) return std::min(options.order, kMaxOrder);
    const double digits = -std::log(std::max(options.rtol, 1e-16));
    return std::clamp(static_cast<int>(std::ceil(0.55 * digits)) + 2, 4, 24);
}

double trusted_step(const Jets& jets, int p, double rtol, double atol) {
    const int order = jets.order();
    Squares worst{}, total{};
    for (int j = 0; j < p; ++j) {
        if (jets.still(j)) continue;
        const double scale = scale_of(jets, j, rtol, atol);
        for (int k = 1; k <= order; ++k) {
            const double square = jets.w_norm(k, j) * jets.w_norm(k, j) + jets.a(k, j) * jets.a(k, j);
            total[at(k)] += square;
            worst[at(k)] = std::max(worst[at(k)], square / (scale * scale));
        }
    }
    return jets.unit() * trusted_step(worst, total, order);
}

double trusted_step(const Squares& worst, const Squares& total, int order) {
    if (total[1] == 0.0) return std::numeric_limits<double>::infinity();
    double rate = 0.0;  // of growth of the coefficients, against an accidental zero of the last one
    for (int k = 2; k <= order; ++k) {
        rate = std::max(rate, std::pow(total[at(k)] / total[1], 0.5 / static_cast<double>(k - 1)));
    }
    if (rate == 0.0) return std::numeric_limits<double>::infinity();
    const double guard = 0.1 * rate;
    const double term = std::max(std::sqrt(worst[at(order)]), guard * std::sqrt(worst[at(order - 1)]));
    const double norm = std::max(std::sqrt(total[at(order)]), guard * std::sqrt(total[at(order - 1)]));
    double h = std::pow(kShare / term, 1.0 / order);
    if (order > 1) h = std::min(h, std::pow(kDisplacement * std::sqrt(total[1]) / norm, 1.0 / (order - 1)));
    return h;
}

double growth_by_tolerance(const Jets& jets, const Rkc& step, int p, double rtol, double atol) {
    double worst = 0.0;
    for (int j = 0; j < p; ++j) {
        const double scale = scale_of(jets, j, rtol, atol);
        worst = std::max(worst, jets.part_sq(step.error().data(), j) / (scale * scale));
    }
    return std::cbrt(kStabilisedShare / std::sqrt(worst));
}

double growth_by_decay(const Jets& jets, const Rkc& step, double rtol, double h_rho) {
    double error = 0.0, way = 0.0, state = 0.0;
    std::vector<double> start(at(jets.size()));
    jets.pack(0, start.data());
    for (Index l = 0; l < size_of(start); ++l) {
        const double moved = step.y1()[at(l)] - start[at(l)];
        error += step.error()[at(l)] * step.error()[at(l)];
        way += moved * moved;
        state += start[at(l)] * start[at(l)];
    }
    const double share = std::min(kDecayShare, std::sqrt(rtol));
    const double rounding = kRounding * (1.0 + h_rho) * std::sqrt(state);
    return std::sqrt((share * std::sqrt(way) + rounding) / std::sqrt(error));
}

}  // namespace pl
