// The jets' field at states other than the present one, and the cubic between the present state and another.
#include <cmath>

#include "flow/jets.hpp"
#include "flow/kernels.hpp"

namespace pl {

void Jets::pack(int k, double* y) const {
    std::copy(w_[at(k)].begin(), w_[at(k)].end(), y);
    std::copy(a_[at(k)].begin(), a_[at(k)].end(), y + offset_.back());
}

double Jets::part_sq(const double* y, int j) const {
    const std::size_t from = offset_[at(j)];
    const double a = y[offset_.back() + at(j)];
    return dot(y + from, y + from, width(j)) + a * a;
}

double Jets::norm(int k) const {
    double sum = 0.0;
    for (int j = 0; j < in_.p; ++j) sum += w_norm(k, j) * w_norm(k, j) + a(k, j) * a(k, j);
    return std::sqrt(sum);
}

void Jets::velocity(const double* y, double* f) {
    ++evaluations_;
    const double* a = y + offset_.back();
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        for (std::size_t l = offset_[j]; l < offset_[j + 1]; ++l) q_[l] = a[j] * y[l];
    }
    residual(q_, true, trial_r_);
    const double scale = 1.0 / in_.n;
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        const std::size_t from = offset_[j], width = offset_[j + 1] - from;
        gradient_of(static_cast<int>(j), trial_r_, trial_s_.data() + from);
        double* g = f + from;
        std::copy(trial_s_.data() + from, trial_s_.data() + from + width, g);
        const KinkBasis& slide = pairs_.slide[j];
        trial_mu_[j].resize(at(slide.size()));
        if (slide.size() > 0) {
            slide.project(g, coeff_.data());
            slide.multipliers(coeff_.data(), trial_mu_[j].data());
        }
        f[offset_.back() + j] = scale * dot(y + from, g, width);
        for (std::size_t l = 0; l < width; ++l) g[l] *= scale * a[j];
    }
}

void Jets::restore(double* y) {
    std::copy(y, y + offset_.back(), trial_w_.begin());
    std::copy(y + offset_.back(), y + size(), trial_a_.begin());
    for (std::size_t j = 0; j < at(in_.p); ++j) restore_trial(j);
    std::copy(trial_w_.begin(), trial_w_.end(), y);
    std::copy(trial_a_.begin(), trial_a_.end(), y + offset_.back());
}

// Hermite: value and derivative at both ends for the state; for residuals and multipliers value at both ends
// and, if known (order 2 was reached), derivative at the start.
double Jets::propose(const std::vector<double>& y1, const std::vector<double>& f1, double h) {
    const bool slopes = order_ >= 2;
    const std::size_t end = offset_.back();
    const auto cubic = [h](double v, double dv, double v1, double dv1, double& c2, double& c3) {
        const double chord = (v1 - v) / h;
        c2 = (3.0 * chord - 2.0 * dv - dv1) / h;
        c3 = (dv + dv1 - 2.0 * chord) / (h * h);
    };
    for (std::size_t l = 0; l < end; ++l) cubic(w_[0][l], w_[1][l], y1[l], f1[l], w_[2][l], w_[3][l]);
    std::copy(y1.begin(), y1.begin() + static_cast<std::ptrdiff_t>(end), trial_w_.begin());
    const auto quadratic = [h, slopes](double c0, double& c1, double& c2, double value) {
        const double chord = (value - c0) / h;
        if (!slopes) c1 = chord;
        c2 = (chord - c1) / h;
    };
    for (std::size_t j = 0; j < at(in_.p); ++j) {
        cubic(a_[0][j], a_[1][j], y1[end + j], f1[end + j], a_[2][j], a_[3][j]);
        trial_a_[j] = y1[end + j];
        for (std::size_t k = 2; k <= 3; ++k) {
            const double* c = w_[k].data() + offset_[j];
            norms_[k][j] = std::sqrt(dot(c, c, offset_[j + 1] - offset_[j]));
        }
        for (std::size_t k = 1; k <= 2; ++k) mu_[k][j].resize(trial_mu_[j].size());
        for (std::size_t m = 0; m < trial_mu_[j].size(); ++m)
            quadratic(mu_[0][j][m], mu_[1][j][m], mu_[2][j][m], trial_mu_[j][m]);
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < at(in_.n); ++i) {
        quadratic(r_[0][i], r_[1][i], r_[2][i], trial_r_[i]);
        sum += trial_r_[i] * trial_r_[i];
    }
    order_ = 3;
    return sum;
}

void Jets::accept_proposed() {
    accept();
    s_[0].swap(trial_s_);
}

}  // namespace pl
