#include "proof/escape.hpp"

#include <algorithm>

namespace pl {
namespace {

constexpr Index kStarts = 64;  // inputs from which a direction is sought
constexpr int kIterations = 200;

double gain_of(const Enclosure& state, double factor, const std::vector<double>& u, std::vector<double>& up) {
    double gain = 0;
    std::fill(up.begin(), up.end(), 0.0);
    for (Index i = 0; i < state.n; ++i) {
        double along = 0;
        for (Index k = 0; k < state.d; ++k) along += u[at(k)] * state.x(i)[k];
        if (!(along > 0)) continue;
        gain += factor * state.r[at(i)] * along;
        for (Index k = 0; k < state.d; ++k) up[at(k)] += factor * state.r[at(i)] * state.x(i)[k];
    }
    return gain;
}

bool normalise(std::vector<double>& u) {
    double square = 0;
    for (double value : u) square += value * value;
    if (!(square > 0)) return false;
    for (double& value : u) value /= std::sqrt(square);
    return true;
}

// The function is 1-homogeneous and linear on cells: its gradient is the next direction, as long as it gains.
Escape climb(const Enclosure& state, Index j, double factor, std::vector<double> u) {
    Escape best{j, 0, {}};
    std::vector<double> up(u.size());
    for (int it = 0; it < kIterations && normalise(u); ++it) {
        const double gain = gain_of(state, factor, u, up);
        if (!(gain > best.gain * (1 + 1e-12))) break;
        best = {j, gain, u};
        u = up;
    }
    return best;
}

}  // namespace

std::vector<Escape> escapes(const Enclosure& state) {
    std::vector<Escape> found;
    for (Index j = 0; j < state.p; ++j) {
        const double* w = state.problem.W + j * state.d;
        if (!std::all_of(w, w + state.d, [](double value) { return value == 0; })) continue;
        const double factor = state.a(j) / static_cast<double>(state.n);
        Escape best{j, 0, {}};
        std::vector<Index> order;
        for (Index i = 0; i < state.n; ++i)
            if (factor * state.r[at(i)] > 0) order.push_back(i);
        std::stable_sort(order.begin(), order.end(), [&](Index i, Index k) {
            return std::abs(state.r[at(i)]) * state.x_norm[at(i)] > std::abs(state.r[at(k)]) * state.x_norm[at(k)];
        });
        std::vector<double> all(at(state.d), 0.0);
        for (Index i : order)
            for (Index k = 0; k < state.d; ++k) all[at(k)] += std::abs(state.r[at(i)]) * state.x(i)[k];
        best = climb(state, j, factor, all);
        for (std::size_t k = 0; k < order.size() && k < at(kStarts); ++k) {
            const double* x = state.x(order[k]);
            Escape next = climb(state, j, factor, std::vector<double>(x, x + state.d));
            if (next.gain > best.gain) best = std::move(next);
        }
        found.push_back(std::move(best));
    }
    return found;
}

}  // namespace pl
