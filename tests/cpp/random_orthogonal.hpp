// A random problem on orthogonal inputs that owns its arrays: the labels, norms and networks of the paper's
// experiments. Every `outweighed`-th neuron has abs(a_j) < norm(w_j), so that a_j may cross 0.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "problem/problem.hpp"

struct RandomOrthogonal {
    std::vector<double> norms, y, W, a;
    pl::Problem<double> view;

    RandomOrthogonal(int n, int p, unsigned seed, double scale, int outweighed = 0)
        : norms(at(n)), y(at(n)), W(at(n) * at(p)), a(at(p)) {
        std::mt19937_64 engine(seed);
        std::uniform_real_distribution<double> one_to_two(1.0, 2.0);
        std::normal_distribution<double> normal(0.0, 1.0 / std::sqrt(n));
        std::exponential_distribution<double> exponential;
        const auto sign = [&engine] { return engine() % 2 == 0 ? 1.0 : -1.0; };
        for (double& value : norms) value = one_to_two(engine);
        for (double& value : y) value = sign() * one_to_two(engine);
        for (int j = 0; j < p; ++j) {
            double squares = 0.0;
            for (int i = 0; i < n; ++i) {
                double& w = W[at(j) * at(n) + at(i)];
                w = normal(engine);
                squares += w * w;
                w *= scale;
            }
            const bool small = outweighed > 0 && j % outweighed == 0;
            a[at(j)] = sign() *
                       (small ? 0.3 * scale * std::sqrt(squares) : std::sqrt(squares) + exponential(engine));
        }
        view.n = view.d = n;
        view.p = p;
        view.norms = norms.data();
        view.y = y.data();
        view.W = W.data();
        view.a = a.data();
        view.orthogonal = true;
    }
    RandomOrthogonal(const RandomOrthogonal&) = delete;
    RandomOrthogonal& operator=(const RandomOrthogonal&) = delete;

    static std::size_t at(int k) { return static_cast<std::size_t>(k); }
};
