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
      z_doubt(doubt(d)),
      r(at(n)),
      r_off(at(n)),
      z_(at(n * p)) {
    measure();
    enclose(workers);
    recall_kinks();
    finite = finite && std::isfinite(sum_r2_high) && std::isfinite(theta_norm * x_frobenius);
}

void Enclosure::measure() {
    double frobenius_sq = 0, theta_sq = 0;
    for (Index i = 0; i < n; ++i) {
        std::copy_n(problem.X + i * d, d, inputs.row(i));
        x_norm[at(i)] = norm_above(inputs.row(i), d);
        frobenius_sq += x_norm[at(i)] * x_norm[at(i)];
        finite = finite && ordinary(x_norm[at(i)]) && ordinary(std::abs(problem.y[i]));
    }
    for (Index j = 0; j < p; ++j) {
        w_norm[at(j)] = norm_above(problem.W + j * d, d);
        theta_sq += w_norm[at(j)] * w_norm[at(j)] + problem.a[j] * problem.a[j];
        finite = finite && ordinary(w_norm[at(j)]) && ordinary(std::abs(problem.a[j]));
    }
    const double np = static_cast<double>(n + p);
    x_frobenius = upward(std::sqrt(frobenius_sq * (1 + gamma(np))));
    x_operator = operator_norm(inputs, x_frobenius);
    theta_norm = upward(std::sqrt(theta_sq * (1 + gamma(np))));
}

// z_ji and r_i = y_i - (1/p) sum_j a_j max(z_ji, 0), in twofold precision. Where the sign of z_ji is doubtful
// what it may add is within its doubt.
void Enclosure::enclose(Workers workers) {
    const double count = static_cast<double>(p);
    double terms = 0;
    for (Index j = 0; j < p; ++j) terms += std::abs(problem.a[j]) * w_norm[at(j)];
    terms = upward(terms * (1 + gamma(count)) / count);
    std::vector<Doubted> residuals(at(n));
    parallel_for(n, workers.threads, workers.control, [&](Index i) {
        if (i % 64 == 0 && workers.control.check()) return;
        Twofold h;
        for (Index j = 0; j < p; ++j) {
            const Twofold sum = twofold_inner(problem.W + j * d, x(i), d);
            z_[index(j, i)] = sum.value();
            if (sum.value() > 0) h.add_product(sum, problem.a[j]);
        }
        const Twofold mean = over(h, {count, 0});
        Twofold left{problem.y[i], 0};
        left.add({-mean.high, -mean.low});
        residuals[at(i)] = {normal(left.high, left.low),
                            doubt(p + d + 8) * (std::abs(problem.y[i]) + terms * x_norm[at(i)])};
        r[at(i)] = residuals[at(i)].value.value();
        r_off[at(i)] = upward(gamma(1) * std::abs(r[at(i)]) + residuals[at(i)].off);
    });
    sum_squares(residuals);
}

void Enclosure::sum_squares(const std::vector<Doubted>& residuals) {
    double sizes = 0;
    for (const Doubted& found : residuals) {
        const double size = std::abs(found.value.value());
        sum_r2.value.add(times(found.value, found.value));
        sum_r2.off += found.off * (2 * size + found.off);
        sizes += size * size;
    }
    const double rounded = 1 + gamma(static_cast<double>(n) + 4);
    // what squares lose below the range of numbers is in the last term
    sum_r2.off = upward(sum_r2.off * rounded + doubt(n + 8) * sizes * rounded) + 0x1p-900;
    const double middle = normal(sum_r2.value.high, sum_r2.value.low).value();
    sum_r2_high = upward(middle + sum_r2.off);
    sum_r2_low = std::max(0.0, downward(middle - sum_r2.off));
    r_norm = upward(std::sqrt(sum_r2_high));
}

void Enclosure::recall_kinks() {
    for (const PairAtKink& kink : problem.kinks) {
        const Index j = kink.neuron, i = kink.point;
        if (j >= p || i >= n || std::abs(z(j, i)) > kNearKink * w_norm[at(j)] * x_norm[at(i)]) continue;
        known_.resize(at(n * p));
        known_[index(j, i)] = true;
    }
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
