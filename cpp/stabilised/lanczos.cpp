#include "stabilised/lanczos.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/dispatch.hpp"

namespace pl {
namespace {

// Below it the series of phi_k is good to rounding, above it the recursion.
constexpr double kSeries = 0.5;
constexpr int kTerms = 18;
// A product that leaves this part of the radius beside the space adds nothing: K is in single precision for
// one of the users.
constexpr double kClosed = 1e-6;

}  // namespace

double phi(int k, double x) {
    if (k == 0) return std::exp(-x);
    if (x < kSeries) {  // sum_m (-x)^m / (m + k)!
        double term = 1.0;
        for (int m = 2; m <= k; ++m) term /= m;
        double sum = term;
        for (int m = 1; m < kTerms; ++m) sum += term *= -x / (m + k);
        return sum;
    }
    double value = -std::expm1(-x) / x, factorial = 1.0;
    for (int m = 2; m <= k; ++m) {  // phi_m = (1 / (m - 1)! - phi_(m - 1)) / x
        value = (1.0 / factorial - value) / x;
        factorial *= m;
    }
    return value;
}

namespace {

// Of numbers of size 1: what is lost if a square underflows is nothing beside those.
double length(double f, double g) {
    return std::sqrt(f * f + g * g);
}

double largest_of(const std::vector<double>& values, double so_far) {
    for (const double value : values) so_far = std::max(so_far, std::abs(value));
    return so_far;
}

// The QL method with implicit shifts (EISPACK's tql2), of a matrix whose largest entry is 1.
void scaled_eigen(std::vector<double>& diagonal, std::vector<double>& beside, std::vector<double>& modes) {
    const Index m = size_of(diagonal), rows = size_of(modes) / m;
    constexpr int kSweeps = 50;
    constexpr double kEps = std::numeric_limits<double>::epsilon();
    double* const d = diagonal.data();
    double* const e = beside.data();
    for (Index l = 0; l < m; ++l) {
        for (int sweep = 0; sweep < kSweeps; ++sweep) {
            Index end = l;
            while (end + 1 < m && std::abs(e[end]) > kEps * (std::abs(d[end]) + std::abs(d[end + 1]))) ++end;
            if (end == l) break;
            double g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            g = d[end] - d[l] + e[l] / (g + std::copysign(length(g, 1.0), g));
            double s = 1.0, c = 1.0, shift = 0.0;
            Index i = end - 1;
            for (; i >= l; --i) {
                const double f = s * e[i], b = c * e[i], r = length(f, g);
                e[i + 1] = r;
                if (r == 0.0) {
                    d[i + 1] -= shift;
                    e[end] = 0.0;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - shift;
                const double t = (d[i] - g) * s + 2.0 * c * b;
                shift = s * t;
                d[i + 1] = g + shift;
                g = c * t - b;
                for (Index k = 0; k < rows; ++k) {
                    double &left = modes[at(k * m + i)], &right = modes[at(k * m + i + 1)];
                    const double was = right;
                    right = s * left + c * was;
                    left = c * left - s * was;
                }
            }
            if (i >= l) continue;
            d[l] -= shift;
            e[l] = g;
            e[end] = 0.0;
        }
    }
}

}  // namespace

void tridiagonal_eigen(std::vector<double>& diagonal, std::vector<double>& beside,
                       std::vector<double>& modes) {
    beside.resize(diagonal.size(), 0.0);
    const double largest = largest_of(beside, largest_of(diagonal, 0.0)),
                 scale = largest > 0.0 ? largest : 1.0;
    for (double& value : diagonal) value /= scale;
    for (double& value : beside) value /= scale;
    scaled_eigen(diagonal, beside, modes);
    for (double& value : diagonal) value *= scale;
}

void Lanczos::begin(const double* v, Index size) {
    size_ = size;
    products_ = 0;
    diagonal_.clear();
    beside_.clear();
    ritz_.clear();
    modes_.clear();
    const Index stride = (size + 7) / 8 * 8;  // as sums of rows have it
    if (basis_.size() < (kMost + 1) * stride) basis_ = Buffer<double>((kMost + 1) * stride);
    if (stride != stride_) std::fill_n(basis_.data(), basis_.size(), 0.0);  // places beyond size are 0
    stride_ = stride;
    std::copy_n(v, size, vector(0));
    norm_ = std::sqrt(level().sums->dot(vector(0), vector(0), stride_));
    left_ = norm_;
    if (norm_ > 0.0)
        for (Index i = 0; i < size_; ++i) vector(0)[i] /= norm_;
}

// Against all vectors so far, the last among them: products in single precision would bring their components
// back.
void Lanczos::orthogonalise(double* v) {
    coeff_.resize(at(products_));
    const auto count = static_cast<int>(products_);
    left_ = std::sqrt(level().sums->strip(vector(0), stride_, count, v, stride_, coeff_.data()));
    diagonal_.push_back(coeff_.back());
}

bool Lanczos::widen(const Product& product, double h, double tolerance, Index most) {
    if (products_ > 0 && missing(h) <= tolerance) return true;
    while (products_ < std::min(most, kMost) && left_ > 0.0) {
        const Index m = products_;
        if (m > 0) {
            beside_.push_back(left_);
            for (Index i = 0; i < size_; ++i) vector(m)[i] /= left_;
        }
        double* next = vector(m + 1);
        if (!product(vector(m), next)) return false;
        ++products_;
        orthogonalise(next);
        if (!std::isfinite(left_)) return false;
        if (left_ <= kClosed * *std::max_element(diagonal_.begin(), diagonal_.end())) left_ = 0.0;
        modes_.clear();
        ends_.assign(at(2 * products_), 0.0);
        ends_[0] = ends_[at(2 * products_ - 1)] = 1.0;
        solve(ends_);
        if (missing(h) <= tolerance) break;
    }
    return true;
}

void Lanczos::solve(std::vector<double>& modes) {
    ritz_ = diagonal_;
    std::vector<double> beside = beside_;
    tridiagonal_eigen(ritz_, beside, modes);
    for (double& value : ritz_) value = std::max(value, 0.0);  // of K they are; rounding may differ
}

// What the next vector would add to phi_1(h K) v / norm(v): its first residual (Saad 1992, Theorem 5.1).
double Lanczos::missing(double h) const {
    double last = 0.0;
    for (Index k = 0; k < products_; ++k)
        last += ends_[at(k)] * ends_[at(products_ + k)] * phi(1, h * ritz_[at(k)]);
    return h * left_ * std::abs(last);
}

void Lanczos::apply(int k, double h, double* out) {
    std::fill_n(out, size_, 0.0);
    const Index m = products_;
    if (modes_.empty()) {
        modes_.assign(at(m * m), 0.0);
        for (Index b = 0; b < m; ++b) modes_[at(b * m + b)] = 1.0;
        if (m > 0) solve(modes_);
    }
    std::vector<double> values(at(m));
    for (Index e = 0; e < m; ++e) values[at(e)] = norm_ * phi(k, h * ritz_[at(e)]) * modes_[at(e)];
    for (Index b = 0; b < m; ++b) {
        double weight = 0.0;
        for (Index e = 0; e < m; ++e) weight += modes_[at(b * m + e)] * values[at(e)];
        for (Index i = 0; i < size_; ++i) out[i] += weight * vector(b)[i];
    }
}

double Lanczos::radius() const {
    return ritz_.empty() ? 0.0 : *std::max_element(ritz_.begin(), ritz_.end());
}

}  // namespace pl
