#include "run/certificate.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

constexpr double kUnit = 0x1p-53;

// Bound on the relative error of a sum of `terms` products (Higham's gamma), doubled so that its own rounding
// is covered.
double gamma(Index terms) {
    return 2 * static_cast<double>(terms) * kUnit;
}

template <class Real>
double norm_sq(const Real* v, Index size) {
    double sum = 0;
    for (Index k = 0; k < size; ++k) sum += static_cast<double>(v[k]) * static_cast<double>(v[k]);
    return sum;
}

// sum_i r_i^2 in double, with an upper bound on what rounding may have hidden: each r_i is off by at most
// gamma(d + p + 4) (abs(y_i) + (1/p) sum_j abs(a_j) norm(w_j) norm(x_i)).
template <class Real>
double residual_sq_upper(const Problem<Real>& problem, const Real* W, Index stride, const Real* a) {
    double size = 0, sum = 0;
    for (Index j = 0; j < problem.p; ++j)
        size += std::abs(static_cast<double>(a[j])) * std::sqrt(norm_sq(W + j * stride, problem.d));
    size /= static_cast<double>(problem.p);
    const double relative = gamma(problem.d + problem.p + 4);
    for (Index i = 0; i < problem.n; ++i) {
        const Real* x = problem.X + i * problem.d;
        double h = 0;
        for (Index j = 0; j < problem.p; ++j) {
            double z = 0;
            for (Index k = 0; k < problem.d; ++k)
                z += static_cast<double>(W[j * stride + k]) * static_cast<double>(x[k]);
            h += static_cast<double>(a[j]) * std::max(z, 0.0);
        }
        const double y = static_cast<double>(problem.y[i]);
        const double slack = relative * (std::abs(y) + size * std::sqrt(norm_sq(x, problem.d)));
        const double r = std::abs(y - h / static_cast<double>(problem.p)) + slack;
        sum += r * r;
    }
    return sum * (1 + gamma(problem.n + 4));
}

}  // namespace

template <class Real>
double criterion_level(const Problem<Real>& problem) {
    double least = std::numeric_limits<double>::infinity();
    for (Index i = 0; i < problem.n; ++i)
        least = std::min(least, static_cast<double>(problem.y[i]) * static_cast<double>(problem.y[i]));
    return least;
}

template <class Real>
bool proves_convergence(const Problem<Real>& problem, const Real* W, Index stride, const Real* a) {
    if (!problem.certifiable) return false;
    const double outward = 1 + gamma(problem.d + 4);
    for (Index j = 0; j < problem.p; ++j) {
        const double aj = static_cast<double>(a[j]);
        if (!(aj * aj >= (norm_sq(W + j * stride, problem.d) + problem.w_perp_sq[j]) * outward)) return false;
    }
    const double level = criterion_level(problem) * (1 - 4 * kUnit);
    return residual_sq_upper(problem, W, stride, a) < level;
}

template <class Real>
double invariant_drift(const Problem<Real>& problem, const Real* W, Index stride, const Real* a) {
    double worst = 0;
    for (Index j = 0; j < problem.p; ++j) {
        const double now =
            static_cast<double>(a[j]) * static_cast<double>(a[j]) - norm_sq(W + j * stride, problem.d);
        const double a0 = static_cast<double>(problem.a[j]);
        const double start = a0 * a0 - norm_sq(problem.W + j * problem.d, problem.d);
        worst = std::max(worst, std::abs(now - start));
    }
    return worst;
}

#define PLN_INSTANTIATE(Real)                                                                \
    template double criterion_level(const Problem<Real>&);                                   \
    template bool proves_convergence(const Problem<Real>&, const Real*, Index, const Real*); \
    template double invariant_drift(const Problem<Real>&, const Real*, Index, const Real*);
PLN_INSTANTIATE(float)
PLN_INSTANTIATE(double)
#undef PLN_INSTANTIATE

}  // namespace pl
