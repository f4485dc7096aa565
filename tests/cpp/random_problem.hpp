// Random numbers and their products, and a random problem that owns its arrays.
#pragma once

#include <random>
#include <vector>

#include "problem/problem.hpp"
#include "problem/state.hpp"

inline std::vector<double> normal(pl::Index count, unsigned seed) {
    std::mt19937 engine(seed);
    std::normal_distribution<double> draw;
    std::vector<double> out;
    for (pl::Index k = 0; k < count; ++k) out.push_back(draw(engine));
    return out;
}

inline double dot(const std::vector<double>& u, const std::vector<double>& v) {
    double sum = 0.0;
    for (std::size_t k = 0; k < u.size(); ++k) sum += u[k] * v[k];
    return sum;
}

// The problem of dense inputs X (n, d), labels y and start W (p, d), a, which it does not own.
template <class Real>
pl::Problem<Real> problem_of(const std::vector<Real>& X, const std::vector<Real>& y,
                             const std::vector<Real>& W, const std::vector<Real>& a) {
    pl::Problem<Real> q;
    q.n = static_cast<pl::Index>(y.size()), q.p = static_cast<pl::Index>(a.size());
    q.d = static_cast<pl::Index>(X.size()) / q.n;
    q.X = X.data(), q.y = y.data(), q.W = W.data(), q.a = a.data();
    return q;
}

template <class Real>
struct RandomProblem {
    std::vector<Real> X, y, W, a;
    std::vector<double> w_perp_sq;
    pl::Problem<Real> view;

    RandomProblem(pl::Index n, pl::Index d, pl::Index p, unsigned seed)
        : X(size(n * d)), y(size(n)), W(size(p * d)), a(size(p)), w_perp_sq(size(p)) {
        std::mt19937 engine(seed);
        std::normal_distribution<double> normal;
        for (auto* array : {&X, &y, &W, &a})
            for (Real& value : *array) value = static_cast<Real>(normal(engine));
        view = problem_of(X, y, W, a);
        view.w_perp_sq = w_perp_sq.data();
    }
    RandomProblem(const RandomProblem&) = delete;
    RandomProblem& operator=(const RandomProblem&) = delete;

    static std::size_t size(pl::Index count) { return static_cast<std::size_t>(count); }
};

// Appends (W, a) of a state to two vectors, which may be one.
template <class Real>
void append_state(const pl::State<Real>& state, const pl::Problem<Real>& q, std::vector<Real>& W,
                  std::vector<Real>& a) {
    std::vector<Real> weights(static_cast<std::size_t>(q.p * q.d)), outer(static_cast<std::size_t>(q.p));
    state.write_state(weights.data(), outer.data());
    W.insert(W.end(), weights.begin(), weights.end());
    a.insert(a.end(), outer.begin(), outer.end());
}
