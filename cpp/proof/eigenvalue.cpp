#include "proof/eigenvalue.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "proof/rounding.hpp"

namespace pl {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();
constexpr int kInverseIterations = 8;

// K - shift I, in place of nothing; false where a diagonal entry leaves the range in which nothing
// underflows.
bool shifted(const Matrix& K, double shift, Matrix& A) {
    A = K.copy();
    for (Index i = 0; i < K.rows(); ++i) {
        A(i, i) -= shift;
        if (!(A(i, i) > 0x1p-400 && A(i, i) < 0x1p400)) return false;
    }
    return true;
}

// Rump, Verification of positive definiteness (2006); Demmel's bound, Higham (2002), theorem 10.5: if
// Cholesky's factorisation of the float64 matrix A runs to its end, lam_min(A) >= -gamma_{n+1} / (1 -
// gamma_{n+1}) trace(A).
double proved(const Matrix& K, double shift, double charge) {
    double trace = 0, largest = 0;
    for (Index i = 0; i < K.rows(); ++i) {
        trace += std::abs(K(i, i)) + std::abs(shift);
        largest = std::max(largest, std::abs(K(i, i)) + std::abs(shift));
    }
    const double n = static_cast<double>(K.rows());
    const double lost = gamma(n + 3) * trace * (1 + gamma(n)) + 2 * kUnitRoundoff * largest + charge;
    return downward(shift - upward(lost));
}

// Rayleigh's quotient after some inverse iterations: at least the smallest eigenvalue, usually close.
double estimate(const Matrix& factor) {
    const Index n = factor.rows();
    std::vector<double> x(static_cast<std::size_t>(n));
    std::uint64_t state = 0x9e3779b97f4a7c15u;
    for (double& value : x) {  // any vector that is not orthogonal to what is sought
        state = state * 6364136223846793005u + 1442695040888963407u;
        value = static_cast<double>(state >> 11) * 0x1p-53 - 0.5;
    }
    double quotient = 0;
    for (int it = 0; it < kInverseIterations; ++it) {
        double before = 0, product = 0;
        for (double value : x) before += value * value;
        for (double& value : x) value /= std::sqrt(before);
        std::vector<double> y = x;
        solve(factor, y.data());
        for (std::size_t i = 0; i < y.size(); ++i) product += x[i] * y[i];
        quotient = 1 / product;
        x = std::move(y);
    }
    return quotient;
}

}  // namespace

double least_eigenvalue(const Matrix& K, double charge, Workers workers) {
    Matrix A;
    if (!shifted(K, 0, A) || !cholesky(A, workers)) return kNothing;
    const double about = estimate(A);
    for (double share : {0.99, 0.95, 0.8, 0.5}) {
        if (workers.control.cancelled()) return kNothing;
        if (shifted(K, share * about, A) && cholesky(A, workers)) return proved(K, share * about, charge);
    }
    return kNothing;
}

}  // namespace pl
