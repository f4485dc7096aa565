#include "flow/at_rest.hpp"

#include <cmath>
#include <limits>

#include "kernel/index.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

constexpr double kFallen = 1e-16;  // of the loss, over the time of the run
constexpr double kUnit = std::numeric_limits<double>::epsilon();

double noise_of(const Inputs& in, double r, int i) {
    return point_noise(in.d, in.y[i], r);
}

bool loss_is_rounding(const Inputs& in, const Jets& jets) {
    const std::vector<double>& r = jets.r(0);
    if (jets.residual_sq() > shown_sq(in, jets)) return false;
    for (int i = 0; i < in.n; ++i)
        if (std::abs(r[at(i)]) > noise_of(in, r[at(i)], i)) return false;
    return true;
}

bool velocity_is_rounding(const Inputs& in, const Pairs& pairs, const Jets& jets) {
    const std::vector<double>& r = jets.r(0);
    for (int j = 0; j < in.p; ++j) {
        const double w = jets.w_norm(1, j), a = std::abs(jets.a(1, j));
        if (w == 0.0 && a == 0.0) continue;
        double noise = 0.0;
        for (int i : pairs.on(j)) noise += noise_of(in, r[at(i)], i) * in.norm(i);
        noise *= in.unit() / in.n;
        if (w > noise * std::abs(jets.a(0, j)) || a > noise * jets.w_norm(0, j)) return false;
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
    const double fall = in.n * jets.velocity_sq() * t, loss = in.p * jets.residual_sq() / 2;  // times n p
    if (fall <= kFallen * loss && velocity_is_rounding(in, pairs, jets)) return true;
    return loss_is_rounding(in, jets);
}

}  // namespace pl
