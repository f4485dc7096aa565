#include "proof/eigenvalue.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"
#include "proof/rounding.hpp"

namespace pl {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();
constexpr std::size_t kLanczos = 12;                  // steps
constexpr double kShares[] = {0.99, 0.95, 0.8, 0.5};  // of the estimate: shifts tried

std::vector<double> unit(std::vector<double> v) {
    const double norm = norm_of(v.data(), size_of(v));
    for (double& value : v) value /= norm;
    return v;
}

// Of a symmetric tridiagonal matrix, by bisection on the number of eigenvalues above (Sturm).
double largest_of(const std::vector<double>& diagonal, const std::vector<double>& beside) {
    double low = 0, high = 0;
    for (std::size_t k = 0; k < diagonal.size(); ++k)
        high = std::max(high, std::abs(diagonal[k]) + 2 * std::abs(beside[k]) +
                                  (k > 0 ? 2 * std::abs(beside[k - 1]) : 0.0));
    for (int it = 0; it < 60; ++it) {
        const double middle = 0.5 * (low + high);
        bool above = false;
        double pivot = 1;
        for (std::size_t k = 0; k < diagonal.size(); ++k) {
            pivot = diagonal[k] - middle - (k > 0 ? beside[k - 1] * beside[k - 1] / pivot : 0.0);
            if (pivot >= 0) above = true;
            if (pivot == 0) pivot = 1e-300;
        }
        (above ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

// 1 over the largest eigenvalue of the inverse as some steps of Lanczos see it: at least the smallest
// eigenvalue, usually to several digits.
double estimate_of(const Matrix& factor) {
    std::vector<double> start(static_cast<std::size_t>(factor.rows()));
    std::uint64_t state = 0x9e3779b97f4a7c15u;
    for (double& value : start) {  // any vector that is not orthogonal to what is sought
        state = state * 6364136223846793005u + 1442695040888963407u;
        value = static_cast<double>(state >> 11) * 0x1p-53 - 0.5;
    }
    std::vector<std::vector<double>> basis{unit(std::move(start))};
    std::vector<double> diagonal, beside;
    const std::size_t steps = std::min<std::size_t>(kLanczos, basis[0].size());
    for (std::size_t k = 0; k < steps; ++k) {
        std::vector<double> next = basis[k];
        solve(factor, next.data());
        diagonal.push_back(inner(next.data(), basis[k].data(), size_of(next)));
        for (int pass = 0; pass < 2; ++pass)
            for (const std::vector<double>& q : basis) {
                const double part = inner(next.data(), q.data(), size_of(next));
                for (std::size_t i = 0; i < next.size(); ++i) next[i] -= part * q[i];
            }
        beside.push_back(norm_of(next.data(), size_of(next)));
        if (!(beside[k] > 1e-14 * diagonal[0])) break;  // the basis spans all it will
        basis.push_back(unit(std::move(next)));
    }
    beside.back() = 0;
    return 1 / largest_of(diagonal, beside);
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
