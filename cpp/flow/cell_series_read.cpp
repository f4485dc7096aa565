// What is read of the series of the cells, and of the state that they begin at.
#include <algorithm>

#include "flow/cell_series.hpp"
#include "flow/polynomial.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {

double CellSeries::turning(int c, double h) const {
    double sum = 0.0, power = h;
    for (int k = 0; k < order_; ++k, power = next_power(power, h / in_.unit()))
        sum += series_[at(c)].speed[at(k)] * power / (k + 1);
    return sum;
}

double CellSeries::trial_sq() const {
    return norm_sq(trial_r_.data(), size_of(trial_r_));
}

void CellSeries::residuals(double h, double* r) const {
    h /= in_.unit();
    std::fill_n(r, points_, 0.0);
    for (int k = order_ - 1; k >= 0; --k) {  // of all points at once: alone, each waits for itself
        const double* of = r_[at(k)].data();
        for (Index i = 0; i < points_; ++i) r[i] = r[i] * h + of[i];
    }
}

void CellSeries::path(int c, const double* v, double* w, double* a) const {
    for (int k = 0; k <= order_; ++k, w += d_) {
        const double* P = series_[at(c)].P[at(k)].data();
        for (Index l = 0; l < width_; ++l) {
            double sum = 0.0;
            for (Index e = 0; e < width_; ++e) sum += P[l * width_ + e] * v[e];
            (l < d_ ? w[l] : a[k]) = sum;
        }
    }
}

double CellSeries::residual_sq() const {
    return norm_sq(r_[0].data(), size_of(r_[0]));
}

double CellSeries::velocity_sq() const {
    double total = 0.0;
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty()) continue;
        const std::vector<double>& M = cells_[c].moment;
        const double* D = series_[at(c)].D[0].data();
        for (Index l = 0; l < d_; ++l) {
            total += M[at(width_ * width_ - 1)] * D[l] * D[l];
            for (Index e = 0; e < d_; ++e) total += D[l] * M[at(l * width_ + e)] * D[e];
        }
    }
    return std::max(total, 0.0);
}

double CellSeries::size() const {
    double sum = 0.0;
    for (int c = 0; c < cells_.size(); ++c)
        for (Index l = 0; l < width_ && !cells_[c].empty(); ++l) sum += cells_[c].moment[at(l * width_ + l)];
    return sum;
}

}  // namespace pl
