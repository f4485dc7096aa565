#include "proof/escape.hpp"

#include <algorithm>

namespace pl {
namespace {

constexpr int kIterations = 200;
constexpr double kLeastStep = 1e-8;
constexpr double kMostWork = 3e8;  // multiplications for one neuron

// Inputs from which a direction is sought.
Index starts(const Enclosure& state) {
    const double one = kIterations * static_cast<double>(state.n) * static_cast<double>(state.d);
    return static_cast<Index>(std::clamp(kMostWork / one, 4.0, 64.0));
}

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

// What rounding may make of a gain along a unit vector.
double doubt(const Enclosure& state, double factor) {
    const double terms = gamma(static_cast<double>(state.n + state.d) + 4);
    double sum = 0;
    for (Index i = 0; i < state.n; ++i)
        sum += (state.r_off[at(i)] + terms * std::abs(state.r[at(i)])) * state.x_norm[at(i)];
    return upward(std::abs(factor) * sum * (1 + terms));
}

bool normalise(std::vector<double>& u) {
    double square = 0;
    for (double value : u) square += value * value;
    if (!(square > 0)) return false;
    for (double& value : u) value /= std::sqrt(square);
    return true;
}

// Ascent on the sphere from u, wherever it begins: steps along the gradient, which is constant on cells,
// shorter until they gain.
Escape climb(const Enclosure& state, Index j, double factor, std::vector<double> u) {
    if (!normalise(u)) return {j, 0, {}};
    std::vector<double> up(u.size()), next_up(u.size()), next(u.size());
    double gain = gain_of(state, factor, u, up), step = 0.5;
    for (int it = 0; it < kIterations && step > kLeastStep; ++it) {
        double size = 0;
        for (double value : up) size += value * value;
        if (!(size > 0)) break;
        for (std::size_t k = 0; k < u.size(); ++k) next[k] = u[k] + step / std::sqrt(size) * up[k];
        if (!normalise(next)) break;
        const double found = gain_of(state, factor, next, next_up);
        if (!(found > gain)) {
            step /= 2;
            continue;
        }
        gain = found;
        step *= 1.3;
        std::swap(u, next);
        std::swap(up, next_up);
    }
    return {j, std::max(gain, 0.0), gain > 0 ? std::move(u) : std::vector<double>()};
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
            return std::abs(state.r[at(i)]) * state.x_norm[at(i)] >
                   std::abs(state.r[at(k)]) * state.x_norm[at(k)];
        });
        std::vector<double> all(at(state.d), 0.0);
        for (Index i : order)
            for (Index k = 0; k < state.d; ++k) all[at(k)] += std::abs(state.r[at(i)]) * state.x(i)[k];
        best = climb(state, j, factor, all);
        for (std::size_t k = 0; k < order.size() && k < at(starts(state)); ++k) {
            const double* x = state.x(order[k]);
            Escape next = climb(state, j, factor, std::vector<double>(x, x + state.d));
            if (next.gain > best.gain) best = std::move(next);
        }
        best.gain = downward(best.gain - doubt(state, factor));
        if (!(best.gain > 0)) best = {j, 0, {}};
        found.push_back(std::move(best));
    }
    return found;
}

}  // namespace pl
