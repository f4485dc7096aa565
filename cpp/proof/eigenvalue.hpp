// The smallest eigenvalue of a symmetric matrix, from below, proved in float64.
#pragma once

#include <utility>

#include "proof/matrix.hpp"

namespace pl {

// Of K (n, n), of which the lower triangle is read, and which stays where it is; `charge` bounds in norm how
// far K is from the matrix that is meant.
class LeastEigenvalue {
  public:
    LeastEigenvalue(const Matrix& K, double charge, Workers workers);

    // What `bound` is expected to be, for half its price: no proof. -infinity if K is not positive definite
    // to rounding, or the workers were cancelled.
    double estimate() const { return expected_; }
    // Below the smallest eigenvalue of the matrix that is meant, or -infinity.
    double bound();
    // The Cholesky factor of K; nothing else may be asked after, nor after `bound`.
    Matrix release_factor() { return std::move(A_); }

  private:
    bool factorised(double shift);
    double proved(double shift) const;

    const Matrix& K_;
    const double charge_;
    Workers workers_;
    Matrix A_;          // K - shift I, then its factor
    double about_ = 0;  // 0: no estimate
    double expected_;
};

}  // namespace pl
