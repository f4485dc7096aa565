#include "proof/holding.hpp"

#include <algorithm>
#include <limits>

#include "parallel/parallel_for.hpp"
#include "proof/dual_bound.hpp"
#include "proof/masked_gram.hpp"

namespace pl {
namespace {

constexpr int kSweeps = 5000;       // of the shares of one neuron
constexpr double kTiny = 0x1p-100;  // a share, or part of the dual vector, that is taken for 0
constexpr int kDamped = 12;  // passes of the projection: each leaves epsilon / lambda of what can be removed
constexpr double kRegular = 1e-7;  // of the mean eigenvalue: what rounding adds to it turns g by the inverse
constexpr Index kMostPoints = 6000;  // of the dense projection

struct Cells {
    std::vector<FreeCell> cells;
    double rho = std::numeric_limits<double>::infinity();

    bool same(const Cells& other) const {
        return std::equal(
            cells.begin(), cells.end(), other.cells.begin(), other.cells.end(),
            [](const FreeCell& a, const FreeCell& b) { return a.free == b.free && a.on == b.on; });
    }
};

bool dead(const Enclosure& state, Index j) {
    for (Index i = 0; i < state.n; ++i)
        if (!(state.z(j, i) < 0 && state.distance(j, i) > 0)) return false;
    return true;
}

// Pairs nearer to their kinks than `near` are free; rho is the distance of the nearest other one, or the
// least abs(a_j) of a neuron with free pairs.
Cells cells_at(const Enclosure& state, double near) {
    Cells found;
    found.cells.resize(at(state.p));
    for (Index j = 0; j < state.p; ++j) {
        if (dead(state, j)) continue;  // it never moves
        FreeCell& cell = found.cells[at(j)];
        for (Index i = 0; i < state.n; ++i) {
            const double distance = state.distance(j, i);
            if (distance <= near || state.known_kink(j, i)) {
                cell.free.push_back(i);
                continue;
            }
            found.rho = std::min(found.rho, distance);
            if (state.z(j, i) > 0) cell.on.push_back(i);
        }
        if (!cell.free.empty()) found.rho = std::min(found.rho, std::abs(state.a(j)));
    }
    found.rho = downward(found.rho);
    return found;
}

// Orthonormal directions of the free inputs of a cell, as far as rounding tells them apart: any will do.
std::vector<std::vector<double>> directions(const Enclosure& state, const std::vector<Index>& points) {
    std::vector<std::vector<double>> basis;
    for (Index i : points) {
        std::vector<double> q(state.x(i), state.x(i) + state.d);
        for (int pass = 0; pass < 2; ++pass)
            for (const auto& u : basis) {
                double part = 0;
                for (std::size_t k = 0; k < q.size(); ++k) part += q[k] * u[k];
                for (std::size_t k = 0; k < q.size(); ++k) q[k] -= part * u[k];
            }
        double norm = 0;
        for (double value : q) norm += value * value;
        norm = std::sqrt(norm);
        if (norm <= 1e-9 * state.x_norm[at(i)]) continue;
        for (double& value : q) value /= norm;
        basis.push_back(std::move(q));
    }
    return basis;
}

// What a frozen pattern can remove: sum_j P_Sj X Pi_Ej X^T P_Sj, to rounding.
Matrix removable(const Enclosure& state, const Cells& cells, Workers workers) {
    const Index n = state.n, d = state.d;
    std::vector<std::vector<std::vector<double>>> bases(at(state.p));
    Matrix weights(n, state.p), M(n, n);
    Index columns = 0;
    for (Index j = 0; j < state.p; ++j) {
        const FreeCell& cell = cells.cells[at(j)];
        if (cell.on.empty()) continue;
        bases[at(j)] = directions(state, cell.free);
        columns += static_cast<Index>(bases[at(j)].size());
        for (Index i : cell.on) weights(i, j) = 1;
    }
    Matrix taken(n, columns);
    Index column = 0;
    for (Index j = 0; j < state.p; ++j)
        for (const std::vector<double>& q : bases[at(j)]) {
            for (Index i : cells.cells[at(j)].on)
                for (Index k = 0; k < d; ++k) taken(i, column) += state.x(i)[k] * q[at(k)];
            ++column;
        }
    masked_gram(state.inputs, weights, taken, M, workers);
    return M;
}

// r without what the patterns can remove of it, to rounding; any vector is sound.
std::vector<double> leftover(const Enclosure& state, const Cells& cells, Workers workers) {
    const Index n = state.n;
    Matrix M = removable(state, cells, workers);
    double trace = 0;
    for (Index i = 0; i < n; ++i) trace += M(i, i);
    std::vector<double> g = state.r;
    if (!(trace > 0)) return g;
    const double epsilon = kRegular * trace / static_cast<double>(n);
    for (Index i = 0; i < n; ++i) M(i, i) += epsilon;
    if (!cholesky(M, workers)) return g;
    for (int pass = 0; pass < kDamped; ++pass) {
        solve(M, g.data());
        for (double& value : g) value *= epsilon;
    }
    return g;
}

// lam in [0, 1] that make e = sum_S g_i x_i + sum_E lam_i g_i x_i small, one after another.
std::vector<double> shares_of(const Enclosure& state, const FreeCell& cell, const std::vector<double>& g) {
    const Index d = state.d;
    std::vector<double> e(at(d), 0.0), lam(cell.free.size(), 0.0);
    for (Index i : cell.on)
        for (Index k = 0; k < d; ++k) e[at(k)] += g[at(i)] * state.x(i)[k];
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
        double change = 0;
        for (std::size_t m = 0; m < cell.free.size(); ++m) {
            const Index i = cell.free[m];
            const double gi = g[at(i)], size = gi * gi * state.x_norm[at(i)] * state.x_norm[at(i)];
            if (!(size > 0)) continue;
            double along = 0;
            for (Index k = 0; k < d; ++k) along += e[at(k)] * state.x(i)[k];
            const double next = std::clamp(lam[m] - gi * along / size, 0.0, 1.0), by = (next - lam[m]) * gi;
            for (Index k = 0; k < d; ++k) e[at(k)] += by * state.x(i)[k];
            change = std::max(change, std::abs(next - lam[m]));
            lam[m] = next;
        }
        if (change < 1e-16) break;
    }
    for (double& share : lam)
        if (share < kTiny) share = 0;
    return lam;
}

// a_j g_i <= 0 on E_j; and nothing so small that its products would underflow.
void respect_signs(const Enclosure& state, const Cells& cells, std::vector<double>& g) {
    double most = 0;
    for (double value : g) most = std::max(most, std::abs(value));
    for (double& value : g)
        if (std::abs(value) < kTiny * most) value = 0;
    for (Index j = 0; j < state.p; ++j)
        for (Index i : cells.cells[at(j)].free)
            if (state.a(j) * g[at(i)] > 0) g[at(i)] = 0;
}

Holding hold_cells(const Enclosure& state, Cells& cells, Workers workers) {
    Holding found;
    if (!(cells.rho > 0) || !std::isfinite(cells.rho)) return found;
    std::vector<double> g = leftover(state, cells, workers);
    respect_signs(state, cells, g);
    parallel_for(state.p, workers.threads, workers.control, [&](Index j) {
        FreeCell& cell = cells.cells[at(j)];
        if (!workers.control.check()) cell.shares = shares_of(state, cell, g);
    });
    if (workers.control.cancelled()) return found;
    const DualBound bound = dual_bound(state, cells.cells, g, cells.rho, workers);
    if (!bound.proved) return found;
    found.proved = true;
    found.until = bound.until;
    found.bound = bound.bound;
    found.rho = cells.rho;
    found.dual = std::move(g);
    for (Index j = 0; j < state.p; ++j) {
        const FreeCell& cell = cells.cells[at(j)];
        for (std::size_t m = 0; m < cell.free.size(); ++m)
            found.pairs.push_back({j, cell.free[m], cell.shares[m]});
    }
    return found;
}

}  // namespace

Holding prove_holding(const Enclosure& state, Workers workers) {
    Holding best;
    if (state.n > kMostPoints) return best;
    double scale = 0;
    for (double norm : state.w_norm) scale = std::max(scale, norm);
    Cells last;
    for (double near : {1e-14, 1e-11, 1e-8, 1e-6, 1e-4, 1e-3}) {
        Cells cells = cells_at(state, near * scale);
        if (cells.same(last)) continue;
        Holding found = hold_cells(state, cells, workers);
        last = std::move(cells);
        if (workers.control.cancelled()) return best;
        if (found.proved && (!best.proved || found.until > best.until)) best = std::move(found);
    }
    return best;
}

}  // namespace pl
