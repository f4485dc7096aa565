#include "capture/orthogonal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/index.hpp"
#include "problem/certificate.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

// Below, relative to a^2, abs(a_j) >= norm(w_j) is taken to hold.
constexpr double kBalanced = 1e-12;
// A neuron whose part in the outputs is less than this of the labels is not seen in the loss.
constexpr double kUnseen = 0.1;

}  // namespace

OrthogonalCapture::OrthogonalCapture(const Problem<double>& problem, int threads, const Cut& cut,
                                     const LiveKernel& kernel)
    : problem_(problem),
      n_(static_cast<int>(problem.n)),
      p_(static_cast<int>(problem.p)),
      cut_(cut),
      pairs_(problem, kernel, threads, cut),
      rate_(at(p_)),
      bend_(at(p_)),
      invariant_(at(p_)),
      abar_(at(p_)),
      escape_(at(p_)),
      crossing_(at(p_)),
      largest_norm_(problem.largest_norm()),
      label_(problem.largest_label()) {
    now_.a.assign(problem.a, problem.a + p_);
    now_.r.resize(at(n_));
    now_.live_squares.resize(at(p_));
    trial_ = now_;
    start();
}

// The sums of the start are those of a trial that goes nowhere.
void OrthogonalCapture::start() {
    abar_ = now_.a;
    pairs_.norms(now_.r.data(), outer(), sums_);
    now_.live_squares = sums_.squares;
    now_.sum_r2 = pairs_.residuals(outer(), now_.r.data());
    leave_if(cut_);
    for (Index j = 0; j < p_; ++j) {
        const double a = now_.a[at(j)];
        invariant_[at(j)] = a * a - now_.live_squares[at(j)];
        crossing_[at(j)] = invariant_[at(j)] < -kBalanced * a * a ? 1 : 0;
    }
    velocity_sq();
    rate_ = sums_.products;
}

OuterWeights OrthogonalCapture::outer() const {
    return {abar_.data(), trial_.a.data(), escape_.data(), crossing_.data()};
}

// The mean of a_j over the coming step, to third order: rate_ is da_j/dt half a step ago.
void OrthogonalCapture::set_middle(double h) {
    const double lever = h * h_before_ / 4 + h * h / 6;
    for (Index j = 0; j < p_; ++j) {
        abar_[at(j)] = now_.a[at(j)] + 0.5 * h * rate_[at(j)] + lever * bend_[at(j)];
        const double escape = -1.0 / abar_[at(j)];
        escape_[at(j)] = std::isfinite(escape) ? escape : 0.0;
    }
}

// Lemma 1. Where it leaves the sign open, its differential: a_j da_j = <w_j, dw_j>, abar_j divided out.
void OrthogonalCapture::set_outer() {
    for (Index j = 0; j < p_; ++j) {
        const double a = now_.a[at(j)];
        trial_.live_squares[at(j)] = sums_.squares[at(j)];
        trial_.a[at(j)] =
            crossing_[at(j)] != 0
                ? a + sums_.products[at(j)]
                : std::copysign(std::sqrt(std::max(invariant_[at(j)] + sums_.squares[at(j)], 0.0)), a);
        travel_sq_ += (trial_.a[at(j)] - a) * (trial_.a[at(j)] - a);
    }
}

// The state that the impulse leads to, but for the pairs. Returns sum r_i^2.
double OrthogonalCapture::move(const double* impulse, double h, double* r) {
    set_middle(h);
    travel_sq_ = pairs_.norms(impulse, outer(), sums_);
    set_outer();
    ++evaluations_;
    return pairs_.residuals(outer(), r);
}

void OrthogonalCapture::attempt(const double* impulse, double h) {
    trial_.sum_r2 = move(impulse, h, trial_.r.data());
    tried_ = h;
    double sum = 0;
    for (Index i = 0; i < n_; ++i) {
        const double push = problem_.norms[i] * impulse[i] / n_;
        sum += push * push;
    }
    push_ = std::sqrt(sum);
}

// What abar_j is off by: against the mean of a_j over the step that both ends and the bend between them give.
double OrthogonalCapture::off_middle(Index j) const {
    const double a = now_.a[at(j)], end = trial_.a[at(j)], h = tried_;
    const double bend = 2 * ((end - a) / h - rate_[at(j)]) / (h + h_before_);
    return std::abs(abar_[at(j)] - 0.5 * (a + end) + h * h * bend / 12);
}

// 1 for a neuron that the loss does not see: it is the neuron's own error that decides when it escapes. Less,
// as it grows: the loss then judges the step.
double OrthogonalCapture::unseen(Index j) const {
    const double part = std::abs(now_.a[at(j)]) * std::sqrt(now_.live_squares[at(j)]);
    return part * largest_norm_ <= kUnseen * label_ ? 1.0 : kUnseen * label_ / (part * largest_norm_);
}

// abar_j off by e moves w_j by at most e norm(g) more than it should.
double OrthogonalCapture::trial_neuron_error() const {
    double most = 0;
    for (Index j = 0; j < p_; ++j) {
        const double a = now_.a[at(j)], size_sq = now_.live_squares[at(j)] + a * a;
        if (size_sq > 0) most = std::max(most, unseen(j) * off_middle(j) * push_ / std::sqrt(size_sq));
    }
    return most;
}

