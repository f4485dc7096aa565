#include "stabilised/rkc.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

constexpr double kDamping = 2.0 / 13.0;

// Chebyshev polynomial T_j and its first three derivatives at x, j = 0 .. s.
struct Chebyshev {
    std::vector<double> t, d1, d2, d3;

    Chebyshev(int s, double x) : t{1.0, x}, d1{0.0, 1.0}, d2{0.0, 0.0}, d3{0.0, 0.0} {
        for (Index j = 2; j <= s; ++j) {
            t.push_back(2.0 * x * t[at(j - 1)] - t[at(j - 2)]);
            d1.push_back(2.0 * (t[at(j - 1)] + x * d1[at(j - 1)]) - d1[at(j - 2)]);
            d2.push_back(2.0 * (2.0 * d1[at(j - 1)] + x * d2[at(j - 1)]) - d2[at(j - 2)]);
            d3.push_back(2.0 * (3.0 * d2[at(j - 1)] + x * d3[at(j - 1)]) - d3[at(j - 2)]);
        }
    }
};

double shift(int stages) {
    return 1.0 + kDamping / (static_cast<double>(stages) * stages);
}

}  // namespace

double stability_interval(int stages) {
    const double w0 = shift(stages);
    const Chebyshev c(stages, w0);
    return (w0 + 1.0) * c.d2.back() / c.d1.back();
}

int stages_for(double h_rho) {
    const double guess = std::sqrt(1.0 + std::max(h_rho, 0.0) / 0.66);
    if (!(guess <= kMostStages)) return kMostStages + 1;
    int stages = std::max(2, static_cast<int>(guess));
    while (stages <= kMostStages && stability_interval(stages) < h_rho) ++stages;
    return stages;
}

// With w0 = 1 + eps/s^2, w1 = T_s'(w0) / T_s''(w0), b_j = T_j''(w0) / T_j'(w0)^2, a_j = 1 - b_j T_j(w0), the
// stability polynomial is a_s + b_s T_s(w0 + w1 z).
void Rkc::coefficients(int stages) {
    if (stages == stages_) return;
    stages_ = stages;
    const double w0 = shift(stages);
    const Chebyshev c(stages, w0);
    const double w1 = c.d1.back() / c.d2.back();
    std::vector<double> b(c.t.size());
    for (Index j = 2; j < size_of(b); ++j) b[at(j)] = c.d2[at(j)] / (c.d1[at(j)] * c.d1[at(j)]);
    b[0] = b[1] = b[2];
    first_ = b[1] * w1;
    stage_.clear();
    for (Index j = 2; j < size_of(b); ++j) {
        const double ratio = 2.0 * b[at(j)] / b[at(j - 1)], a = 1.0 - b[at(j - 1)] * c.t[at(j - 1)];
        stage_.push_back({ratio * w0, -b[at(j)] / b[at(j - 2)], ratio * w1, -a * ratio * w1});
    }
    const double third = b.back() * w1 * w1 * w1 * c.d3.back() / 6.0;  // P_s = 1 + z + z^2/2 + third z^3 + ..
    missing_ = (1.0 / 6.0 - third) / (0.2 - 0.8 * third);
}

bool Rkc::step(const Field& field, const double* y, const double* f0, Index size, double h, int stages,
               const Restore& restore, double stretch) {
    coefficients(stages);
    for (auto* v : {&y1_, &f1_, &error_, &before_, &next_}) v->resize(at(size));
    std::copy(y, y + size, before_.begin());
    for (Index l = 0; l < size; ++l) y1_[at(l)] = y[l] + first_ * h * f0[l];
    for (const Stage& stage : stage_) {
        if (!field(y1_.data(), f1_.data())) return false;
        const double mu_f = stage.mu_f * h, gamma_f = stage.gamma_f * h;
        // as differences to y: rounding is then that of the increments, not of s^2 terms of the size of y
        for (Index l = 0; l < size; ++l) {
            next_[at(l)] = y[l] + (stage.mu * (y1_[at(l)] - y[l]) + stage.nu * (before_[at(l)] - y[l]) +
                                   mu_f * f1_[at(l)] + gamma_f * f0[l]);
        }
        before_.swap(y1_);
        y1_.swap(next_);
    }
    for (Index l = 0; l < size && stretch != 0.0; ++l) y1_[at(l)] += stretch * (y1_[at(l)] - y[l]);
    if (restore) restore(y1_.data());
    if (!field(y1_.data(), f1_.data())) return false;
    double along = 0.0, way = 0.0;
    for (Index l = 0; l < size; ++l) {
        const double moved = y1_[at(l)] - y[l];
        error_[at(l)] = 0.8 * (y[l] - y1_[at(l)]) + 0.4 * h * (f0[l] + f1_[at(l)]);
        along += error_[at(l)] * moved;
        way += moved * moved;
    }
    lag_ = missing_ * (along / way + 0.8 * stretch);  // the estimate without the stretch
    return true;
}

}  // namespace pl
