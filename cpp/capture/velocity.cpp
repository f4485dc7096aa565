#include "capture/velocity.hpp"

#include <cmath>
#include <limits>

#include "capture/rest.hpp"
#include "kernel/inner.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/basis.hpp"

namespace pl {
namespace {

constexpr double kUnit = 4.0 * std::numeric_limits<double>::epsilon();  // rounding of a sum, of its terms

// The pairs of neuron j with z_ji = 0, those at rest and others, as the rule has them now; what acts of them
// is added to its drive, which is known to `noise`. A neuron at w_j = 0 stays there.
std::vector<PairAtKink> select(DenseState& state, InputRows inputs, Index j, double noise, double* g) {
    if (norm_sq(state.w_of(j), state.d) == 0.0) return {};
    const double *z = state.z_of(j), sign = state.a.data()[j] < 0.0 ? -1.0 : 1.0;
    std::vector<Touched>& resting = state.touched[at(j)];
    AtRest rest;
    const auto add = [&](Index i, Mode mode) {
        rest.add(static_cast<int>(i), inputs.row(static_cast<int>(i)), sign * state.r[at(i)], mode);
    };
    std::vector<unsigned char> known(state.r.size());
    for (const Touched& pair : resting) {
        add(pair.point, Mode::kSlide);
        known[at(pair.point)] = 1;
    }
    for (Index i = 0; i < state.n(); ++i)
        if (z[i] == 0.0 && known[at(i)] == 0) add(i, Mode::kOff);
    std::vector<PairAtKink> kinks;
    if (rest.points.empty()) return kinks;
    for (Index k = 0; k < state.d; ++k) rest.v.push_back(sign * g[k]);
    rest.settle(noise);
    for (Index k = 0; k < state.d; ++k) g[k] = sign * rest.v[at(k)];
    for (Index l = 0; l < size_of(rest.points); ++l) {
        const KinkPoint& k = rest.points[at(l)];
        const double share = rest.share[at(l)];
        kinks.push_back({static_cast<int>(j), k.point, k.mode, share});
        if (l < size_of(resting)) resting[at(l)].last = share;
    }
    return kinks;
}

}  // namespace

Velocity selected_velocity(DenseState& state, const CaptureInputs& inputs, double* G, int threads) {
    const Index p = state.p();
    const double n = static_cast<double>(state.n());
    double size = 0;
    for (Index i = 0; i < state.n(); ++i) size += std::abs(state.r[at(i)]) * inputs.norms()[at(i)];
    std::vector<std::vector<PairAtKink>> found(at(p));
    parallel_for(p, threads, [&](Index j) {
        found[at(j)] = select(state, inputs.rows(), j, kUnit * size, G + j * state.stride);
    });
    Velocity velocity;
    for (Index j = 0; j < p; ++j) {
        for (const PairAtKink& pair : found[at(j)]) {
            velocity.kinks.push_back(pair);
            velocity.on_at_kinks += pair.mode == Mode::kOn ? 1 : 0;
        }
        const double *w = state.w_of(j), *g = G + j * state.stride;
        const double speed = state.a.data()[j] / n, rate = inner(w, g, state.d) / n;
        velocity.rate.push_back(rate);
        velocity.sq += speed * speed * norm_sq(g, state.d) + rate * rate;
    }
    return velocity;
}

NeuronMotion motion_of(const Velocity& velocity, const DenseState& state, const double* G) {
    NeuronMotion motion;
    for (Index j = 0; j < state.p(); ++j) {
        const double *w = state.w_of(j), *g = G + j * state.stride, a = state.a.data()[j];
        double speed_sq = 0, growth = 0;
        for (Index k = 0; k < state.d; ++k) {
            const double v = a / static_cast<double>(state.n()) * g[k];
            speed_sq += v * v;
            growth += w[k] * v;
        }
        const double rate = velocity.rate[at(j)];
        motion.speed_sq.push_back(speed_sq + rate * rate);
        motion.growth.push_back(growth + a * rate);
    }
    return motion;
}

void hold(DenseState& state, const CaptureInputs& inputs, Index j, double* g) {
    KinkBasis basis(static_cast<int>(state.d));
    std::vector<Touched>& resting = state.touched[at(j)];
    for (const Touched& pair : resting) basis.add(pair.point, inputs.rows().row(pair.point));
    std::vector<double> coeff(at(basis.size())), phi(coeff.size());
    basis.project(g, coeff.data());
    basis.multipliers(coeff.data(), phi.data());
    for (Touched& pair : resting) {
        const int slot = basis.find(pair.point);
        const double r = state.r[at(pair.point)];
        pair.last = slot < 0 || r == 0.0 ? 0.0 : phi[at(slot)] / r;
    }
}

}  // namespace pl
