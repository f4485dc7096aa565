// What is known of a state in exact arithmetic: values with bounds on how far they may be off. W, a, X and y
// themselves are exact numbers. Pre-activations and residuals are summed in twofold precision: near rest what
// they are off by is all that is left of the residual that still moves (sqrt(n) r_off times norm(C) in
// stratum.cpp), and single sums left 3000 times as much at n = 3800.
#pragma once

#include <cmath>
#include <vector>

#include "problem/problem.hpp"
#include "proof/matrix.hpp"
#include "proof/rounding.hpp"
#include "proof/twofold.hpp"

namespace pl {

struct Enclosure {
    Enclosure(const Problem<double>& problem, Workers workers);

    double z(Index j, Index i) const { return z_[index(j, i)]; }
    double z_off(Index j, Index i) const {
        return gamma(1) * std::abs(z(j, i)) + z_doubt * w_norm[at(j)] * x_norm[at(i)];
    }
    // z_ji is certainly above (below) -z_off ...; in units of norm(x_i), the distance from the kink, from
    // below.
    double distance(Index j, Index i) const {
        return std::max(0.0, downward((std::abs(z(j, i)) - z_off(j, i)) / x_norm[at(i)]));
    }
    // Whether whoever gave the state says that the pair rests at its kink, and it is near: single precision
    // leaves that much. Empty lists cost nothing.
    bool known_kink(Index j, Index i) const { return !known_.empty() && known_[index(j, i)]; }
    bool knows_kinks() const { return !known_.empty(); }
    const double* x(Index i) const { return inputs.row(i); }
    Matrix rows_of(const std::vector<Index>& points) const;   // their inputs
    double norms_sq(const std::vector<Index>& points) const;  // sum of norm(x_i)^2, from above
    double a(Index j) const { return problem.a[j]; }

    std::size_t index(Index j, Index i) const { return at(j * n + i); }

    const Problem<double>& problem;
    Index n, d, p;
    Matrix inputs;                       // X (n, d)
    std::vector<double> x_norm, w_norm;  // (n), (p): from above; of the represented coordinates
    double z_doubt;                      // of z_ji before it was rounded, in norm(w_j) norm(x_i)
    std::vector<double> r, r_off;        // (n): residuals, and how far they may be off
    Doubted sum_r2;                      // sum r_i^2
    double r_norm;                       // from above
    double sum_r2_low, sum_r2_high;      // bounds of it
    double x_frobenius, x_operator;      // norms of X, from above
    double theta_norm;                   // of (W, a), from above
    bool finite = true;                  // everything is, and nothing that squares would underflow

  private:
    void measure();
    void enclose(Workers workers);
    void sum_squares(const std::vector<Doubted>& residuals);
    void recall_kinks();

    std::vector<double> z_;
    std::vector<bool> known_;
};

}  // namespace pl
