// Random numbers, and a random problem that owns its arrays.
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
        view.n = n;
        view.d = d;
        view.p = p;
        view.X = X.data();
        view.y = y.data();
        view.W = W.data();
        view.a = a.data();
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
