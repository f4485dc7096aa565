#include "proof/sliding.hpp"

#include <algorithm>
#include <limits>

#include "proof/elimination.hpp"

namespace pl {
namespace {

constexpr double kFirm =
    1e-6;  // of a multiplier, from the ends of [0, 1]: nearer ones are not told from degenerate

std::vector<Index> points_of(const NeuronKinks& neuron) {
    std::vector<Index> points;
    points.reserve(neuron.kinks.size());
    for (const Kink& kink : neuron.kinks) points.push_back(kink.point);
    return points;
}

// v0 = sum over S of r_i x_i, and how far it may be off in norm.
struct Drive {
    std::vector<double> v;
    double off = 0, norm = 0;
};

Drive drive_of(const Enclosure& state, const std::vector<Index>& on) {
    Drive found{std::vector<double>(at(state.d), 0.0)};
    double sizes = 0, offs = 0, square = 0;
    for (Index i : on) {
        const double* x = state.x(i);
        for (Index k = 0; k < state.d; ++k) found.v[at(k)] += state.r[at(i)] * x[k];
        sizes += std::abs(state.r[at(i)]) * state.x_norm[at(i)];
        offs += state.r_off[at(i)] * state.x_norm[at(i)];
    }
    const double terms = static_cast<double>(on.size()) + 2;
    found.off = upward((gamma(terms) * sizes + offs) * (1 + gamma(terms)));
    for (double value : found.v) square += value * value;
    found.norm = upward(std::sqrt(square * (1 + gamma(static_cast<double>(state.d)))) + found.off);
    return found;
}

// q = -(X_T X_T^T)^{-1} X_T v0, and how far it may be off in norm.
std::vector<double> multipliers(const Enclosure& state, const std::vector<Index>& points, const Drive& drive,
                                const GramInverse& gram, double& off) {
    const Index t = static_cast<Index>(points.size());
    std::vector<double> s(at(t)), q(at(t), 0.0);
    double s_off_sq = 0, s_sq = 0;
    for (Index k = 0; k < t; ++k) {
        const double* x = state.x(points[at(k)]);
        for (Index l = 0; l < state.d; ++l) s[at(k)] += x[l] * drive.v[at(l)];
        const double off_k =
            state.x_norm[at(points[at(k)])] * (drive.off + gamma(static_cast<double>(state.d)) * drive.norm);
        s_off_sq += off_k * off_k;
        s_sq += s[at(k)] * s[at(k)];
    }
    for (Index k = 0; k < t; ++k)
        for (Index l = 0; l < t; ++l) q[at(k)] -= gram.inverse(k, l) * s[at(l)];
    const double inverse = upward(gram.spread()), tt = static_cast<double>(t);
    off = upward(inverse * std::sqrt(s_off_sq) +
                 (inverse * gram.defect + gamma(tt + 1) * gram.norm) * std::sqrt(s_sq * (1 + gamma(tt))));
    return q;
}

// norm of row k of G = (X_T X_T^T)^{-1} X_T X_S^T, from above: how much q_k moves with the residual.
double sensitivity(const Enclosure& state, const std::vector<Index>& points, const std::vector<Index>& on,
                   const GramInverse& gram, Index k) {
    const Index t = static_cast<Index>(points.size());
    std::vector<double> u(at(state.d), 0.0);
    double T_sq = 0, S_sq = 0, square = 0;
    for (Index l = 0; l < t; ++l) {
        const double* x = state.x(points[at(l)]);
        for (Index m = 0; m < state.d; ++m) u[at(m)] += gram.inverse(k, l) * x[m];
        T_sq += state.x_norm[at(points[at(l)])] * state.x_norm[at(points[at(l)])];
    }
    for (Index i : on) {
        const double* x = state.x(i);
        double product = 0;
        for (Index m = 0; m < state.d; ++m) product += u[at(m)] * x[m];
        square += product * product;
        S_sq += state.x_norm[at(i)] * state.x_norm[at(i)];
    }
    const double terms = static_cast<double>(t + state.d) + 4,
                 many = 1 + gamma(static_cast<double>(on.size()) + 2);
    const double off = (upward(gram.spread()) * gram.defect + gamma(terms) * gram.norm) *
                       std::sqrt(T_sq * S_sq * many * many);
    return upward(std::sqrt(square * many) + off);
}

// v + sum q_i x_i: for any q at least what is left of v outside the span of those inputs. From above.
double left_of(const Enclosure& state, const std::vector<Index>& points, const Drive& drive) {
    std::vector<double> v = drive.v;
    double sizes = drive.norm;
    const GramInverse gram = points.empty() ? GramInverse() : invert_gram(state, points);
    for (int pass = 0; pass < 2 && !points.empty(); ++pass) {
        double off = 0;
        const std::vector<double> q = multipliers(state, points, {v, 0, 0}, gram, off);
        for (std::size_t k = 0; k < points.size(); ++k) {
            const double* x = state.x(points[k]);
            for (Index l = 0; l < state.d; ++l) v[at(l)] += q[k] * x[l];
            sizes += std::abs(q[k]) * state.x_norm[at(points[k])];
        }
    }
    double square = 0;
    for (double value : v) square += value * value;
    const double terms = 2 * static_cast<double>(points.size()) + 2;
    return upward(std::sqrt(square * (1 + gamma(static_cast<double>(state.d)))) + drive.off +
                  gamma(terms) * sizes);
}

// Whichever its inputs do one by one: on either side of the kink all of them are on, or off, and at it none
// acts on z.
bool attracts(double a, const Kink& kink) {
    return a * kink.residual < 0 && std::abs(kink.residual) > kink.off;
}

Hold refused(const char* reason) {
    Hold hold;
    hold.reason = reason;
    return hold;
}

}  // namespace

Hold hold_sliding(const Enclosure& state, Index j, const NeuronKinks& neuron) {
    if (neuron.opposite) return refused("opposite inputs at the kinks of one neuron");
    const std::vector<Index> points = points_of(neuron);
    const GramInverse gram = invert_gram(state, points);
    if (!gram.sound) return refused("dependent inputs at the kinks of one neuron");
    Hold hold;
    hold.points = points;
    hold.least = gram.least;
    hold.allowed = std::numeric_limits<double>::infinity();
    double q_off = 0, margin = std::numeric_limits<double>::infinity();
    const Drive drive = drive_of(state, neuron.on);
    const std::vector<double> q = multipliers(state, points, drive, gram, q_off);
    for (Index k = 0; k < static_cast<Index>(points.size()); ++k) {
        const Kink& kink = neuron.kinks[at(k)];
        if (!attracts(state.a(j), kink)) return refused("a repelling kink");
        const double r = kink.residual, toward = r > 0 ? 1 : -1;
        const double to_off = toward * q[at(k)] - q_off, to_on = toward * (r - q[at(k)]) - q_off - kink.off;
        const double left = downward(std::min(to_off, to_on));
        if (!(left > kFirm * std::abs(r))) return refused("a multiplier at the end of [0, 1]");
        margin = std::min(margin, left);
        const double moves = kink.spread + sensitivity(state, points, neuron.on, gram, k);
        hold.allowed = std::min({hold.allowed, left / upward(moves), (std::abs(r) - kink.off) / kink.spread});
    }
    // kappa_j, halved: what a and r may change meanwhile is checked by the caller
    const double kappa = downward(std::abs(state.a(j)) / static_cast<double>(state.n) * margin / 2);
    hold.time = upward(neuron.off_kink / (kappa * gram.least));  // norm(w_T) <= norm(z_T) / sigma_min
    hold.apart = upward(neuron.off_kink / std::sqrt(gram.least));
    hold.allowed = downward(hold.allowed);
    hold.sound = std::isfinite(hold.time);
    if (!hold.sound) hold.reason = "a kink that is never reached";
    return hold;
}

double slow_speed(const Enclosure& state, Index j, const std::vector<Index>& on,
                  const std::vector<Index>& points) {
    const double n = static_cast<double>(state.n);
    double growth = 0, off = 0;  // n a_j'
    for (Index i = 0; i < state.n; ++i) {
        const double z = std::max(state.z(j, i), 0.0), r = state.r[at(i)], z_most = z + state.z_off(j, i);
        growth += r * z;
        if (z_most > 0)
            off += state.r_off[at(i)] * z_most + std::abs(r) * (state.z_off(j, i) + gamma(n + 2) * z);
    }
    const double a_speed = std::abs(growth) + off * (1 + gamma(n));
    const double w_speed = std::abs(state.a(j)) * left_of(state, points, drive_of(state, on));
    return upward(std::hypot(a_speed, w_speed) / n);
}

Hold hold_resting(const Enclosure& state, Index j, const NeuronKinks& neuron) {
    Hold hold;
    hold.allowed = std::numeric_limits<double>::infinity();
    for (const Kink& kink : neuron.kinks) {
        if (!attracts(state.a(j), kink)) {
            hold.reason = neuron.kind == Kind::kZero ? "a neuron at 0 that may leave" : "a repelling kink";
            return hold;
        }
        hold.allowed = std::min(hold.allowed, downward((std::abs(kink.residual) - kink.off) / kink.spread));
    }
    hold.points = points_of(neuron);
    hold.sound = true;
    if (neuron.kind == Kind::kZero) return hold;  // exactly at every kink
    if (neuron.opposite) return refused("opposite inputs at the kinks of a neuron at rest");
    const GramInverse gram = invert_gram(state, hold.points);
    if (!gram.sound) return refused("dependent inputs at the kinks of a neuron at rest");
    hold.moved = upward(neuron.off_kink / std::sqrt(gram.least));
    hold.sound = hold.moved < neuron.gap;
    if (!hold.sound) hold.reason = "a neuron at rest whose other pairs are too near";
    return hold;
}

}  // namespace pl
