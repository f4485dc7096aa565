// Pairs at their kinks in double precision (capture/rest.hpp): the velocity of the state, and the end of a
// step that has to be right beyond what shares in single precision leave.
#include <algorithm>
#include <cmath>
#include <limits>

#include "capture/dense.hpp"
#include "capture/rest.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/at_kinks.hpp"

namespace pl {
namespace {

constexpr double kUnit = 4.0 * std::numeric_limits<double>::epsilon();  // rounding of a sum, of its terms
// Below, local_pl t: a run at rest, where single precision would keep it moving.
constexpr double kStill = 1e-2;
// Of the push of its whole share over a step, how far from its kink a pair may be that was let go by mistake:
// by what single precision knows, and at rest by what the sweeps over shares leave undone (KinkSweeps).
constexpr double kDoubtful = 1e-5, kDoubtfulStill = 2e-2;
// More than d pairs rest at once only where inputs depend on each other; a step that has many more is not a
// good one, and would take long here.
constexpr Index kMostPerInput = 4;
constexpr double kShrunk = 1e-5;  // of norm(w_j) in one step: perhaps to 0

}  // namespace

// The velocity that the inclusion selects: shares of this instant, not of a step.
void DenseCapture::take_velocity() {
    gradient(now_.r.data(), {});
    double size = 0;
    for (Index i = 0; i < n_; ++i) size += std::abs(now_.r[at(i)]) * norms_[at(i)];
    std::vector<std::vector<PairAtKink>> found(at(p_));
    parallel_for(p_, threads_, [&](Index j) { found[at(j)] = select(j, kUnit * size); });
    velocity_sq_ = 0;
    on_at_kinks_ = 0;
    kinks_.clear();
    for (Index j = 0; j < p_; ++j) {
        for (const PairAtKink& pair : found[at(j)]) {
            kinks_.push_back(pair);
            on_at_kinks_ += (pair.mode == Mode::kOn ? 1 : 0) - (on(pair.neuron, pair.point) ? 1 : 0);
        }
        const double *w = now_.W.data() + j * stride_, *g = G_.data() + j * stride_;
        const double speed = now_.a.data()[j] / static_cast<double>(n_);
        rate_[at(j)] = inner(w, g, d_) / static_cast<double>(n_);
        velocity_sq_ += speed * speed * norm_sq(g, d_) + rate_[at(j)] * rate_[at(j)];
    }
}

// The pairs of neuron j with z_ji = 0, those at rest and others, as the rule has them now; what acts of them
// is added to its drive, which is known to `noise`. A neuron at w_j = 0 stays there.
std::vector<PairAtKink> DenseCapture::select(Index j, double noise) {
    double* g = G_.data() + j * stride_;
    const double *w = now_.W.data() + j * stride_, *z = now_.z.data() + j * ldz_;
    if (norm_sq(w, d_) == 0.0) return {};
    const double sign = now_.a.data()[j] < 0.0 ? -1.0 : 1.0;
    AtRest rest;
    const auto add = [&](Index i, Mode mode) {
        rest.add(static_cast<int>(i), inputs_->rows().row(static_cast<int>(i)), sign * now_.r[at(i)], mode);
    };
    std::vector<unsigned char> known(at(n_));
    for (const Touched& pair : now_.touched[at(j)]) {
        add(pair.point, Mode::kSlide);
        known[at(pair.point)] = 1;
    }
    for (Index i = 0; i < n_; ++i)
        if (z[i] == 0.0 && known[at(i)] == 0) add(i, Mode::kOff);
    std::vector<PairAtKink> kinks;
    if (rest.points.empty()) return kinks;
    for (Index k = 0; k < d_; ++k) rest.v.push_back(sign * g[k]);
    AtRest told = on_whole_lines(j, rest);
    rest.settle(noise);
    for (Index k = 0; k < d_; ++k) g[k] = sign * rest.v[at(k)];
    for (Index l = 0; l < size_of(now_.touched[at(j)]); ++l)
        now_.touched[at(j)][at(l)].last = rest.share[at(l)];
    if (told.points.empty())
        told = std::move(rest);
    else
        told.settle(noise);
    for (Index l = 0; l < size_of(told.points); ++l) {
        const KinkPoint& k = told.points[at(l)];
        kinks.push_back({static_cast<int>(j), k.point, k.mode, told.share[at(l)]});
    }
    return kinks;
}

// The same with all points of their lines of inputs, as the flow has them; empty where each is alone. Steps
// follow each of these pairs by itself.
AtRest DenseCapture::on_whole_lines(Index j, const AtRest& rest) const {
    AtRest whole;
    const ParallelInputs& lines = inputs_->parallel();
    if (!lines.any()) return whole;
    const double sign = now_.a.data()[j] < 0.0 ? -1.0 : 1.0;
    std::vector<Mode> mode(at(n_), Mode::kOff);
    std::vector<unsigned char> taken(at(n_));
    for (const KinkPoint& k : rest.points) {
        mode[at(k.point)] = k.mode;
        for (const int i : lines.members(k.point)) taken[at(i)] = 1;
    }
    whole.v = rest.v;
    for (int i = 0; i < static_cast<int>(n_); ++i) {
        if (taken[at(i)] == 0) continue;
        const double *x = inputs_->rows().row(i), e = sign * now_.r[at(i)];
        whole.add(i, x, e, mode[at(i)], lines.line(i), lines.ratio(i));
        for (Index k = 0; on(j, i) && k < d_; ++k) whole.v[at(k)] -= e * x[k];
    }
    const auto alone = [&](const KinkPoint& k) { return lines.members(k.point).size() < 2; };
    if (std::all_of(whole.points.begin(), whole.points.end(), alone)) whole.points.clear();
    return whole;
}

double DenseCapture::velocity_sq() {
    if (velocity_sq_ < 0) take_velocity();
    return velocity_sq_;
}

// The drive of neuron j with all its pairs at rest held, whatever share of their push that takes: the pattern
// that K stands for. A pair that takes more than there is goes in the step.
void DenseCapture::hold(Index j) {
    KinkBasis basis(static_cast<int>(d_));
    std::vector<Touched>& touched = now_.touched[at(j)];
    for (const Touched& pair : touched) basis.add(pair.point, inputs_->rows().row(pair.point));
    std::vector<double> coeff(at(basis.size())), phi(coeff.size());
    basis.project(G_.data() + j * stride_, coeff.data());
    basis.multipliers(coeff.data(), phi.data());
    for (Touched& pair : touched) {
        const int slot = basis.find(pair.point);
        const double r = now_.r[at(pair.point)];
        pair.last = slot < 0 || r == 0.0 ? 0.0 : phi[at(slot)] / r;
    }
}

// K r by the velocity w_j', a_j' of that pattern: of point i (1/p) sum over its pairs on of a_j' z_ji + a_j
// z_ji'.
void DenseCapture::decay(double* out) {
    gradient(now_.r.data(), cut_off());
    parallel_for(p_, threads_, [&](Index j) { hold(j); });
    decaying_.assign(G_.data(), G_.data() + G_.size());
    for (Index j = 0; j < p_; ++j) {  // until the next attempt the trial is scratch
        const double speed = now_.a.data()[j] / static_cast<double>(n_), *g = G_.data() + j * stride_;
        double* to = trial_.W.data() + j * stride_;
        for (Index k = 0; k < stride_; ++k) to[k] = speed * g[k];
    }
    preactivations(trial_.W.data(), trial_.z.data());
    for (Index j = 0; j < p_; ++j) {
        const double a = now_.a.data()[j], *z = now_.z.data() + j * ldz_;
        const double rate =
            inner(now_.W.data() + j * stride_, G_.data() + j * stride_, d_) / static_cast<double>(n_);
        double* moves = trial_.z.data() + j * ldz_;
        for (Index i = 0; i < n_; ++i) moves[i] = rate * z[i] + a * moves[i];
    }
    MaskedSumsArgs<double> sums{p_, blocks_, trial_.z.data(), now_.masks.data(), r_.data()};
    kernel_.masked_sums(sums);
    for (Index i = 0; i < n_; ++i) out[i] = r_.data()[i] / static_cast<double>(p_);
}

// Of the pairs that neuron j has touched those at rest, and those whose z at the end is within `doubtful` of
// the push of their whole share: as they are at the end of the step, under the mean shares found so far.
DenseCapture::EndOfStep DenseCapture::end_of_step(Index j, const double* impulse, double doubtful) const {
    const double factor = middle_[at(j)] / static_cast<double>(n_);
    const double* next = trial_.W.data() + j * stride_;
    EndOfStep end;
    end.size = norm_of(now_.W.data() + j * stride_, d_);
    end.rest.v.assign(next, next + d_);
    const std::vector<Touched>& touched = trial_.touched[at(j)];
    for (Index l = 0; l < size_of(touched); ++l) {
        const Touched& pair = touched[at(l)];
        const double push = factor * impulse[pair.point], norm = norms_[at(pair.point)];
        const double *x = inputs_->rows().row(pair.point), z = inner(next, x, d_);
        end.size += std::abs(push) * norm;
        if (!(push < 0.0) || !(pair.rests || std::abs(z) <= -doubtful * push * norm * norm)) continue;
        end.rest.add(pair.point, x, push, pair.rests ? Mode::kSlide : z > 0.0 ? Mode::kOn : Mode::kOff);
        end.pairs.push_back(l);
        for (Index k = 0; k < d_; ++k) end.rest.v[at(k)] -= pair.share * push * x[k];
    }
    return end;
}

// Takes over the weights, and the mean shares that lead to them.
void DenseCapture::put(Index j, const double* impulse, const EndOfStep& end) {
    std::copy(end.rest.v.begin(), end.rest.v.end(), trial_.W.data() + j * stride_);
    double* g = G_.data() + j * stride_;
    for (Index m = 0; m < size_of(end.pairs); ++m) {
        Touched& pair = trial_.touched[at(j)][at(end.pairs[at(m)])];
        const double share = end.rest.share[at(m)], by = (share - pair.share) * impulse[pair.point];
        const double* x = end.rest.points[at(m)].x;
        for (Index k = 0; k < d_; ++k) g[k] += by * x[k];
        pair.share = share;
    }
}

// The end of the step of neuron j, where the run is at rest, a row is wanted, or the neuron may have come to
// 0: pairs at rest are put on their kinks, and those that are off or on by no more than single precision
// knows are decided again, under mean shares within [0, 1].
bool DenseCapture::come_to_rest(Index j, const double* impulse) {
    std::vector<Touched>& touched = trial_.touched[at(j)];
    const Index resting =
        std::count_if(touched.begin(), touched.end(), [](const Touched& pair) { return pair.rests; });
    double* next = trial_.W.data() + j * stride_;
    const bool shrunk = norm_sq(next, d_) <= kShrunk * kShrunk * norm_sq(now_.W.data() + j * stride_, d_);
    exact_[at(j)] = (closely_ || still_ || resting >= d_ || shrunk) && resting <= kMostPerInput * d_;
    if (exact_[at(j)] == 0 || (stays_[at(j)] != 0 && resting == size_of(touched))) return false;
    EndOfStep end = end_of_step(j, impulse, still_ ? kDoubtfulStill : kDoubtful);
    if (end.pairs.empty() || !end.rest.settle(kUnit * end.size)) return false;
    put(j, impulse, end);
    for (Index m = 0; m < size_of(end.pairs); ++m) {
        Touched& pair = touched[at(end.pairs[at(m)])];
        const KinkPoint& k = end.rest.points[at(m)];
        // held too far off for all of its share to lead it back in this step: the next ones go on
        const double z = inner(next, k.x, d_);
        const bool returns = pair.rests && pair.held && (z - pair.z) * z < 0.0;
        pair.rests = k.mode == Mode::kSlide || returns;
        if (!pair.rests) pair.last = pair.share;
    }
    if (end.rest.held < d_ && norm_of(next, d_) > kUnit * end.size) return true;
    std::fill_n(next, d_, 0.0);
    touched.clear();
    return true;
}

// What is at its kink to rounding without having been put there rests too: a pair that depends on others at
// rest, or one that ends there with its whole share, or none.
void DenseCapture::join(Index j) {
    std::vector<Touched>& touched = trial_.touched[at(j)];
    if (exact_[at(j)] == 0) return;
    const double within = kAtKink * norm_of(trial_.W.data() + j * stride_, d_);
    if (within == 0.0) return;
    const Index resting = size_of(touched);
    for (Index i = 0; i < n_; ++i) {
        double& z = trial_.z.data()[j * ldz_ + i];
        const auto known = touched.begin() + resting;
        if (std::abs(z) > within * norms_[at(i)] || !(middle_[at(j)] * now_.r[at(i)] < 0.0) ||
            std::any_of(touched.begin(), known, [i](const Touched& pair) { return pair.point == i; }))
            continue;
        Touched pair;
        pair.point = static_cast<int>(i);
        pair.rests = true;
        pair.z = z;
        pair.share = pair.last =
            static_cast<double>(now_.masks.data()[i / kBlockPoints * p_ + j] >> (i % kBlockPoints) & 1);
        touched.push_back(pair);
    }
}

// Whether the step that is taken finds the run at rest, as far as its loss tells.
void DenseCapture::look_for_rest(double h) {
    const double before = now_.sum_r2, after = trial_.sum_r2;
    const double drop = before > 0 && after > 0 ? std::abs(std::log(before / after)) : 0.0;
    still_ = drop * (clock_ + h) <= kStill * h;
}

}  // namespace pl
