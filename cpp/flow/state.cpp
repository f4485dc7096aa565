#include "flow/state.hpp"

#include <algorithm>

#include "flow/kernels.hpp"
#include "problem/certificate.hpp"

namespace pl {

FlowState::FlowState(const Problem<double>& problem, const Jets& jets, const Pairs& pairs)
    : problem_(problem), jets_(jets), pairs_(pairs), W_(at(problem.p * problem.d)) {}

const double* FlowState::weights() const {
    jets_.write_state(0, W_.data(), nullptr);
    return W_.data();
}

Index FlowState::n_active() const {
    Index active = 0;
    for (const auto& on : pairs_.on) active += static_cast<Index>(on.size());
    return active;
}

double FlowState::dead_label_sq() const {
    const NeuronFacts facts = neurons();
    std::vector<bool> able(at(problem_.n), false);
    for (Index j = 0; j < problem_.p; ++j) {
        const double a = facts.a[at(j)], w_sq = facts.w_sq[at(j)] + problem_.outside_sq(j);
        const bool fixed = keeps_sign(a, w_sq, problem_.d);
        for (int i : pairs_.on[at(j)])
            if (!fixed || a * problem_.y[i] > 0.0) able[at(i)] = true;
    }
    double sum = 0.0;
    for (Index i = 0; i < problem_.n; ++i)
        if (!able[at(i)]) sum += problem_.y[i] * problem_.y[i];
    return sum;
}

NeuronFacts FlowState::neurons() const {
    NeuronFacts facts;
    const double* w = weights();
    for (Index j = 0; j < problem_.p; ++j, w += problem_.d) {
        double sum = 0.0;
        for (Index l = 0; l < problem_.d; ++l) sum += w[l] * w[l];
        facts.w_sq.push_back(sum);
        facts.a.push_back(jets_.a(0, static_cast<int>(j)));
    }
    return facts;
}

NeuronMotion FlowState::motion() {
    NeuronMotion motion;
    for (int j = 0; j < static_cast<int>(problem_.p); ++j) {
        const double w = jets_.w_norm(1, j), a = jets_.a(1, j);
        motion.speed_sq.push_back(w * w + a * a);
        motion.growth.push_back(dot(jets_.w(0, j), jets_.w(1, j), jets_.width(j)) + jets_.a(0, j) * a);
    }
    return motion;
}

double FlowState::preactivation(const double* w, Index i) const {
    if (problem_.norms != nullptr) return problem_.norms[i] * w[i];
    const double* x = problem_.X + i * problem_.d;
    double z = 0.0;
    for (Index l = 0; l < problem_.d; ++l) z += w[l] * x[l];
    return z;
}

std::vector<double> FlowState::outputs() const {
    const double* w = weights();
    std::vector<double> h(at(problem_.n));
    for (Index j = 0; j < problem_.p; ++j, w += problem_.d) {
        const double a = jets_.a(0, static_cast<int>(j));
        for (Index i = 0; i < problem_.n; ++i) h[at(i)] += a * std::max(preactivation(w, i), 0.0);
    }
    return h;
}

Index FlowState::output_terms() const {
    return problem_.p + (problem_.norms != nullptr ? 4 : problem_.d);
}

}  // namespace pl
