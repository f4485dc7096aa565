#include "proof/elimination.hpp"

#include <algorithm>

namespace pl {
namespace {

void add_own_gram(const Matrix& a, Matrix& c) {
    add_products(1, a, {0, a.rows()}, a, {0, a.rows()}, a.columns(), c);
}

// Serial: neurons are the team's tasks.
bool small_cholesky(Matrix& a) {
    Control alone;
    return cholesky(a, {1, alone});
}

// B = A A^T + Theta, by its Cholesky factor, and Theta: any numbers >= 0 will do, these float64 ones are it.
struct Metric {
    Matrix factor;
    std::vector<double> theta;
    double theta_sum = 0;
    bool positive = false;
};

Metric metric_of(const Enclosure& state, const Matrix& A, const EliminationTask& task) {
    const Index k = A.rows();
    Metric found{Matrix(k, k), std::vector<double>(at(k), 0.0)};
    Matrix& L = found.factor;
    add_own_gram(A, L);
    for (Index q = 0; q < k; ++q) {
        const double norm = state.x_norm[at(task.removed[at(q)])];
        found.theta[at(q)] = task.theta * norm * norm;
        found.theta_sum += found.theta[at(q)];
        L(q, q) += found.theta[at(q)];
    }
    found.positive = small_cholesky(L);
    for (Index q = 0; q < k; ++q) std::fill(L.row(q) + q + 1, L.row(q) + k, 0.0);
    return found;
}

// N^T: rows of what is not on hold their share of Theta only.
void fill_columns(const std::vector<bool>& on, const EliminationTask& task, const Metric& metric, Matrix& R) {
    for (Index s = 0; s < R.rows(); ++s) {
        const Index i = task.support[at(s)];
        if (!on[at(i)]) std::fill(R.row(s), R.row(s) + R.columns(), 0.0);
        if (task.theta <= 0) continue;
        const auto place = std::lower_bound(task.removed.begin(), task.removed.end(), i);
        if (place == task.removed.end() || *place != i) continue;
        R(s, place - task.removed.begin()) -= metric.theta[at(place - task.removed.begin())] / 2;
    }
}

// What the rounding of L, N and R may hide; `sound` is false where that is too much for a bound.
void charge_rounding(const Enclosure& state, const EliminationTask& task, const Metric& metric,
                     Elimination& found) {
    const double kk = static_cast<double>(found.columns.columns()), dd = static_cast<double>(state.d);
    const double rows = static_cast<double>(found.columns.rows());
    const double L_sq = upward(metric.factor.frobenius_sq() * (1 + gamma(kk * kk)));
    found.frobenius_sq = upward(found.columns.frobenius_sq() * (1 + gamma(kk * rows)));
    const double A_sq = state.norms_sq(task.removed), X_sq = state.norms_sq(task.support);
    // B - L L^T: Demmel's bound, and the forming of B
    const double off = gamma(kk + 2) * L_sq + gamma(dd + 2) * (A_sq + metric.theta_sum);
    const double least = downward(task.least - off);
    found.sound = least > 0 && off < 0.5 * least;
    if (!found.sound) return;
    const double delta = upward(off / least);
    // N - L R: the solve, and the forming of N
    const double left = gamma(kk + 2) * std::sqrt(L_sq * found.frobenius_sq) +
                        gamma(dd + 2) * std::sqrt(A_sq * X_sq) + gamma(2) * metric.theta_sum;
    const double solved = left / std::sqrt(least);
    found.charge =
        upward((delta * found.frobenius_sq + 2 * std::sqrt(found.frobenius_sq) * solved + solved * solved) /
               (1 - delta));
}

}  // namespace

Elimination eliminate(const Enclosure& state, const std::vector<bool>& on, const EliminationTask& task) {
    Elimination found;
    const Index k = static_cast<Index>(task.removed.size()), m = static_cast<Index>(task.support.size());
    found.columns = Matrix(m, k);
    found.sound = true;
    if (k == 0 || m == 0) return found;
    const Matrix A = state.rows_of(task.removed), X = state.rows_of(task.support);
    const Metric metric = metric_of(state, A, task);
    found.sound = metric.positive;
    if (!found.sound) return found;
    add_products(1, X, {0, m}, A, {0, k}, state.d, found.columns);
    fill_columns(on, task, metric, found.columns);
    solve_rows(metric.factor, found.columns, {0, m});
    charge_rounding(state, task, metric, found);
    return found;
}

GramInverse invert_gram(const Enclosure& state, const std::vector<Index>& points) {
    GramInverse found;
    const Index t = static_cast<Index>(points.size());
    if (t == 0 || t > state.d) return found;
    const Matrix X = state.rows_of(points);
    Matrix A(t, t);
    add_own_gram(X, A);
    Matrix L = A.copy();
    if (!small_cholesky(L)) return found;
    found.inverse = Matrix(t, t);
    for (Index k = 0; k < t; ++k) {
        found.inverse(k, k) = 1;
        solve(L, found.inverse.row(k));
    }
    const Matrix& R = found.inverse;
    double defect_sq = 0, R_sq = R.frobenius_sq(), A_sq = A.frobenius_sq();
    for (Index i = 0; i < t; ++i)
        for (Index k = 0; k < t; ++k) {
            double sum = i == k ? 1 : 0;
            for (Index l = 0; l < t; ++l) sum -= R(i, l) * A(l, k);
            defect_sq += sum * sum;
        }
    const double tt = static_cast<double>(t), rounded = 1 + gamma(tt * tt);
    R_sq *= rounded;
    A_sq *= rounded;
    const double formed = gamma(static_cast<double>(state.d) + 1) * state.norms_sq(points);
    found.norm = upward(std::sqrt(R_sq));
    found.defect = upward(std::sqrt(defect_sq * rounded) +
                          gamma(tt + 2) * (std::sqrt(R_sq * A_sq) + std::sqrt(tt)) + found.norm * formed);
    found.sound = found.defect < 0.5;
    if (found.sound) found.least = downward((1 - found.defect) / found.norm);
    return found;
}

}  // namespace pl
