// Dense matrices of a proof, float64, by rows: products and a Cholesky factorisation by a team.
#pragma once

#include "parallel/control.hpp"
#include "problem/buffer.hpp"

namespace pl {

// Who computes: at most so many threads, until cancelled.
struct Workers {
    int threads;
    Control& control;
};

// Range padded with zeros to whole vectors.
class Matrix {
  public:
    Matrix() = default;
    Matrix(Index rows, Index columns)
        : rows_(rows), columns_(columns), stride_((columns + 7) / 8 * 8), data_(rows * stride_) {}

    Index rows() const { return rows_; }
    Index columns() const { return columns_; }
    Index stride() const { return stride_; }
    double* row(Index i) { return data_.data() + i * stride_; }
    const double* row(Index i) const { return data_.data() + i * stride_; }
    double& operator()(Index i, Index k) { return row(i)[k]; }
    double operator()(Index i, Index k) const { return row(i)[k]; }
    Matrix copy() const;
    double frobenius_sq() const;  // rounded, not outward

  private:
    Index rows_ = 0, columns_ = 0, stride_ = 0;
    Buffer<double> data_;
};

// Range [first, last) of b against those [from, to) of a: c[i, k] += sign <a_i, b_k> over the first `width`
// columns.
struct Range {
    Index first, last;
};
void add_products(double sign, const Matrix& a, Range of_a, const Matrix& b, Range of_b, Index width,
                  Matrix& c);
// The same into a block of its own, whose first entry is `to`.
void add_row_products(double sign, const Matrix& a, Range of_a, const Matrix& b, Range of_b, Index width,
                      double* to, Index stride);

// The lower triangle of c (n, n) += sign a a^T.
void add_gram(double sign, const Matrix& a, Matrix& c, Workers workers);

// The lower triangle of a becomes its Cholesky factor; false, and a is spoilt, unless every pivot was
// positive. Each entry is a_ik minus a sum of products, in some order, divided by a pivot: Demmel's bound
// holds.
bool cholesky(Matrix& a, Workers workers);

// b <- b L^{-T}, row by row.
void solve_rows(const Matrix& factor, Matrix& b, Range of_b);

// x <- (L L^T)^{-1} x.
void solve(const Matrix& factor, double* x);

}  // namespace pl
