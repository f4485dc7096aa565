#include "flow/at_rest.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "flow/kernels.hpp"
#include "kernel/index.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

constexpr double kUnit = std::numeric_limits<double>::epsilon();

// (n): rounding of each residual y_i - (1/p) sum_j a_j max(z_ji, 0), by the sizes of its terms.
std::vector<double> noise_of_residuals(const Inputs& in, const Pairs& pairs, const Jets& jets) {
    std::vector<double> terms(at(in.n), 0.0), noise(at(in.n));
    for (int j = 0; j < in.p; ++j) {
        const double a = std::abs(jets.a(0, j)), *w = jets.w(0, j);
        if (in.dense())
            for (int i : pairs.on(j)) terms[at(i)] += a * std::abs(dot(w, in.row(i), in.stride()));
        else
            for (Index l = 0; l < jets.width(j); ++l)
                terms[at(jets.slot_point(j, l))] += a * std::abs(w[l]) * jets.slot_norm(j, l);
    }
    for (int i = 0; i < in.n; ++i)
        noise[at(i)] = residual_noise(in.d, std::abs(in.y[i]), 1.0, terms[at(i)], in.p);
    return noise;
}

bool loss_is_rounding(const Inputs& in, const Jets& jets, const std::vector<double>& noise) {
    const std::vector<double>& r = jets.r(0);
    for (int i = 0; i < in.n; ++i)
        if (std::abs(r[at(i)]) > noise[at(i)]) return false;
    return true;
}

bool velocity_is_rounding(const Inputs& in, const Pairs& pairs, const Jets& jets,
                          const std::vector<double>& noise) {
    for (int j = 0; j < in.p; ++j) {
        const double w = jets.w_norm(1, j), a = std::abs(jets.a(1, j));
        if (jets.still(j) || (w == 0.0 && a == 0.0)) continue;
        double push = 0.0;
        for (int i : pairs.on(j)) push += noise[at(i)] * in.norm(i);
        push *= in.unit() / in.n;
        if (w > push * std::abs(jets.a(0, j)) || a > push * jets.w_norm(0, j)) return false;
    }
    return true;
}

}  // namespace

double shown_sq(const Inputs& in, const Jets& jets) {
    double terms = 0.0;
    for (int j = 0; j < in.p; ++j) terms += std::abs(jets.a(0, j)) * jets.w_norm(0, j);
    const double shown = shown_noise(kUnit, in.largest_label(), in.largest_norm(), terms, in.p);
    return in.n * shown * shown;
}

bool at_rest(const Inputs& in, const Pairs& pairs, const Jets& jets, double t) {
    const double sum_r2 = jets.residual_sq();
    const bool level = loss_stands(in.n, in.p, jets.velocity_sq(), t, sum_r2);
    const bool nothing = sum_r2 <= shown_sq(in, jets);
    if (!level && !nothing) return false;
    const std::vector<double> noise = noise_of_residuals(in, pairs, jets);
    return (level && velocity_is_rounding(in, pairs, jets, noise)) ||
           (nothing && loss_is_rounding(in, jets, noise));
}

}  // namespace pl
