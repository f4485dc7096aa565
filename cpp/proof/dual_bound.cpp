#include "proof/dual_bound.hpp"

#include <algorithm>
#include <limits>

#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double square(double value) {
    return value * value;
}

// e_j = sum_S g_i x_i + sum_E lam_i g_i x_i, and what the bound takes of it.
struct Pull {
    double norm = 0;  // of e_j, from above
    Doubted along;    // <e_j, w_j>
};

Pull pull_of(const Enclosure& state, Index j, const FreeCell& cell, const std::vector<double>& g) {
    std::vector<Twofold> e(at(state.d));
    double sizes = 0;
    for (Index i : cell.on) {
        for (Index k = 0; k < state.d; ++k) e[at(k)].add_product(g[at(i)], state.x(i)[k]);
        sizes += std::abs(g[at(i)]) * state.x_norm[at(i)];
    }
    for (std::size_t m = 0; m < cell.free.size(); ++m) {
        const Index i = cell.free[m];
        Twofold push;
        push.add_product(cell.shares[m], g[at(i)]);
        for (Index k = 0; k < state.d; ++k) e[at(k)].add_product(push, state.x(i)[k]);
        sizes += std::abs(g[at(i)]) * state.x_norm[at(i)];
    }
    const Index terms = static_cast<Index>(cell.on.size() + cell.free.size());
    const double off = upward(doubt(terms + 4) * sizes * (1 + gamma(static_cast<double>(terms))));
    const double *w = state.problem.W + j * state.d, w_norm = state.w_norm[at(j)];
    Pull found;
    double norm_sq = 0;
    for (Index k = 0; k < state.d; ++k) {
        const Twofold part = normal(e[at(k)].high, e[at(k)].low);
        norm_sq += square(part.high);
        found.along.value.add_product(part, w[k]);
    }
    found.norm = upward(std::sqrt(norm_sq * (1 + gamma(static_cast<double>(state.d) + 4))) + off);
    found.along.off = upward((off + doubt(state.d + 4) * found.norm) * w_norm);
    return found;
}

// <g, y> - (1/p) sum_j max over the ball of a_j <e_j, w_j>, from below.
Doubted held_up(const Enclosure& state, const std::vector<FreeCell>& cells, const std::vector<double>& g,
                double rho, Workers workers) {
    std::vector<Pull> pulls(at(state.p));
    parallel_for(state.p, workers.threads, workers.control, [&](Index j) {
        if (!workers.control.check()) pulls[at(j)] = pull_of(state, j, cells[at(j)], g);
    });
    Twofold sum;
    double slopes_sq = 0, most = 0, off = 0, sizes = 0;
    for (Index j = 0; j < state.p; ++j) {
        const Pull& pull = pulls[at(j)];
        const double a = std::abs(state.a(j)), along = std::abs(pull.along.value.value()) + pull.along.off;
        sum.add_product(pull.along.value, -state.a(j));
        off += a * pull.along.off;
        sizes += a * along;
        slopes_sq += square(along) + square(a * pull.norm);
        most = std::max(most, pull.norm);
    }
    const double count = static_cast<double>(state.p), rounded = 1 + gamma(count + 4);
    const double change = (rho * std::sqrt(slopes_sq * rounded) + rho * rho * most / 2) / count;
    Doubted found{over(sum, {count, 0}),
                  upward((off + doubt(state.p + 8) * sizes) * rounded / count + change)};
    Twofold gy;
    double gy_sizes = 0;
    for (Index i = 0; i < state.n; ++i) {
        gy.add_product(g[at(i)], state.problem.y[i]);
        gy_sizes += std::abs(g[at(i)] * state.problem.y[i]);
    }
    found.value.add(gy);
    found.off =
        upward(found.off +
               doubt(state.n + 8) * (gy_sizes * (1 + gamma(static_cast<double>(state.n))) + sizes / count));
    return found;
}

}  // namespace

DualBound dual_bound(const Enclosure& state, const std::vector<FreeCell>& cells, const std::vector<double>& g,
                     double rho, Workers workers) {
    DualBound found;
    const double n = static_cast<double>(state.n), p = static_cast<double>(state.p);
    Doubted left = held_up(state, cells, g, rho, workers);
    const Doubted& loss = state.sum_r2;
    if (workers.control.cancelled()) return found;
    left.value.add(-left.off);
    Twofold g_sq;
    for (double value : g) g_sq.add_product(value, value);
    const Twofold lower = normal(left.value.high, left.value.low), norm = normal(g_sq.high, g_sq.low);
    if (!(lower.value() > 0) || !(norm.value() > 0)) return found;
    const Twofold least = over(times(lower, lower), norm);  // 2 n L*, to a few units of twofold precision
    const double off = doubt(state.n + 16) * 4 * least.value();
    found.bound = downward((least.value() - off) / (2 * n));
    Twofold excess = loss.value;
    excess.add({-least.high, -least.low});
    const double above =
        upward(std::max(0.0, excess.value()) + loss.off + off + doubt(8) * 4 * least.value());
    found.until = above > 0 ? downward(rho * rho / upward(p * above / (2 * n))) : kInfinity;
    found.proved = true;
    return found;
}

}  // namespace pl
