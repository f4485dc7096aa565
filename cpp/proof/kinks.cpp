#include "proof/kinks.hpp"

#include <algorithm>
#include <limits>

namespace pl {
namespace {

// a b == c d exactly. Products so small that their rounding errors may be lost are taken to differ: that
// refuses a proof, never makes one.
bool same_product(double a, double b, double c, double d) {
    const double ab = a * b, cd = c * d;
    const bool zero = (a == 0 || b == 0) && (c == 0 || d == 0);
    if (zero || !(std::abs(ab) > 0x1p-900)) return zero;
    return ab == cd && std::fma(a, b, -ab) == std::fma(c, d, -cd);
}

// The sign of s where x = s u exactly, 0 where there is no such s. `lead` is an index where u is largest.
int parallel(const double* x, const double* u, Index d, Index lead) {
    if (x[lead] == 0) return 0;
    for (Index k = 0; k < d; ++k)
        if (!same_product(x[k], u[lead], u[k], x[lead])) return 0;
    return (x[lead] > 0) == (u[lead] > 0) ? 1 : -1;
}

void add_point(const Enclosure& state, Index i, NeuronKinks& found) {
    const double* x = state.x(i);
    for (Kink& kink : found.kinks) {
        const double* u = state.x(kink.point);
        const Index lead =
            std::max_element(u, u + state.d, [](double s, double t) { return std::abs(s) < std::abs(t); }) -
            u;
        const int sign = parallel(x, u, state.d, lead);
        if (sign == 0) continue;
        if (sign < 0) {
            found.opposite = true;
            continue;
        }
        const double scale = x[lead] / u[lead], r = state.r[at(i)];
        kink.points.push_back(i);
        kink.scales.push_back(scale);
        kink.residual += scale * r;
        kink.off = upward(kink.off + scale * state.r_off[at(i)] +
                          gamma(static_cast<double>(kink.points.size()) + 2) *
                              (std::abs(scale * r) + std::abs(kink.residual)));
        kink.spread = upward(std::hypot(kink.spread, scale));
        return;
    }
    found.kinks.push_back({i, {i}, {1.0}, state.r[at(i)], state.r_off[at(i)], 1.0});
}

NeuronKinks kinks_of(const Enclosure& state, Index j, double share, bool known) {
    NeuronKinks found;
    found.gap = std::numeric_limits<double>::infinity();
    const double* w = state.problem.W + j * state.d;
    const bool zero = std::all_of(w, w + state.d, [](double value) { return value == 0; });
    double off_sq = 0;
    for (Index i = 0; i < state.n; ++i) {
        const double z = state.z(j, i), scale = state.w_norm[at(j)] * state.x_norm[at(i)];
        if (zero || std::abs(z) <= share * scale || (known && state.known_kink(j, i))) {
            add_point(state, i, found);
            const double most = zero ? 0 : std::abs(z) + state.z_off(j, i);
            off_sq += most * most;
            continue;
        }
        if (z > 0) found.on.push_back(i);
        found.gap = std::min(found.gap, state.distance(j, i));
    }
    found.off_kink = upward(std::sqrt(off_sq * (1 + gamma(static_cast<double>(state.n)))));
    if (zero)
        found.kind = Kind::kZero;
    else if (found.kinks.empty())
        found.kind = found.on.empty() ? Kind::kDead : Kind::kMoves;
    else
        found.kind = found.on.empty() ? Kind::kRests : Kind::kSlides;
    return found;
}

}  // namespace

std::vector<NeuronKinks> find_kinks(const Enclosure& state, double share, bool known) {
    std::vector<NeuronKinks> found;
    found.reserve(at(state.p));
    for (Index j = 0; j < state.p; ++j) found.push_back(kinks_of(state, j, share, known));
    return found;
}

}  // namespace pl
