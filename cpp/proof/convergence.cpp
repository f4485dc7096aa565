#include "proof/convergence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "parallel/parallel_for.hpp"
#include "proof/eigenvalue.hpp"
#include "proof/elimination.hpp"
#include "proof/masked_gram.hpp"

namespace pl {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kAttempts = 8;
constexpr double kBeyond = 1.05;  // the next radius over the one needed at the last
// A neuron with more uncertain pairs than that many dimensions is left out of K: what is left of it is
// little, what it costs is most.
constexpr Index kMostPerDimension = 2;

bool dead(const Enclosure& state, Index j) {
    for (Index i = 0; i < state.n; ++i)
        if (!(state.z(j, i) < -state.z_off(j, i))) return false;
    return true;
}

// Columns of one neuron in the stacked matrix of all that is taken away.
struct Share {
    double weight = 0;  // am_j^2, from below; 0: the neuron counts nothing
    std::vector<Index> support;
    std::vector<bool> on;
    Elimination taken;
    Index first_column = 0;
};

class Assembly {
  public:
    Assembly(const Enclosure& state, double rho, double tau, Workers workers)
        : state_(state), workers_(workers), shares_(at(state.p)) {
        const std::vector<Pattern> patterns = patterns_at(state, rho);
        for (const Pattern& pattern : patterns) uncertain += static_cast<Index>(pattern.uncertain.size());
        parallel_for(state.p, workers.threads, workers.control, [&](Index j) {
            if (!workers.control.check()) shares_[at(j)] = share(j, patterns[at(j)], rho, tau);
        });
    }

    // K_rho, and how far it may be from what is meant.
    Matrix matrix(double& charge) {
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
        const double stacked_sq =
            stacked.frobenius_sq() * (1 + gamma(columns * static_cast<double>(state_.n)));
        charge += gamma(terms) * support_sq * (1 + gamma(static_cast<double>(state_.n * state_.p))) +
                  gamma(columns + 8) * stacked_sq;
        charge = upward(charge);
        masked_gram(state_.inputs, weights, stacked, K, workers_);
        return K;
    }

    Index uncertain = 0;

  private:
    Share share(Index j, const Pattern& pattern, double rho, double tau) const {
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

    Matrix stack() {
        Index columns = 0;
        for (Share& s : shares_) {
            s.first_column = columns;
            if (s.weight > 0) columns += s.taken.columns.columns();
        }
        Matrix stacked(state_.n, columns);
        for (const Share& s : shares_) {
            if (s.weight <= 0) continue;
            const double root = std::sqrt(s.weight);
            const Matrix& R = s.taken.columns;
            for (Index k = 0; k < R.rows(); ++k) {
                double* to = stacked.row(s.support[at(k)]) + s.first_column;
                for (Index c = 0; c < R.columns(); ++c) to[c] = root * R(k, c);
            }
        }
        return stacked;
    }

    const Enclosure& state_;
    Workers workers_;
    std::vector<Share> shares_;
};

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

// ell(rho) = 2 sqrt(p L / mu_rho) grows with rho: from the radius that would do if none were uncertain
// upwards, to the least that does, which has the largest rate. Only there is the bound on k proved.
Convergence prove_convergence(const Enclosure& state, double tau, Workers workers) {
    Convergence found;
    found.needed_over_allowed = kInfinity;
    const double n = static_cast<double>(state.n), p = static_cast<double>(state.p);
    const auto length = [&](double k) {
        const double rate = downward(2 * k / (n * p));
        return upward(2 * std::sqrt(p * state.sum_r2_high / (2 * n) / rate));
    };
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        Assembly assembly(state, found.rho, tau, workers);
        double charge = 0;
        const Matrix K = assembly.matrix(charge);
        if (workers.control.cancelled()) return found;
        LeastEigenvalue least(K, charge, workers);
        double k = least.estimate();
        if (found.rho > 0 && k > 0 && length(k) < found.rho) k = least.bound();
        if (attempt == 0) found.uncertain_at_kinks = assembly.uncertain;
        if (!(k > 0) || workers.control.cancelled()) return found;
        found.distance = length(k);
        found.positive = true;
        if (found.rho > 0)
            found.needed_over_allowed = std::min(found.needed_over_allowed, found.distance / found.rho);
        if (found.distance < found.rho) {
            found.proved = true;
            found.smallest = k;
            found.rate = downward(2 * k / (n * p));
            found.uncertain = assembly.uncertain;
            return found;
        }
        found.rho = std::max(kBeyond * found.distance, 0x1p-500);
    }
    return found;
}

double convergence_bytes(Index n, Index d, Index p) {
    const double nn = static_cast<double>(n),
                 columns = static_cast<double>(std::min(p * d * kMostPerDimension, n * p));
    return 8 * (2 * nn * nn + 2 * nn * columns + 2 * nn * static_cast<double>(p) +
                2 * nn * static_cast<double>(d));
}

}  // namespace pl
