// Orthonormal basis of the inputs a neuron slides on, X_S^T = Q R, updated by a row at a time.
#pragma once

#include <limits>
#include <vector>

#include "kernel/index.hpp"

namespace pl {

class KinkBasis {
  public:
    explicit KinkBasis(int d = 0) : d_(d), stride_((Index{d} + 7) / 8 * 8) {}

    int size() const { return static_cast<int>(points_.size()); }
    int point(int slot) const { return points_[at(slot)]; }
    int find(int point) const;  // slot or -1

    // Adds x; false (and no change) if it depends on the rows present to a relative 1e-9.
    bool add(int point, const double* x);
    void remove(int slot);

    // v (d) <- (I - Q Q^T) v, once more where little is left of it, so that that is orthogonal to rounding;
    // the removed coefficients Q^T v go to `coeff` (size()).
    void project(double* v, double* coeff) const;
    // lam <- -R^{-1} coeff: with coeff = Q^T g, the multipliers of X_S (g + X_S^T lam) = 0.
    void multipliers(const double* coeff, double* lam) const;
    double smallest_pivot() const { return pivot_; }

  private:
    void renew_pivot();
    double& r(int row, int col) { return R_[at(col)][at(row)]; }
    double r(int row, int col) const { return R_[at(col)][at(row)]; }

    int d_;
    Index stride_;
    double pivot_ = std::numeric_limits<double>::infinity();
    std::vector<int> points_;
    std::vector<double> Q_;               // m rows of length d, zero-padded to whole vectors
    std::vector<std::vector<double>> R_;  // m columns, column k of length k + 1
};

}  // namespace pl
