// Small problems for the tests of proofs.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "problem/problem.hpp"
#include "proof/matrix.hpp"
#include "random_problem.hpp"

namespace proving {

using pl::Index;
using pl::Matrix;

inline pl::Control never;
inline const pl::Workers kTwo{2, never};

inline double normal() {
    static std::mt19937_64 generator(7);
    static std::normal_distribution<double> law;
    return law(generator);
}

struct Problem {
    Index n, d, p;
    std::vector<double> X, y, W, a;
    pl::Problem<double> view() const { return problem_of(X, y, W, a); }
    // y such that the residuals are r, to rounding.
    void fit(const std::vector<double>& r) {
        y = r;
        for (Index i = 0; i < n; ++i)
            for (Index j = 0; j < p; ++j) {
                double z = 0;
                for (Index k = 0; k < d; ++k) z += W[u(j * d + k)] * X[u(i * d + k)];
                y[u(i)] += a[u(j)] * std::max(z, 0.0) / static_cast<double>(p);
            }
    }
    static std::size_t u(Index k) { return static_cast<std::size_t>(k); }
};

inline Problem random_problem(Index n, Index d, Index p) {
    Problem q{n, d, p, {}, {}, {}, {}};
    for (Index k = 0; k < n * d; ++k) q.X.push_back(normal());
    for (Index k = 0; k < n; ++k) q.y.push_back(normal() + 3);
    for (Index k = 0; k < p * d; ++k) q.W.push_back(normal());
    for (Index k = 0; k < p; ++k) q.a.push_back(normal() + (k % 2 ? 3 : -3));
    return q;
}

}  // namespace proving
