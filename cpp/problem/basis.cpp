#include "problem/basis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/inner.hpp"

namespace pl {
namespace {

void subtract(double* v, double factor, const double* q, int d) {
    for (int l = 0; l < d; ++l) v[l] -= factor * q[l];
}

}  // namespace

int KinkBasis::find(int point) const {
    const auto it = std::find(points_.begin(), points_.end(), point);
    return it == points_.end() ? -1 : static_cast<int>(it - points_.begin());
}

void KinkBasis::project(double* v, double* coeff) const {
    std::fill(coeff, coeff + size(), 0.0);
    for (int pass = 0; pass < 2; ++pass) {
        for (Index m = 0; m < size_of(Q_); ++m) {
            const double part = inner(Q_[at(m)].data(), v, d_);
            coeff[m] += part;
            subtract(v, part, Q_[at(m)].data(), d_);
        }
    }
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
    Q_.push_back(std::move(q));
    R_.push_back(std::move(column));
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
        double* qk = Q_[at(k)].data();
        double* qn = Q_[at(k) + 1].data();
        for (int l = 0; l < d_; ++l) {
            const double u = qk[l], v = qn[l];
            qk[l] = c * u + s * v;
            qn[l] = c * v - s * u;
        }
        R_[at(k)].resize(at(k) + 1);
    }
    Q_.pop_back();
}

void KinkBasis::multipliers(const double* coeff, double* lam) const {
    for (int k = size() - 1; k >= 0; --k) {
        double sum = -coeff[k];
        for (int col = k + 1; col < size(); ++col) sum -= r(k, col) * lam[col];
        lam[k] = sum / r(k, k);
    }
}

double KinkBasis::smallest_pivot() const {
    double smallest = std::numeric_limits<double>::infinity();
    for (int k = 0; k < size(); ++k) smallest = std::min(smallest, std::abs(r(k, k)));
    return smallest;
}

}  // namespace pl
