#include "problem/basis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/kernels.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kLittle = 0.25;  // of a squared norm: what one projection leaves may be bent by 4 roundings

}  // namespace

int KinkBasis::find(int point) const {
    const auto it = std::find(points_.begin(), points_.end(), point);
    return it == points_.end() ? -1 : static_cast<int>(it - points_.begin());
}

void KinkBasis::project(double* v, double* coeff) const {
    const double left = strip(Q_.data(), stride_, size(), v, d_, coeff);
    if (left >= kLittle * (left + norm_sq(coeff, size()))) return;
    std::vector<double> again(points_.size());
    strip(Q_.data(), stride_, size(), v, d_, again.data());
    for (std::size_t m = 0; m < again.size(); ++m) coeff[m] += again[m];
}

bool KinkBasis::add(int point, const double* x) {
    if (size() >= d_) return false;
    std::vector<double> q(x, x + d_), column(points_.size() + 1);
    const double norm = norm_of(x, d_);
    project(q.data(), column.data());
    const double rest = norm_of(q.data(), d_);
    if (!(rest > 1e-9 * norm)) return false;
    for (double& value : q) value /= rest;
    column.back() = rest;
    points_.push_back(point);
    Q_.insert(Q_.end(), q.begin(), q.end());
    Q_.resize(points_.size() * at(stride_), 0.0);
    R_.push_back(std::move(column));
    renew_pivot();
    return true;
}

void KinkBasis::remove(int slot) {
    const int m = size();
    points_.erase(points_.begin() + slot);
    R_.erase(R_.begin() + slot);
    // columns slot.. are now Hessenberg: rotate rows k, k + 1 to make them triangular again
    for (int k = slot; k < m - 1; ++k) {
        const double top = r(k, k), below = r(k + 1, k), length = std::hypot(top, below);
        const double c = top / length, s = below / length;
        for (int col = k; col < m - 1; ++col) {
            const double u = r(k, col), v = r(k + 1, col);
            r(k, col) = c * u + s * v;
            r(k + 1, col) = c * v - s * u;
        }
        double* qk = Q_.data() + k * stride_;
        double* qn = qk + stride_;
        for (int l = 0; l < d_; ++l) {
            const double u = qk[l], v = qn[l];
            qk[l] = c * u + s * v;
            qn[l] = c * v - s * u;
        }
        R_[at(k)].resize(at(k) + 1);
    }
    Q_.resize(points_.size() * at(stride_));
    renew_pivot();
}

void KinkBasis::multipliers(const double* coeff, double* lam) const {
    for (int k = 0; k < size(); ++k) lam[k] = -coeff[k];
    for (int col = size() - 1; col >= 0; --col) {
        const double* column = R_[at(col)].data();
        const double value = lam[col] / column[col];
        for (int k = 0; k < col; ++k) lam[k] -= column[k] * value;
        lam[col] = value;
    }
}

void KinkBasis::renew_pivot() {
    pivot_ = std::numeric_limits<double>::infinity();
    for (int k = 0; k < size(); ++k) pivot_ = std::min(pivot_, std::abs(r(k, k)));
}

}  // namespace pl
