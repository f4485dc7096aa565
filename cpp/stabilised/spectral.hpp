// Spectral radius of the Jacobian of a field, without the Jacobian: the power method on differences of the
// field. The eigenvector is kept, so that a later estimate starts where the last one ended.
#pragma once

#include "kernel/index.hpp"
#include "stabilised/rkc.hpp"

namespace pl {

class SpectralRadius {
  public:
    static constexpr int kRounds = 50;
    static constexpr double kSafety = 1.2;  // to be applied by the caller: the estimate comes from below

    // rho of df/dy at y, f = f(y) given, by the power method from the vector kept; from f if there is none
    // of that size. At most `rounds` evaluations, fewer once it has settled to 1 %. Returns the estimate
    // without the safety factor, or a negative number if the field abandoned it.
    double estimate(const Field& field, const double* y, const double* f, Index size, int rounds = kRounds);
    void start_from(const std::vector<double>& vector) { vector_ = vector; }

  private:
    std::vector<double> vector_, moved_, image_;
};

}  // namespace pl
