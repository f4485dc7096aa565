// The jets' field at states other than the present one, and the cubic between the present state and another.
#include <cmath>

#include "flow/jets.hpp"
#include "flow/kernels.hpp"

namespace pl {

void Jets::pack(int k, double* y) const {
    std::copy_n(w_[at(k)].data(), layout_.size(), y);
    std::copy(a_[at(k)].begin(), a_[at(k)].end(), y + layout_.size());
    for (Index l = 0; l < size() && k == 1; ++l) y[l] /= in_.unit();
}

double Jets::part_sq(const double* y, int j) const {
    const Index from = layout_.from(j);
    const double a = y[layout_.size() + j];
    return dot(y + from, y + from, width(j)) + a * a;
}

double Jets::norm(int k) const {
    double sum = 0.0;
    for (int j = 0; j < in_.p; ++j) sum += w_norm(k, j) * w_norm(k, j) + a(k, j) * a(k, j);
    return std::sqrt(sum);
}

bool Jets::velocity(const double* y, double* f) {
    ++evaluations_;
    const double* a = y + layout_.size();
    const auto products = [&](Index from, Index to) { multiply_out(a, y, from, to); };
    if (!over_neurons(1.0, true, products) || !residual(q_.data(), in_.y, true, trial_r_)) return false;
    return over_neurons(2.0 * in_.n, true, [&](Index begin, Index end) {
        std::vector<double> scratch(at(in_.d));
        for (Index j = begin; j < end; ++j) velocity_of(j, y, f, scratch);
    });
}

void Jets::velocity_of(Index j, const double* y, double* f, std::vector<double>& scratch) {
    const Index from = layout_.from(j), width = layout_.width(j);
    const double scale = 1.0 / in_.n, a = y[layout_.size() + j];
    gradient_of(static_cast<int>(j), trial_r_, trial_s_.data() + from);
    double* g = f + from;
    std::copy(trial_s_.data() + from, trial_s_.data() + from + width, g);
    const KinkBasis& slide = pairs_.slide(static_cast<int>(j));
    trial_mu_[at(j)].resize(at(slide.size()));
    if (slide.size() > 0) {
        slide.project(g, scratch.data());
        slide.multipliers(scratch.data(), trial_mu_[at(j)].data());
    }
    f[layout_.size() + j] = scale * dot(y + from, g, width);
    for (Index l = 0; l < width; ++l) g[l] *= scale * a;
}

void Jets::restore(double* y) {
    std::copy(y, y + layout_.size(), trial_w_.data());
    std::copy(y + layout_.size(), y + size(), trial_a_.begin());
    for (Index j = 0; j < in_.p; ++j) restore_trial(j, coeff_);
    std::copy_n(trial_w_.data(), layout_.size(), y);
    std::copy(trial_a_.begin(), trial_a_.end(), y + layout_.size());
}

// Hermite: value and derivative at both ends for the state; for residuals and multipliers value at both ends
// and, if known (order 2 was reached), derivative at the start.
double Jets::propose(const std::vector<double>& y1, const std::vector<double>& f1, double h) {
    make_room(3);
    const bool slopes = order_ >= 2;
    const Index end = layout_.size();
    const double unit = in_.unit();
    h /= unit;
    const auto cubic = [h, unit](double v, double dv, double v1, double dv1, double& c2, double& c3) {
        dv1 *= unit;
        const double chord = (v1 - v) / h;
        c2 = (3.0 * chord - 2.0 * dv - dv1) / h;
        c3 = (dv + dv1 - 2.0 * chord) / (h * h);
    };
    const double *w = w_[0].data(), *dw = w_[1].data();
    for (Index l = 0; l < end; ++l)
        cubic(w[l], dw[l], y1[at(l)], f1[at(l)], w_[2].data()[l], w_[3].data()[l]);
    std::copy(y1.begin(), y1.begin() + end, trial_w_.data());
    const auto quadratic = [h, slopes](double c0, double& c1, double& c2, double value) {
        const double chord = (value - c0) / h;
        if (!slopes) c1 = chord;
        c2 = (chord - c1) / h;
    };
    for (Index j = 0; j < in_.p; ++j) {
        cubic(a_[0][at(j)], a_[1][at(j)], y1[at(end + j)], f1[at(end + j)], a_[2][at(j)], a_[3][at(j)]);
        trial_a_[at(j)] = y1[at(end + j)];
        for (Index k = 2; k <= 3; ++k) {
            const double* c = w_[at(k)].data() + layout_.from(j);
            norms_[at(k)][at(j)] = std::sqrt(dot(c, c, layout_.width(j)));
        }
        for (Index k = 1; k <= 2; ++k) mu_[at(k)][at(j)].resize(trial_mu_[at(j)].size());
        for (Index m = 0; m < size_of(trial_mu_[at(j)]); ++m)
            quadratic(mu_[0][at(j)][at(m)], mu_[1][at(j)][at(m)], mu_[2][at(j)][at(m)],
                      trial_mu_[at(j)][at(m)]);
    }
    double sum = 0.0;
    for (Index i = 0; i < in_.n; ++i) {
        quadratic(r_[0][at(i)], r_[1][at(i)], r_[2][at(i)], trial_r_[at(i)]);
        sum += trial_r_[at(i)] * trial_r_[at(i)];
    }
    order_ = 3;
    return sum;
}

void Jets::accept_proposed() {
    accept();
    std::swap(s_[0], trial_s_);
}

}  // namespace pl
