#include "proof/matrix.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/dispatch.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

constexpr Index kTile = 64;  // rows and columns that a task takes
constexpr Index kWidth =
    512;  // of a product at a time: what a few rows of both factors take of the nearest cache

Index tiles(Index n) {
    return (n + kTile - 1) / kTile;
}

Range tile(Index t, Index n) {
    return {t * kTile, std::min((t + 1) * kTile, n)};
}

// The lower triangle of the block [at, end) of a becomes that of its factor.
bool factor_block(Matrix& a, Range block) {
    for (Index k = block.first; k < block.last; ++k) {
        double* row = a.row(k);
        for (Index l = block.first; l < k; ++l) {
            double sum = row[l];
            for (Index m = block.first; m < l; ++m) sum -= row[m] * a(l, m);
            row[l] = sum / a(l, l);
        }
        double pivot = row[k];
        for (Index m = block.first; m < k; ++m) pivot -= row[m] * row[m];
        if (!(pivot > 0) || !std::isfinite(pivot)) return false;
        row[k] = std::sqrt(pivot);
    }
    return true;
}

// Columns `block` of rows `rows` of b, all earlier ones done: b L^{-T} there. Rows side by side, so that
// their sums do not wait for one another.
void solve_block(const Matrix& factor, Range block, Matrix& b, Range rows) {
    constexpr Index kTogether = 8;
    double side[kTile][kTogether] = {};
    const Index width = block.last - block.first;
    for (Index from = rows.first; from < rows.last; from += kTogether) {
        const Index count = std::min(kTogether, rows.last - from);
        for (Index r = 0; r < count; ++r)
            for (Index k = 0; k < width; ++k) side[k][r] = b(from + r, block.first + k);
        for (Index k = 0; k < width; ++k) {
            const double* l = factor.row(block.first + k) + block.first;
            double sum[kTogether];
            std::copy_n(side[k], kTogether, sum);
            for (Index m = 0; m < k; ++m)
                for (Index r = 0; r < kTogether; ++r) sum[r] -= side[m][r] * l[m];
            for (Index r = 0; r < kTogether; ++r) side[k][r] = sum[r] / l[k];
        }
        for (Index r = 0; r < count; ++r)
            for (Index k = 0; k < width; ++k) b(from + r, block.first + k) = side[k][r];
    }
}

}  // namespace

Matrix Matrix::copy() const {
    Matrix twin(0, columns_);
    twin.rows_ = rows_;
    twin.data_ = data_.copy();
    return twin;
}

double Matrix::frobenius_sq() const {
    double sum = 0;
    for (Index i = 0; i < rows_; ++i)
        for (Index k = 0; k < columns_; ++k) sum += row(i)[k] * row(i)[k];
    return sum;
}

void add_row_products(double sign, const Matrix& a, Range of_a, const Matrix& b, Range of_b, Index width,
                      double* to, Index stride) {
    const Index whole = (width + 7) / 8 * 8;
    if (whole == 0 || of_a.first == of_a.last || of_b.first == of_b.last) return;
    for (Index from = 0; from < whole; from += kWidth)
        level().products->add({a.row(of_a.first) + from, a.stride(), of_a.last - of_a.first,
                               b.row(of_b.first) + from, b.stride(), of_b.last - of_b.first,
                               std::min(kWidth, whole - from), sign, to, stride});
}

void add_products(double sign, const Matrix& a, Range of_a, const Matrix& b, Range of_b, Index width,
                  Matrix& c) {
    add_row_products(sign, a, of_a, b, of_b, width, c.row(of_a.first) + of_b.first, c.stride());
}

void add_gram(double sign, const Matrix& a, Matrix& c, Workers workers) {
    const Index n = a.rows();
    parallel_for(tiles(n), workers.threads, workers.control, [&](Index t) {
        for (Index u = 0; u <= t; ++u) {
            add_products(sign, a, tile(t, n), a, tile(u, n), a.columns(), c);
            if (workers.control.check()) return;
        }
    });
}

bool cholesky(Matrix& a, Workers workers) {
    const Index n = a.rows();
    for (Index t = 0; t < tiles(n); ++t) {
        const Range block = tile(t, n);
        add_products(-1, a, block, a, block, block.first, a);
        if (!factor_block(a, block)) return false;
        parallel_for(tiles(n) - t - 1, workers.threads, workers.control, [&](Index below) {
            const Range rows = tile(t + 1 + below, n);
            add_products(-1, a, rows, a, block, block.first, a);
            solve_block(a, block, a, rows);
            workers.control.check();
        });
        if (workers.control.cancelled()) return false;
    }
    return true;
}

void solve_rows(const Matrix& factor, Matrix& b, Range of_b) {
    const Index k = factor.rows();
    for (Index t = 0; t < tiles(k); ++t) {
        const Range block = tile(t, k);
        add_products(-1, b, of_b, factor, block, block.first, b);
        solve_block(factor, block, b, of_b);
    }
}

void solve(const Matrix& factor, double* x) {
    const Index n = factor.rows();
    for (Index i = 0; i < n; ++i) {
        const double* row = factor.row(i);
        double sum[4] = {x[i], 0, 0, 0};  // side by side, so that they do not wait for one another
        const Index whole = i / 4 * 4;
        for (Index k = 0; k < whole; k += 4)
            for (Index s = 0; s < 4; ++s) sum[s] -= row[k + s] * x[k + s];
        for (Index k = whole; k < i; ++k) sum[0] -= row[k] * x[k];
        x[i] = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / row[i];
    }
    for (Index i = n - 1; i >= 0; --i) {
        const double* row = factor.row(i);
        x[i] /= row[i];
        for (Index k = 0; k < i; ++k) x[k] -= row[k] * x[i];
    }
}

}  // namespace pl
