#include "flow/step_size.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "flow/polynomial.hpp"

namespace pl {
namespace {

constexpr double kShare = 0.1;          // of the tolerance, for one step
constexpr double kDisplacement = 0.05;  // of the step's displacement
constexpr double kErrorOfThird = 0.4;   // of a stabilised step, relative to h^3 c_3
constexpr double kRounding = 1e-14;     // of the error estimate, relative to the state

}  // namespace

int natural_order(double rtol) {
    const double digits = -std::log(std::max(rtol, 1e-16));
    return std::clamp(static_cast<int>(std::ceil(0.55 * digits)) + 2, 4, 24);
}

double trusted_step(const Jets& jets, int p, double rtol, double atol) {
    const int order = jets.order();
    std::array<double, kMaxOrder + 1> worst{}, total{};  // relative to the tolerance; in norm
    for (int j = 0; j < p; ++j) {
        const double scale = rtol * std::hypot(jets.w_norm(0, j), jets.a(0, j)) + atol;
        for (int k = 1; k <= order; ++k) {
            const auto u = static_cast<std::size_t>(k);
            const double square = jets.w_norm(k, j) * jets.w_norm(k, j) + jets.a(k, j) * jets.a(k, j);
            total[u] += square;
            worst[u] = std::max(worst[u], square / (scale * scale));
        }
    }
    const auto last = static_cast<std::size_t>(order);
    if (total[1] == 0.0) return std::numeric_limits<double>::infinity();
    double rate = 0.0;  // of growth of the coefficients, against an accidental zero of the last one
    for (std::size_t k = 2; k <= last; ++k) {
        rate = std::max(rate, std::pow(total[k] / total[1], 0.5 / static_cast<double>(k - 1)));
    }
    if (rate == 0.0) return std::numeric_limits<double>::infinity();
    const double guard = 0.1 * rate;
    const double term = std::max(std::sqrt(worst[last]), guard * std::sqrt(worst[last - 1]));
    const double norm = std::max(std::sqrt(total[last]), guard * std::sqrt(total[last - 1]));
    double h = std::pow(kShare / term, 1.0 / order);
    if (order > 1) h = std::min(h, std::pow(kDisplacement * std::sqrt(total[1]) / norm, 1.0 / (order - 1)));
    return h;
}

double stabilised_step(const Jets& jets, int p, double rtol, double atol) {
    double worst = 0.0;
    for (int j = 0; j < p; ++j) {
        const double scale = rtol * std::hypot(jets.w_norm(0, j), jets.a(0, j)) + atol;
        worst = std::max(worst, std::hypot(jets.w_norm(3, j), jets.a(3, j)) / scale);
    }
    const double by_tolerance = std::cbrt(kShare / (kErrorOfThird * worst));
    return std::min(by_tolerance, std::sqrt(kDisplacement * jets.norm(1) / (kErrorOfThird * jets.norm(3))));
}

double error_growth(const Jets& jets, const Rkc& step, int p, double rtol, double atol) {
    double worst = 0.0, total = 0.0, way = 0.0, state = 0.0;
    std::vector<double> moved(jets.size());
    jets.pack(0, moved.data());
    for (std::size_t l = 0; l < moved.size(); ++l) {
        state += moved[l] * moved[l];
        moved[l] -= step.y1()[l];
    }
    for (int j = 0; j < p; ++j) {
        const double scale = rtol * std::hypot(jets.w_norm(0, j), jets.a(0, j)) + atol;
        const double square = jets.part_sq(step.error().data(), j);
        worst = std::max(worst, square / (scale * scale));
        total += square;
        way += jets.part_sq(moved.data(), j);
    }
    const double allowed = kDisplacement * std::sqrt(way) + kRounding * std::sqrt(state);
    return std::min(std::cbrt(kShare / std::sqrt(worst)), std::sqrt(allowed / std::sqrt(total)));
}

}  // namespace pl
