#include "proof/convergence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "proof/assembly.hpp"
#include "proof/eigenvalue.hpp"
#include "proof/ritz.hpp"

namespace pl {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kRadii = 8;
constexpr double kBeyond = 1.05;    // the next radius over the one needed at the last
constexpr double kExpected = 0.99;  // of a Ritz value: what will be proved at best

// ell(rho) for k, from above.
double length_of(const Enclosure& state, double k) {
    const double n = static_cast<double>(state.n), p = static_cast<double>(state.p);
    const double rate = downward(2 * k / (n * p));
    return upward(2 * std::sqrt(p * state.sum_r2_high / (2 * n) / rate));
}

// K at the kinks alone: whether there can be a proof at all, and what the radii above have for a start.
struct Base {
    double length = kInfinity;  // ell at k as it is expected; infinite if K is not positive
    Matrix factor;
    std::vector<double> vector;
    Index uncertain = 0;
};

Base base_of(const Enclosure& state, double tau, Workers workers) {
    const Assembly assembly(state, 0, tau, workers);
    double charge = 0;
    const Matrix K = assembly.matrix(charge);
    Base found;
    found.uncertain = assembly.uncertain;
    if (workers.control.cancelled()) return found;
    LeastEigenvalue least(K, charge, workers);
    const double k = least.estimate();
    if (!(k > 0)) return found;
    found.length = length_of(state, k);
    found.factor = least.release_factor();
    found.vector = first_ritz_vector(found.factor);
    return found;
}

// k at one radius, from below; where it is seen beforehand that the radius will not do, only what it will not
// be above. K is formed for the others.
double bound_at(const Enclosure& state, const Assembly& assembly, double rho, Base& base, Workers workers) {
    const auto product = [&](const std::vector<double>& x) { return assembly.product(x); };
    const double hoped = kExpected * least_ritz_value(base.factor, product, base.vector);
    if (!(hoped > 0) || !(length_of(state, hoped) < rho) || workers.control.cancelled()) return hoped;
    double charge = 0;
    const Matrix K = assembly.matrix(charge);
    if (workers.control.cancelled()) return -kInfinity;
    LeastEigenvalue least(K, charge, workers);
    const double k = least.estimate();
    return k > 0 && length_of(state, k) < rho ? least.bound() : k;
}

// From the radius that would do if no pair were uncertain upwards. `lack`, ell - rho at the first radius:
// what it was with another tau, and then with this one, if that is less.
void search_radius(const Enclosure& state, double tau, Base& base, double& lack, Workers workers,
                   Convergence& found) {
    double needed = base.length, most = lack;
    for (int radius = 0; radius < kRadii; ++radius) {
        const double rho = std::max(kBeyond * needed, 0x1p-500);
        const Assembly assembly(state, rho, tau, workers);
        if (workers.control.cancelled()) return;
        const double k = bound_at(state, assembly, rho, base, workers);
        if (!(k > 0) || workers.control.cancelled()) return;
        needed = length_of(state, k);
        found.needed_over_allowed = std::min(found.needed_over_allowed, needed / rho);
        if (needed < rho) {
            found.proved = true;
            found.rho = rho;
            found.distance = needed;
            found.smallest = k;
            found.rate = downward(2 * k / (static_cast<double>(state.n) * static_cast<double>(state.p)));
            found.tau = tau;
            found.uncertain = assembly.uncertain;
            return;
        }
        if (!(needed - rho < most)) return;
        most = needed - rho;
        if (radius == 0) lack = most;
    }
}

}  // namespace

// ell(rho) = 2 sqrt(p L / mu_rho) grows with rho, the faster the further: where ell - rho no longer falls
// from one radius to the next, no radius will do. The least that does has the largest rate; only there is
// the bound on k proved. Likewise another tau is given up where its first radius lacks more.
Convergence prove_convergence(const Enclosure& state, std::initializer_list<double> taus, Workers workers) {
    Convergence found;
    found.needed_over_allowed = kInfinity;
    double lack = kInfinity;
    Base base;
    for (double tau : taus) {
        if (tau == *taus.begin() || base.uncertain > 0) base = base_of(state, tau, workers);
        if (std::isfinite(base.length)) search_radius(state, tau, base, lack, workers, found);
        if (found.proved || workers.control.cancelled()) break;
    }
    return found;
}

}  // namespace pl
