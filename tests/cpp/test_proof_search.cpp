// What is tried for a proof. At which radius: K_rho as a product with a vector against the matrix itself, the
// Ritz value that refuses a radius against the eigenvalue that it bounds. With which kinks, of a run.
#include <algorithm>
#include <cmath>
#include <vector>

#include "check.hpp"
#include "proof/assembly.hpp"
#include "proof/convergence.hpp"
#include "proof/eigenvalue.hpp"
#include "proof/prove.hpp"
#include "proof/ritz.hpp"
#include "proving.hpp"

namespace {

using namespace proving;

Problem random_state(Index n, Index d, Index p, double residual) {
    Problem q{n, d, p, {}, {}, {}, {}};
    for (Index k = 0; k < n * d; ++k) q.X.push_back(normal());
    for (Index k = 0; k < p * d; ++k) q.W.push_back(normal());
    for (Index k = 0; k < p; ++k) q.a.push_back(normal() + (k % 2 ? 4 : -4));
    std::vector<double> r;
    for (Index k = 0; k < n; ++k) r.push_back(residual * normal());
    q.fit(r);
    return q;
}

std::vector<double> times(const Matrix& K, const std::vector<double>& x) {  // of the lower triangle
    std::vector<double> product(x.size(), 0.0);
    for (Index i = 0; i < K.rows(); ++i)
        for (Index k = 0; k < K.rows(); ++k)
            product[Problem::u(i)] += K(std::max(i, k), std::min(i, k)) * x[Problem::u(k)];
    return product;
}

void a_product_is_that_of_the_matrix() {
    for (const double rho : {0.0, 0.1, 0.5}) {
        const Problem q = random_state(40, 6, 9, 1);
        const pl::Problem<double> view = q.view();
        const pl::Enclosure state(view, kTwo);
        const pl::Assembly assembly(state, rho, 0.1, kTwo);
        CHECK((assembly.uncertain > 0) == (rho > 0));
        double charge = 0;
        const Matrix K = assembly.matrix(charge);
        std::vector<double> x;
        for (Index i = 0; i < q.n; ++i) x.push_back(normal());
        const std::vector<double> meant = times(K, x), found = assembly.product(x);
        for (std::size_t i = 0; i < x.size(); ++i) CHECK(std::abs(meant[i] - found[i]) < 1e-9);
    }
}

// From above, and near enough to refuse what an eigenvalue would refuse.
void a_ritz_value_bounds_the_eigenvalue() {
    const Problem q = random_state(40, 12, 16, 1);
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    double charge = 0;
    const Matrix at_kinks = pl::Assembly(state, 0, 0.1, kTwo).matrix(charge);
    pl::LeastEigenvalue base(at_kinks, charge, kTwo);
    CHECK(base.estimate() > 0);
    const Matrix factor = base.release_factor();
    std::vector<double> vector = pl::first_ritz_vector(factor);
    for (const double rho : {0.0, 0.01, 0.03}) {
        const pl::Assembly assembly(state, rho, 0.1, kTwo);
        const auto product = [&](const std::vector<double>& x) { return assembly.product(x); };
        const double value = least_ritz_value(factor, product, vector);
        const Matrix K = assembly.matrix(charge);
        const double k = pl::LeastEigenvalue(K, charge, kTwo).bound();
        CHECK(k > 0 && value > k && value < 1.1 * k);
        const std::vector<double> image = assembly.product(vector);
        double quotient = 0, norm = 0;
        for (std::size_t i = 0; i < vector.size(); ++i)
            quotient += vector[i] * image[i], norm += vector[i] * vector[i];
        CHECK(std::abs(norm - 1) < 1e-12 && std::abs(quotient - value) < 1e-9 * value);
    }
}

// The least radius that does is found, from below, by the same bounds: ell just below it, and at 0.9 of it
// longer than that.
void the_radius_is_the_least() {
    const Problem q = random_state(40, 12, 16, 1e-5);
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    const pl::Convergence found = prove_convergence(state, {0.1}, kTwo);
    CHECK(found.proved && found.tau == 0.1 && found.distance < found.rho);
    CHECK(found.needed_over_allowed < 1 && found.needed_over_allowed > 0.9);
    double charge = 0;
    const Matrix K = pl::Assembly(state, 0.9 * found.rho, 0.1, kTwo).matrix(charge);
    const double k = pl::LeastEigenvalue(K, charge, kTwo).estimate();
    CHECK(found.distance * std::sqrt(found.smallest / k) > 0.9 * found.rho);
}

// One neuron at rest, the second pair off by 1e-6 and repelling. Told that it is at its kink, a run goes on
// from there: what holds of the numbers alone is no proof about it.
void a_run_keeps_the_kinks_that_it_knows() {
    Problem q{3, 2, 1, {1, 0.2, 0, 1, 1, 0}, {}, {1.5, -1e-6}, {1.5}};
    q.fit({0, 1, 0});
    pl::Problem<double> view = q.view();
    for (const bool told : {false, true}) {
        if (told) view.kinks = {{0, 1, pl::Mode::kOff, 0.0}};
        CHECK(prove(view, kTwo).verdict == pl::Proved::kTrapped);
        CHECK((prove(view, pl::Aim::kTrapping, kTwo).verdict == pl::Proved::kTrapped) == !told);
    }
}

}  // namespace

int main() {
    a_product_is_that_of_the_matrix();
    a_ritz_value_bounds_the_eigenvalue();
    the_radius_is_the_least();
    a_run_keeps_the_kinks_that_it_knows();
    return 0;
}
