#include "proof/enclosure.hpp"

#include <algorithm>

#include "kernel/inner.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

double norm_above(const double* v, Index size) {
    return upward(std::sqrt(inner(v, v, size) * (1 + gamma(static_cast<double>(size) + 2))));
}

// norm(X)_2 <= sqrt(norm(X)_1 norm(X)_inf): often sharper than Frobenius' norm, never unsound.
double operator_norm(const Matrix& X, double frobenius) {
    double largest_row = 0, largest_column = 0;
    std::vector<double> columns(static_cast<std::size_t>(X.columns()), 0.0);
    for (Index i = 0; i < X.rows(); ++i) {
        double row = 0;
        for (Index k = 0; k < X.columns(); ++k) {
            const double size = std::abs(X(i, k));
            row += size;
            columns[static_cast<std::size_t>(k)] += size;
        }
        largest_row = std::max(largest_row, row);
    }
    for (double column : columns) largest_column = std::max(largest_column, column);
    const double terms = static_cast<double>(X.rows() + X.columns());
    return std::min(frobenius, upward(std::sqrt(largest_row * largest_column) * (1 + gamma(terms))));
}

bool ordinary(double value) {  // its square neither overflows nor is lost
    return std::isfinite(value) && (value == 0 || (value > 0x1p-200 && value < 0x1p200));
}

}  // namespace

Enclosure::Enclosure(const Problem<double>& given, Workers workers)
    : problem(given),
      n(given.n),
      d(given.d),
      p(given.p),
      inputs(n, d),
      x_norm(at(n)),
      w_norm(at(p)),
      z_rounding(gamma(static_cast<double>(d))),
      r(at(n)),
      r_off(at(n)),
      z_(at(n * p)) {
    const Matrix weights = measure();
    enclose_z(weights, workers);
    enclose_residuals();
    recall_kinks();
    finite = finite && std::isfinite(sum_r2_high) && std::isfinite(theta_norm * x_frobenius);
}

// Norms; the weights by rows.
Matrix Enclosure::measure() {
    Matrix weights(p, d);
    double frobenius_sq = 0, theta_sq = 0;
    for (Index i = 0; i < n; ++i) {
        std::copy_n(problem.X + i * d, d, inputs.row(i));
        x_norm[at(i)] = norm_above(inputs.row(i), d);
        frobenius_sq += x_norm[at(i)] * x_norm[at(i)];
        finite = finite && ordinary(x_norm[at(i)]) && ordinary(std::abs(problem.y[i]));
    }
    for (Index j = 0; j < p; ++j) {
        std::copy_n(problem.W + j * d, d, weights.row(j));
        w_norm[at(j)] = norm_above(weights.row(j), d);
        theta_sq += w_norm[at(j)] * w_norm[at(j)] + problem.a[j] * problem.a[j];
        finite = finite && ordinary(w_norm[at(j)]) && ordinary(std::abs(problem.a[j]));
    }
    const double np = static_cast<double>(n + p);
    x_frobenius = upward(std::sqrt(frobenius_sq * (1 + gamma(np))));
    x_operator = operator_norm(inputs, x_frobenius);
    theta_norm = upward(std::sqrt(theta_sq * (1 + gamma(np))));
    return weights;
}

void Enclosure::enclose_z(const Matrix& weights, Workers workers) {
    Matrix z(p, n);
    constexpr Index kPoints = 256;
    parallel_for((n + kPoints - 1) / kPoints, workers.threads, workers.control, [&](Index b) {
        add_products(1, weights, {0, p}, inputs, {b * kPoints, std::min((b + 1) * kPoints, n)}, d, z);
        workers.control.check();
    });
    for (Index j = 0; j < p; ++j) std::copy_n(z.row(j), n, z_.data() + index(j, 0));
}

void Enclosure::recall_kinks() {
    for (const PairAtKink& kink : problem.kinks) {
        const Index j = kink.neuron, i = kink.point;
        if (j >= p || i >= n || std::abs(z(j, i)) > kNearKink * w_norm[at(j)] * x_norm[at(i)]) continue;
        known_.resize(at(n * p));
        known_[index(j, i)] = true;
    }
}

void Enclosure::enclose_residuals() {
    const double scale = gamma(static_cast<double>(p + d + 3)), count = static_cast<double>(p);
    double terms = 0, high = 0, low = 0;
    for (Index j = 0; j < p; ++j) terms += std::abs(problem.a[j]) * w_norm[at(j)];
    for (Index i = 0; i < n; ++i) {
        double h = 0;
        for (Index j = 0; j < p; ++j) h += problem.a[j] * std::max(z_[index(j, i)], 0.0);
        r[at(i)] = problem.y[i] - h / count;
        r_off[at(i)] =
            upward(scale * (std::abs(problem.y[i]) + terms * (1 + gamma(count)) / count * x_norm[at(i)]));
        const double most = std::abs(r[at(i)]) + r_off[at(i)];
        const double least = std::max(0.0, std::abs(r[at(i)]) - r_off[at(i)]);
        high += most * most;
        low += least * least;
    }
    sum_r2_high =
        upward(high * (1 + gamma(static_cast<double>(n + 2)))) + 0x1p-900;  // squares that were lost
    sum_r2_low = downward(low * (1 - gamma(static_cast<double>(n + 2))));
    r_norm = upward(std::sqrt(sum_r2_high));
}

Matrix Enclosure::rows_of(const std::vector<Index>& points) const {
    Matrix rows(static_cast<Index>(points.size()), d);
    for (Index k = 0; k < rows.rows(); ++k) std::copy_n(x(points[at(k)]), d, rows.row(k));
    return rows;
}

double Enclosure::norms_sq(const std::vector<Index>& points) const {
    double sum = 0;
    for (Index i : points) sum += x_norm[at(i)] * x_norm[at(i)];
    return upward(sum * (1 + gamma(static_cast<double>(points.size()))));
}

}  // namespace pl
