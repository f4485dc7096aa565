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
double input_norm(const Problem<Real>& problem, Index i) {
    if (problem.norms != nullptr) return static_cast<double>(problem.norms[i]);
    double sum = 0;
    for (Index k = 0; k < problem.d; ++k) {
        const double x = static_cast<double>(problem.X[i * problem.d + k]);
        sum += x * x;
    }
    return std::sqrt(sum);
}

// sum_i r_i^2 with an upper bound on what rounding may have hidden: each output is off by at most
// gamma(terms + 4) (1/p) sum_j abs(a_j) norm(w_j) norm(x_i).
template <class Real>
double residual_sq_upper(const Problem<Real>& problem, const NeuronFacts& neurons,
                         const std::vector<double>& outputs, Index terms) {
    const double p = static_cast<double>(problem.p), relative = gamma(terms + 4);
    double size = 0, sum = 0;
    for (std::size_t j = 0; j < neurons.a.size(); ++j)
        size += std::abs(neurons.a[j]) * std::sqrt(neurons.w_sq[j]);
    for (Index i = 0; i < problem.n; ++i) {
        const double y = static_cast<double>(problem.y[i]);
        const double slack = relative * (std::abs(y) + size / p * input_norm(problem, i));
        const double r = std::abs(y - outputs[static_cast<std::size_t>(i)] / p) + slack;
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
bool proves_convergence(const Problem<Real>& problem, const NeuronFacts& neurons,
                        const std::vector<double>& outputs, Index terms) {
    if (!problem.certifiable) return false;
    const double outward = 1 + gamma(problem.d + 4);
    for (std::size_t j = 0; j < neurons.a.size(); ++j) {
        const double a = neurons.a[j];
        if (!(a * a >= (neurons.w_sq[j] + problem.w_perp_sq[j]) * outward)) return false;
    }
    return residual_sq_upper(problem, neurons, outputs, terms) < criterion_level(problem) * (1 - 4 * kUnit);
}

std::vector<double> invariants(const NeuronFacts& neurons) {
    std::vector<double> values;
    values.reserve(neurons.a.size());
    for (std::size_t j = 0; j < neurons.a.size(); ++j)
        values.push_back(neurons.a[j] * neurons.a[j] - neurons.w_sq[j]);
    return values;
}

double invariant_drift(const std::vector<double>& start, const NeuronFacts& now) {
    double worst = 0;
    for (std::size_t j = 0; j < now.a.size(); ++j)
        worst = std::max(worst, std::abs(now.a[j] * now.a[j] - now.w_sq[j] - start[j]));
    return worst;
}

#define PLN_INSTANTIATE(Real)                                                                              \
    template double criterion_level(const Problem<Real>&);                                                 \
    template bool proves_convergence(const Problem<Real>&, const NeuronFacts&, const std::vector<double>&, \
                                     Index);
PLN_INSTANTIATE(float)
PLN_INSTANTIATE(double)
#undef PLN_INSTANTIATE

}  // namespace pl
