#include "proof/eigenvalue.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "proof/rounding.hpp"

namespace pl {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();
constexpr int kInverseIterations = 8;
constexpr double kShares[] = {0.99, 0.95, 0.8, 0.5};  // of the estimate: shifts tried

// Rayleigh's quotient after some inverse iterations: at least the smallest eigenvalue, usually close.
double estimate_of(const Matrix& factor) {
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

LeastEigenvalue::LeastEigenvalue(const Matrix& K, double charge, Workers workers)
    : K_(K), charge_(charge), workers_(workers), A_(K.rows(), K.rows()), expected_(kNothing) {
    if (!factorised(0)) return;
    about_ = estimate_of(A_);
    expected_ = proved(kShares[0] * about_);
}

double LeastEigenvalue::bound() {
    if (!(about_ > 0)) return kNothing;
    for (double share : kShares) {
        if (factorised(share * about_)) return proved(share * about_);
        if (workers_.control.cancelled()) break;
    }
    return kNothing;
}

// False also where a diagonal entry leaves the range in which nothing underflows.
bool LeastEigenvalue::factorised(double shift) {
    for (Index i = 0; i < K_.rows(); ++i) {
        std::copy_n(K_.row(i), i + 1, A_.row(i));
        std::fill(A_.row(i) + i + 1, A_.row(i) + A_.stride(), 0.0);
        A_(i, i) -= shift;
        if (!(A_(i, i) > 0x1p-400 && A_(i, i) < 0x1p400)) return false;
    }
    return cholesky(A_, workers_);
}

// Rump, Verification of positive definiteness (2006); Demmel's bound, Higham (2002), theorem 10.5: if
// Cholesky's factorisation of the float64 matrix A runs to its end, lam_min(A) >= -gamma_{n+1} / (1 -
// gamma_{n+1}) trace(A).
double LeastEigenvalue::proved(double shift) const {
    double trace = 0, largest = 0;
    for (Index i = 0; i < K_.rows(); ++i) {
        trace += std::abs(K_(i, i)) + std::abs(shift);
        largest = std::max(largest, std::abs(K_(i, i)) + std::abs(shift));
    }
    const double n = static_cast<double>(K_.rows());
    const double lost = gamma(n + 3) * trace * (1 + gamma(n)) + 2 * kUnitRoundoff * largest + charge_;
    return downward(shift - upward(lost));
}

}  // namespace pl
