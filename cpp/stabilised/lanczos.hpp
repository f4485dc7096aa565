// exp(-h K) v and its kin for a symmetric positive semidefinite matrix K (size, size) of which only products
// are known: the Lanczos process of v gives K on the space that v, K v, K^2 v, ... span, where it is
// a small tridiagonal matrix (Hochbruck and Lubich 1997). Knows nothing of its users.
#pragma once

#include <functional>
#include <vector>

#include "kernel/index.hpp"
#include "problem/buffer.hpp"

namespace pl {

// phi_0(x) = exp(-x), phi_k(x) = int_0^1 exp(-x (1 - s)) s^(k-1) / (k-1)! ds, for k in {0, 1, 2, 3}, x >= 0.
double phi(int k, double x);

class Lanczos {
  public:
    static constexpr Index kMost = 60;  // products

    // out = K v; false abandons the process.
    using Product = std::function<bool(const double* v, double* out)>;

    // The space of v (size), empty as yet. v = 0 has none, and every function of it is 0.
    void begin(const double* v, Index size);
    // Widened until h phi_1(h K) v is known to `tolerance` of h norm(v), or `most` products were taken since
    // begin(). False if a product was abandoned; what is known then is nothing.
    bool widen(const Product& product, double h, double tolerance, Index most = kMost);
    // out = phi_k(h K) v, as far as the space goes.
    void apply(int k, double h, double* out);

    Index products() const { return products_; }  // since begin()
    double radius() const;                        // largest eigenvalue of K seen from the space
    double norm() const { return norm_; }         // of v

  private:
    double missing(double h) const;
    void solve(std::vector<double>& modes);
    double* vector(Index k) { return basis_.data() + k * stride_; }
    void orthogonalise(double* v);
    Index size_ = 0, stride_ = 0, products_ = 0;
    double norm_ = 0.0, left_ = 0.0;         // of v; of what the last product leaves beside the space
    Buffer<double> basis_;                   // (kMost + 1, stride), rows orthonormal
    std::vector<double> diagonal_, beside_;  // of the tridiagonal matrix
    std::vector<double> ritz_;               // its eigenvalues (products)
    std::vector<double> coeff_;
    std::vector<double> ends_, modes_;  // first and last row of its eigenvectors (columns); all; or empty
};

// Eigenvalues of the symmetric tridiagonal matrix, into `diagonal` (m); `beside` (m - 1) is lost. `modes` are
// some rows of the unit matrix (any, m) before and then of the eigenvectors, which are the columns.
void tridiagonal_eigen(std::vector<double>& diagonal, std::vector<double>& beside,
                       std::vector<double>& modes);

}  // namespace pl
