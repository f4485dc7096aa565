#include "proof/assembly.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "kernel/inner.hpp"
#include "parallel/parallel_for.hpp"
#include "proof/masked_gram.hpp"

namespace pl {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// A neuron with more uncertain pairs than that many dimensions is left out of K: what is left of it is
// little, what it costs is most.
constexpr Index kMostPerDimension = 2;

bool dead(const Enclosure& state, Index j) {
    for (Index i = 0; i < state.n; ++i)
        if (!(state.z(j, i) < -state.z_off(j, i))) return false;
    return true;
}

void add_multiple(double factor, const double* from, std::vector<double>& to) {
    for (std::size_t k = 0; k < to.size(); ++k) to[k] += factor * from[k];
}

}  // namespace

std::vector<Pattern> patterns_at(const Enclosure& state, double rho) {
    std::vector<Pattern> patterns(at(state.p));
    const double certain = upward(rho);
    for (Index j = 0; j < state.p; ++j) {
        if (dead(state, j)) continue;
        for (Index i = 0; i < state.n; ++i) {
            const bool near = !(state.distance(j, i) > certain);
            if (near)
                patterns[at(j)].uncertain.push_back(i);
            else if (state.z(j, i) > 0)
                patterns[at(j)].on.push_back(i);
        }
    }
    return patterns;
}

Assembly::Assembly(const Enclosure& state, double rho, double tau, Workers workers)
    : state_(state), workers_(workers), shares_(at(state.p)) {
    const std::vector<Pattern> patterns = patterns_at(state, rho);
    for (const Pattern& pattern : patterns) uncertain += static_cast<Index>(pattern.uncertain.size());
    parallel_for(state.p, workers.threads, workers.control, [&](Index j) {
        if (!workers.control.check()) shares_[at(j)] = share(j, patterns[at(j)], rho, tau);
    });
}

Matrix Assembly::matrix(double& charge) const {
    const Matrix stacked = stack();
    Matrix weights(state_.n, state_.p), K(state_.n, state_.n);
    double support_sq = 0;
    charge = 0;
    for (Index j = 0; j < state_.p; ++j) {
        const Share& s = shares_[at(j)];
        if (s.weight <= 0) continue;
        charge += s.weight * s.taken.charge;
        for (Index i : s.support) {
            if (!s.on[at(i)]) continue;
            weights(i, j) = std::sqrt(s.weight);
            support_sq += s.weight * state_.x_norm[at(i)] * state_.x_norm[at(i)];
        }
    }
    const double terms = static_cast<double>(state_.d + state_.p) + 10;
    const double columns = static_cast<double>(stacked.columns());
    const double stacked_sq = stacked.frobenius_sq() * (1 + gamma(columns * static_cast<double>(state_.n)));
    charge += gamma(terms) * support_sq * (1 + gamma(static_cast<double>(state_.n * state_.p))) +
              gamma(columns + 8) * stacked_sq;
    charge = upward(charge);
    masked_gram(state_.inputs, weights, stacked, K, workers_);
    return K;
}

// Neuron by neuron am_j^2 (P_S X X^T P_S - R_j R_j^T) x, added in the order of the neurons.
std::vector<double> Assembly::product(const std::vector<double>& x) const {
    Matrix parts(state_.p, state_.n);
    parallel_for(state_.p, workers_.threads, workers_.control, [&](Index j) {
        if (!workers_.control.check()) add_share(shares_[at(j)], x, parts.row(j));
    });
    std::vector<double> sum(at(state_.n), 0.0);
    for (Index j = 0; j < state_.p; ++j)
        for (Index i = 0; i < state_.n; ++i) sum[at(i)] += parts(j, i);
    return sum;
}

void Assembly::add_share(const Share& s, const std::vector<double>& x, double* to) const {
    if (s.weight <= 0) return;
    std::vector<double> v(at(state_.d), 0.0), taken(at(s.taken.columns.columns()), 0.0);
    for (Index k = 0; k < size_of(s.support); ++k) {
        const Index i = s.support[at(k)];
        if (s.on[at(i)]) add_multiple(x[at(i)], state_.x(i), v);
        add_multiple(x[at(i)], s.taken.columns.row(k), taken);
    }
    for (Index k = 0; k < size_of(s.support); ++k) {
        const Index i = s.support[at(k)];
        const double lost = inner(s.taken.columns.row(k), taken.data(), size_of(taken));
        to[i] = s.weight * ((s.on[at(i)] ? inner(state_.x(i), v.data(), state_.d) : 0.0) - lost);
    }
}

Assembly::Share Assembly::share(Index j, const Pattern& pattern, double rho, double tau) const {
    Share s;
    const double outer = downward(std::abs(state_.a(j)) - rho);
    if (!(outer > 0) || pattern.on.empty()) return s;
    if (static_cast<Index>(pattern.uncertain.size()) > kMostPerDimension * state_.d) return s;
    s.on.assign(at(state_.n), false);
    for (Index i : pattern.on) s.on[at(i)] = true;
    std::merge(pattern.on.begin(), pattern.on.end(), pattern.uncertain.begin(), pattern.uncertain.end(),
               std::back_inserter(s.support));
    double nearest = kInfinity;
    for (Index i : pattern.uncertain) {  // Theta >= tau min norm^2; x_norm is from above
        const double norm = state_.x_norm[at(i)] * (1 - gamma(static_cast<double>(state_.d) + 8));
        nearest = std::min(nearest, norm * norm);
    }
    s.taken = eliminate(state_, s.on, {s.support, pattern.uncertain, tau, downward(tau * nearest)});
    if (s.taken.sound) s.weight = downward(outer * outer);
    return s;
}

Matrix Assembly::stack() const {
    Index columns = 0;
    for (const Share& s : shares_)
        if (s.weight > 0) columns += s.taken.columns.columns();
    Matrix stacked(state_.n, columns);
    Index first = 0;
    for (const Share& s : shares_) {
        if (s.weight <= 0) continue;
        const double root = std::sqrt(s.weight);
        const Matrix& R = s.taken.columns;
        for (Index k = 0; k < R.rows(); ++k) {
            double* to = stacked.row(s.support[at(k)]) + first;
            for (Index c = 0; c < R.columns(); ++c) to[c] = root * R(k, c);
        }
        first += R.columns();
    }
    return stacked;
}

double assembly_bytes(Index n, Index d, Index p) {
    const double nn = static_cast<double>(n),
                 columns = static_cast<double>(std::min(p * d * kMostPerDimension, n * p));
    return 8 * (3 * nn * nn + 2 * nn * columns + 3 * nn * static_cast<double>(p) +
                2 * nn * static_cast<double>(d));
}

}  // namespace pl
