#include "capture/velocity.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "capture/rest.hpp"
#include "kernel/inner.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/basis.hpp"

namespace pl {
namespace {

constexpr double kUnit = 4.0 * std::numeric_limits<double>::epsilon();  // rounding of a sum, of its terms

double sign_of(const DenseState& state, Index j) {
    return state.a.data()[j] < 0.0 ? -1.0 : 1.0;
}

constexpr Index kChunk = 4;  // neurons handed to a thread at a time

// Of neighbouring neurons.
struct AtKinks {
    std::vector<PairAtKink> there, near;
};

void append(const std::vector<PairAtKink>& some, std::vector<PairAtKink>& all) {
    all.insert(all.end(), some.begin(), some.end());
}

// What neuron j is at its kinks, with all points of their lines of inputs, as the flow has them; empty where
// each is alone. Steps follow each of these pairs by itself.
AtRest on_whole_lines(const DenseState& state, const CaptureInputs& inputs, Index j, const AtRest& rest) {
    AtRest whole;
    const ParallelInputs& lines = inputs.parallel();
    if (!lines.any()) return whole;
    std::vector<Mode> mode(state.r.size(), Mode::kOff);
    std::vector<unsigned char> taken(state.r.size());
    const auto just_on = [&](int i) { return state.z_of(j)[i] == std::numeric_limits<double>::min(); };
    const auto left = [&](const std::vector<int>& line) {
        return std::any_of(line.begin(), line.end(), just_on);
    };
    for (const KinkPoint& k : rest.points) {
        const std::vector<int>& line = lines.members(k.point);
        mode[at(k.point)] = k.mode;
        taken[at(k.point)] = 1;
        for (const int i : line) taken[at(i)] = left(line) ? taken[at(i)] : 1;
    }
    whole.v = rest.v;
    for (int i = 0; i < static_cast<int>(state.n()); ++i) {
        if (taken[at(i)] == 0) continue;
        const double *x = inputs.rows().row(i), e = sign_of(state, j) * state.r[at(i)];
        whole.add(i, x, e, mode[at(i)], lines.line(i), lines.ratio(i));
        for (Index k = 0; state.on(j, i) && k < state.d; ++k) whole.v[at(k)] -= e * x[k];
    }
    const auto alone = [&](const KinkPoint& k) { return lines.members(k.point).size() < 2; };
    if (std::all_of(whole.points.begin(), whole.points.end(), alone)) whole.points.clear();
    return whole;
}

// The pairs of neuron j with z_ji = 0, those at rest and others, as the rule has them now; what acts of them
// is added to its drive, which is known to `noise`. A neuron at w_j = 0 stays there.
std::vector<PairAtKink> select(DenseState& state, const CaptureInputs& inputs, Index j, double noise,
                               double* g) {
    if (norm_sq(state.w_of(j), state.d) == 0.0) return {};
    const double *z = state.z_of(j), sign = sign_of(state, j);
    std::vector<Touched>& resting = state.touched[at(j)];
    if (resting.empty() && std::find(z, z + state.n(), 0.0) == z + state.n()) return {};
    AtRest rest;
    const auto add = [&](Index i, Mode mode) {
        rest.add(static_cast<int>(i), inputs.rows().row(static_cast<int>(i)), sign * state.r[at(i)], mode);
    };
    std::vector<unsigned char> known(state.r.size());
    for (const Touched& pair : resting) {
        add(pair.point, Mode::kSlide);
        known[at(pair.point)] = 1;
    }
    for (Index i = 0; i < state.n(); ++i)
        if (z[i] == 0.0 && known[at(i)] == 0 && inputs.norms()[at(i)] > 0.0) add(i, Mode::kOff);
    for (Index k = 0; k < state.d; ++k) rest.v.push_back(sign * g[k]);
    std::vector<PairAtKink> kinks;
    AtRest whole = on_whole_lines(state, inputs, j, rest);
    if (!whole.points.empty()) rest = std::move(whole);
    rest.settle(noise);
    for (Index k = 0; k < state.d; ++k) g[k] = sign * rest.v[at(k)];
    for (Index l = 0; l < size_of(rest.points); ++l) {
        const KinkPoint& k = rest.points[at(l)];
        kinks.push_back({static_cast<int>(j), k.point, k.mode, rest.share[at(l)]});
    }
    rest.one_of_each_line();
    for (Touched& pair : resting)
        for (Index l = 0; l < size_of(rest.points); ++l)
            if (rest.points[at(l)].point == pair.point) pair.last = rest.share[at(l)];
    return kinks;
}

}  // namespace

Velocity selected_velocity(DenseState& state, const CaptureInputs& inputs, double* G, int threads) {
    const Index p = state.p();
    const double n = static_cast<double>(state.n());
    double size = 0;
    for (Index i = 0; i < state.n(); ++i) size += std::abs(state.r[at(i)]) * inputs.norms()[at(i)];
    std::vector<AtKinks> found(at((p + kChunk - 1) / kChunk));
    parallel_for(size_of(found), threads, [&](Index chunk) {
        AtKinks& kinks = found[at(chunk)];
        for (Index j = chunk * kChunk; j < std::min((chunk + 1) * kChunk, p); ++j) {
            append(select(state, inputs, j, kUnit * size, G + j * state.stride), kinks.there);
            state.within_rounding(j, inputs.norms(), kinks.near);
        }
    });
    Velocity velocity;
    for (const AtKinks& kinks : found) {
        append(kinks.there, velocity.kinks);
        append(kinks.near, velocity.near);
    }
    for (const PairAtKink& pair : velocity.kinks)
        velocity.on_at_kinks +=
            ((pair.mode == Mode::kOn ? 1 : 0) - (state.on(pair.neuron, pair.point) ? 1 : 0)) *
            inputs.copies().count(pair.point);
    velocity.rate.reserve(at(p));
    for (Index j = 0; j < p; ++j) {
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

// Pairs whose push is far too small for what it would take, as where their residual passes 0, are not held:
// they act with their whole share, or none.
void hold(DenseState& state, const CaptureInputs& inputs, Index j, double* g) {
    constexpr double kMost = 1e3;  // whole shares
    std::vector<Touched>& resting = state.touched[at(j)];
    std::vector<Touched*> held;
    // what repels and is off is not held: an outer weight may just have changed its sign
    const auto off = [&](const Touched& pair) {
        return pair.last == 0.0 && state.a.data()[j] * state.r[at(pair.point)] > 0.0;
    };
    for (Touched& pair : resting)
        if (!off(pair)) held.push_back(&pair);
    const std::vector<double> given(g, g + state.stride);
    for (bool all = false; !all;) {
        KinkBasis basis(static_cast<int>(state.d));
        for (const Touched* pair : held) basis.add(pair->point, inputs.rows().row(pair->point));
        std::vector<double> coeff(at(basis.size())), phi(coeff.size());
        basis.project(g, coeff.data());
        basis.multipliers(coeff.data(), phi.data());
        for (Touched* pair : held) {
            const int slot = basis.find(pair->point);
            const double r = state.r[at(pair->point)];
            pair->last = slot < 0 || r == 0.0 ? 0.0 : phi[at(slot)] / r;
        }
        const auto beyond = [](const Touched* pair) { return !(std::abs(pair->last) <= kMost); };
        const auto rest = std::partition(held.begin(), held.end(), std::not_fn(beyond));
        all = rest == held.end();
        if (all) break;
        for (auto pair = rest; pair != held.end(); ++pair) (*pair)->last = (*pair)->last > 0.0 ? 1.0 : 0.0;
        held.erase(rest, held.end());
        std::copy(given.begin(), given.end(), g);
        for (const Touched& pair : resting) {
            const bool acts = pair.last == 1.0 && std::find(held.begin(), held.end(), &pair) == held.end();
            const double* x = inputs.rows().row(pair.point);
            for (Index k = 0; acts && k < state.d; ++k) g[k] += state.r[at(pair.point)] * x[k];
        }
    }
}

}  // namespace pl
