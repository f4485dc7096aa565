#include "proof/criterion.hpp"

#include <algorithm>
#include <limits>

#include "kernel/inner.hpp"
#include "problem/certificate.hpp"
#include "proof/eigenvalue.hpp"

namespace pl {
namespace {

// Squares outside the represented coordinates were summed by whoever cut them off: up to 2^22 of them.
constexpr double kOutside = 1 + 0x1p-30;

bool signs_stay(const Problem<double>& problem) {
    for (Index j = 0; j < problem.p; ++j) {
        const double square = norm_sq(problem.W + j * problem.d, problem.d);
        if (!keeps_sign(problem.a[j], square + problem.outside_sq(j) * kOutside, problem.d)) return false;
    }
    return true;
}

// min_i (abs(y_i) - norm(r))/norm(x_i), from below.
double least_height(const Problem<double>& problem, double r_norm, const std::vector<double>& x_norm) {
    double least = std::numeric_limits<double>::infinity();
    for (Index i = 0; i < problem.n; ++i)
        least = std::min(least, downward((std::abs(problem.y[i]) - r_norm) / x_norm[at(i)]));
    return least;
}

double least_eigenvalue(const Enclosure& state, Workers workers) {
    Matrix gram(state.n, state.n);
    add_gram(1, state.inputs, gram, workers);
    double norms_sq = 0;
    for (double norm : state.x_norm) norms_sq += norm * norm;
    const double charge = upward(gamma(static_cast<double>(state.d) + 2) * norms_sq *
                                 (1 + gamma(static_cast<double>(state.n))));
    return LeastEigenvalue(gram, charge, workers).bound();
}

}  // namespace

bool prove_by_criterion(const Problem<double>& problem, double least, double r_norm,
                        const std::vector<double>& x_norm, Ball& found) {
    const double n = static_cast<double>(problem.n), p = static_cast<double>(problem.p);
    const double k = downward(least * least_height(problem, r_norm, x_norm) * p);
    if (!(least > 0) || !(k > 0) || !signs_stay(problem)) return false;
    found = {};
    found.rho = std::numeric_limits<double>::infinity();
    found.smallest = k;
    found.rate = downward(2 * k / (n * p));
    found.distance = upward(2 * std::sqrt(p * r_norm * r_norm / (2 * n) / found.rate));
    return true;
}

bool prove_by_criterion(const Enclosure& state, Workers workers, Ball& found) {
    const Problem<double>& problem = state.problem;
    // what costs nothing first
    if (state.n > state.d || !(least_height(problem, state.r_norm, state.x_norm) > 0) || !signs_stay(problem))
        return false;
    return prove_by_criterion(problem, least_eigenvalue(state, workers), state.r_norm, state.x_norm, found);
}

}  // namespace pl
