#include "capture/moved.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

// A neuron so small beside its outer weight that grows is measured by itself, not by (w_j, a_j): where w_j
// points while it is small decides its pattern, of which the loss tells later. Of 30 starts with norm(w_j) of
// 1e-1 to 1e-6 26 are then within rtol, 5 without; one that shrinks to 0 would never get there in such steps.
constexpr double kSmall = 100.0;  // squares
constexpr double kOwn = 10.0;
constexpr double kLeast = 1e-14;  // of the outer weight's: a step from 0 is as long as what it leads to
constexpr double kTurned = 10.0;  // so many times what r has changed, growth along w_j counts by

// The square of what r has changed, of itself.
double turned_sq(const DenseState& before, const DenseState& after) {
    double sum = 0.0;
    for (Index i = 0; i < before.n(); ++i) {
        const double by = after.r[at(i)] - before.r[at(i)];
        sum += by * by;
    }
    return before.sum_r2 > 0.0 ? sum / before.sum_r2 : 0.0;
}

}  // namespace

Travel moved(const DenseState& before, const DenseState& after, Index j) {
    const double *w = before.w_of(j), *next = after.w_of(j);
    double travel = 0.0, growth = 0.0, old = 0.0, now = 0.0, size = 0.0;
    for (Index k = 0; k < before.d; ++k) {
        travel += (next[k] - w[k]) * (next[k] - w[k]);
        growth += (next[k] - w[k]) * w[k];
        old += w[k] * w[k];
        now += next[k] * next[k];
        size += std::max(next[k] * next[k], w[k] * w[k]);
    }
    const double a = before.a.data()[j], a_next = after.a.data()[j], outer = std::max(a * a, a_next * a_next);
    const bool grows = now > old && kSmall * size < outer;
    size += grows ? kOwn * size + kLeast * outer : outer;
    if (!(travel > 0.0)) return {0.0, 0.0};
    const double along = old > 0.0 ? std::min(growth * growth / old, travel) : 0.0;
    return {(travel - along) / size, along / size};
}

double moved(const DenseState& before, const DenseState& after) {
    Travel sum{0.0, 0.0};
    for (Index j = 0; j < before.p(); ++j) {
        const Travel one = moved(before, after, j);
        sum.across += one.across;
        sum.along += one.along;
    }
    const double p = static_cast<double>(before.p());
    const double share = kTurned * kTurned * turned_sq(before, after) * p / sum.all();
    return std::sqrt((sum.across + std::min(1.0, share) * sum.along) / p);
}

double travel_sq(const DenseState& before, const DenseState& after) {
    double sum = 0;
    for (Index k = 0; k < before.W.size(); ++k) {
        const double dw = after.W.data()[k] - before.W.data()[k];
        sum += dw * dw;
    }
    for (Index j = 0; j < before.p(); ++j) {
        const double da = after.a.data()[j] - before.a.data()[j];
        sum += da * da;
    }
    return sum;
}

double hidden_rise(const DenseState& state) {
    double sum = 0.0;
    std::vector<double> off(state.r.size());  // of r
    for (Index j = 0; j < state.p(); ++j)
        for (const Touched& pair : state.touched[at(j)]) {
            if (!(pair.z > 0.0)) continue;
            const double by = state.a.data()[j] * pair.z / static_cast<double>(state.p()),
                         r = state.r[at(pair.point)];
            double& so_far = off[at(pair.point)];
            sum += by * (2.0 * so_far + by - 2.0 * r);
            so_far += by;
        }
    return sum;
}

}  // namespace pl
