#include "problem/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/index.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

// By how much each residual may be off: abs(y_i) and (1/p) sum_j abs(a_j) norm(w_j) norm(x_i) bound the terms
// of its sum.
template <class Real>
class ResidualSlack {
  public:
    ResidualSlack(const Problem<Real>& problem, const NeuronFacts& neurons, Index terms)
        : problem_(problem),
          relative_(gamma(terms + 4)),
          size_(output_size(neurons) / static_cast<double>(problem.p)) {}
    double operator()(Index i) const {
        const double y = std::abs(static_cast<double>(problem_.y[i]));
        return relative_ * (y + size_ * problem_.norm(i));
    }

  private:
    const Problem<Real>& problem_;
    double relative_, size_;
};

// sum_i r_i^2 with an upper bound on what rounding may have hidden.
template <class Real>
double residual_sq_upper(const Problem<Real>& problem, const State<Real>& state, const NeuronFacts& neurons) {
    const double p = static_cast<double>(problem.p);
    const std::vector<double> outputs = state.outputs();
    const ResidualSlack<Real> slack(problem, neurons, state.output_terms());
    double sum = 0;
    for (Index i = 0; i < problem.n; ++i) {
        const double y = static_cast<double>(problem.y[i]);
        const double r = std::abs(y - outputs[at(i)] / p) + slack(i);
        sum += r * r;
    }
    return sum * outward(problem.n);
}

// min y_i^2, rounded down.
template <class Real>
double level_below(const Problem<Real>& problem) {
    return criterion_level(problem) * (1 - gamma(2));
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
bool proves_convergence(const Problem<Real>& problem, const State<Real>& state) {
    if (!problem.certifiable) return false;
    const NeuronFacts neurons = state.neurons();
    for (Index j = 0; j < problem.p; ++j)
        if (!keeps_sign(neurons.a[at(j)], neurons.w_sq[at(j)] + problem.outside_sq(j), problem.d))
            return false;
    return residual_sq_upper(problem, state, neurons) < level_below(problem);
}

template <class Real>
double provable_level(const Problem<Real>& problem, const State<Real>& state) {
    constexpr double kRoom = 4;  // the weights change on the way, and the sum compared was rounded too
    const ResidualSlack<Real> slack(problem, state.neurons(), state.output_terms());
    double sum = 0;
    for (Index i = 0; i < problem.n; ++i) sum += slack(i) * slack(i);
    const double level = level_below(problem) * (1 - kRoom * gamma(problem.n + 4));
    const double root = std::max(0.0, std::sqrt(level) - kRoom * std::sqrt(sum));
    return root * root;
}

bool keeps_sign(double a, double w_sq, Index terms) {
    return a * a >= w_sq * outward(terms);
}

double loss_bound(double dead_label_sq, Index n) {
    return std::max(0.0, dead_label_sq / (2 * static_cast<double>(n)) * inward(n));
}

#define PLN_INSTANTIATE(Real)                                                   \
    template double criterion_level(const Problem<Real>&);                      \
    template bool proves_convergence(const Problem<Real>&, const State<Real>&); \
    template double provable_level(const Problem<Real>&, const State<Real>&);
PLN_INSTANTIATE(float)
PLN_INSTANTIATE(double)
#undef PLN_INSTANTIATE

}  // namespace pl