void OrthogonalCapture::stage(const double* impulse, double h, double* r) {
    move(impulse, h, r);
}

void OrthogonalCapture::accept(double h, std::vector<double>& before) {
    pairs_.accept(outer());
    for (Index j = 0; j < p_; ++j) {
        const double rate = (trial_.a[at(j)] - now_.a[at(j)]) / h;
        bend_[at(j)] =
            2 * (rate - rate_[at(j)]) / (h + h_before_);  // the first rate is that of the instant 0
        rate_[at(j)] = rate;
    }
    h_before_ = h;
    std::swap(now_, trial_);
    before.resize(now_.r.size());
    before.swap(trial_.r);
}

// Steps, of the fastest point's own time, would go on for ever: on dense inputs they lengthen by themselves.
bool OrthogonalCapture::stands(double t, double speed_sq) {
    constexpr double kUnit = std::numeric_limits<double>::epsilon();
    const double n = n_, p = p_, terms = output_size(neurons());
    const double shown = shown_noise(kUnit, label_, largest_norm_, terms, p);
    const bool met = now_.sum_r2 <= n * shown * shown;  // as rounding is told of a row
    if (!met && !loss_stands(n, p, speed_sq, t, now_.sum_r2)) return false;
    std::vector<double> loud(now_.r);
    for (Index i = 0; i < n_; ++i)
        if (std::abs(loud[at(i)]) <= point_noise(4.0, problem_.y[i], loud[at(i)])) loud[at(i)] = 0.0;
    pairs_.rates(loud.data(), sums_);
    ++evaluations_;
    return std::all_of(sums_.squares.begin(), sums_.squares.end(), [](double g_sq) { return g_sq == 0.0; });
}

double OrthogonalCapture::velocity_sq() {
    pairs_.rates(now_.r.data(), sums_);
    double sum = 0;
    for (Index j = 0; j < p_; ++j)
        sum += now_.a[at(j)] * now_.a[at(j)] * sums_.squares[at(j)] +
               sums_.products[at(j)] * sums_.products[at(j)];
    ++evaluations_;
    return sum;
}

NeuronMotion OrthogonalCapture::motion() {
    pairs_.rates(now_.r.data(), sums_);
    ++evaluations_;
    NeuronMotion motion;
    for (Index j = 0; j < p_; ++j) {
        const double a = now_.a[at(j)], rate = sums_.products[at(j)];
        motion.speed_sq.push_back(a * a * sums_.squares[at(j)] + rate * rate);
        motion.growth.push_back(2 * a * rate);
    }
    return motion;
}

std::vector<double> OrthogonalCapture::damping() {
    std::vector<double> weights(now_.a), damping(at(n_));
    for (double& weight : weights) weight *= weight;
    pairs_.weigh(weights.data(), damping.data());
    const double share = 1.0 / (static_cast<double>(n_) * p_);
    for (Index i = 0; i < n_; ++i) damping[at(i)] *= share * problem_.norms[i] * problem_.norms[i];
    return damping;
}

// abs(a_j) >= norm(w_j) lasts, and with it the sign; of w_j the live part is enough, as the rest
// does not move.
bool OrthogonalCapture::keeps_sign(Index j) const {
    return pl::keeps_sign(now_.a[at(j)], now_.live_squares[at(j)], n_);
}

double OrthogonalCapture::dead_label_sq() const {
    std::vector<int> sign(at(p_), 0);
    for (Index j = 0; j < p_; ++j)
        if (keeps_sign(j)) sign[at(j)] = now_.a[at(j)] > 0 ? 1 : -1;
    return pairs_.unreached_label_sq(sign);
}

NeuronFacts OrthogonalCapture::neurons() const {
    NeuronFacts facts{now_.a, now_.live_squares};
    for (Index j = 0; j < p_; ++j) facts.w_sq[at(j)] += pairs_.dead_squares()[at(j)];
    return facts;
}

std::vector<double> OrthogonalCapture::outputs() const {
    std::vector<double> h(now_.r);
    for (Index i = 0; i < n_; ++i) h[at(i)] = (problem_.y[i] - h[at(i)]) * p_;
    return h;
}

void OrthogonalCapture::write_state(double* W, double* a) const {
    pairs_.write_state(W);
    std::copy(now_.a.begin(), now_.a.end(), a);
}

// A pair receives abar_j norms_i Q_i / n, and dies at 0.
void OrthogonalCapture::write_trial(const double* impulse, double* W, double* a) const {
    pairs_.write_state(W);
    for (Index j = 0; j < p_; ++j) {
        const double share = abar_[at(j)] / n_;
        for (Index i = 0; i < n_; ++i) {
            double& w = W[j * n_ + i];
            if (w > 0.0) w = std::max(w + share * problem_.norms[i] * impulse[i], 0.0);
        }
    }
    std::copy(trial_.a.begin(), trial_.a.end(), a);
}

double OrthogonalCapture::bytes(const Problem<double>& problem) {
    const double n = static_cast<double>(problem.n), p = static_cast<double>(problem.p);
    // r twice here; with the step: what it keeps of the last two, and the first step's stages
    return LivePairs::bytes(problem) + (14 * n + 9 * p) * sizeof(double);
}

}  // namespace pl
