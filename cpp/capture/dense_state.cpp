// What a dense state tells of itself. The steps are in dense.cpp.
#include <algorithm>
#include <cmath>

#include "capture/dense.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"
#include "problem/certificate.hpp"

namespace pl {
namespace {

// A neuron so small beside its outer weight that grows is measured by itself, not by (w_j, a_j): where w_j
// points while it is small decides its pattern, of which the loss tells later. Of 30 starts with norm(w_j) of
// 1e-1 to 1e-6 26 are then within rtol, 5 without; one that shrinks to 0 would never get there in such steps.
constexpr double kSmall = 100.0;  // squares
constexpr double kOwn = 10.0;
constexpr double kLeast = 1e-14;  // of the outer weight's: a step from 0 is as long as what it leads to

}  // namespace

// Pairs known to slide, where they are at their kinks; pairs known to be off, where rounding has them on.
void DenseCapture::take_known() {
    const Problem<double>& problem = inputs_->problem();
    for (const PairAtKink& kink : problem.kinks) {
        if (kink.neuron >= p_ || kink.point >= n_) continue;
        const Index j = kink.neuron, i = kink.point;
        double& z = now_.z.data()[j * ldz_ + i];
        const double size = norm_of(problem.W + j * d_, d_) * norms_[at(i)];
        if (kink.mode == Mode::kOff && z > 0.0 && z <= 2.0 * kAtKink * size) z = 0.0;
        if (kink.mode != Mode::kSlide || !(std::abs(z) <= kNearKink * size)) continue;
        Touched pair;
        pair.point = kink.point;
        pair.rests = true;
        pair.z = z;
        pair.share = pair.last = kink.share >= 0.0 ? kink.share : 0.0;  // NaN: not known
        now_.touched[at(j)].push_back(pair);
        z = 0.0;
    }
}

std::vector<PairAtKink> DenseCapture::kinks() {
    velocity_sq();
    std::vector<PairAtKink> found = kinks_;
    for (Index j = 0; j < p_; ++j) {
        const double within = 2.0 * kAtKink * norm_of(now_.W.data() + j * stride_, d_);
        for (Index i = 0; i < n_; ++i) {
            const double z = now_.z.data()[j * ldz_ + i];
            if (z == 0.0 || std::abs(z) > within * norms_[at(i)]) continue;  // those at 0 are known
            const bool on = z > 0.0;
            found.push_back(
                {static_cast<int>(j), static_cast<int>(i), on ? Mode::kOn : Mode::kOff, on ? 1.0 : 0.0});
        }
    }
    std::sort(found.begin(), found.end(), before);
    return found;
}

Index DenseCapture::n_active() const {
    Index count = on_at_kinks_;
    for (Index w = 0; w < now_.masks.size(); ++w) count += __builtin_popcountll(now_.masks.data()[w]);
    return count;
}

Index DenseCapture::at_kinks() {
    velocity_sq();
    return std::count_if(kinks_.begin(), kinks_.end(),
                         [](const PairAtKink& pair) { return pair.mode == Mode::kSlide; });
}

double DenseCapture::dead_label_sq() const {
    const Problem<double>& problem = inputs_->problem();
    const NeuronFacts facts = neurons();
    std::vector<bool> fixed(at(p_));
    for (Index j = 0; j < p_; ++j)
        fixed[at(j)] = keeps_sign(facts.a[at(j)], facts.w_sq[at(j)] + problem.outside_sq(j), d_);
    double sum = 0;
    for (Index i = 0; i < n_; ++i) {
        bool able = false;
        for (Index j = 0; j < p_ && !able; ++j) {
            const bool wrong = fixed[at(j)] && now_.a.data()[j] * problem.y[i] < 0.0;
            able = now_.z.data()[j * ldz_ + i] > 0.0 && !wrong;
        }
        if (!able) sum += problem.y[i] * problem.y[i];
    }
    return sum;
}

NeuronFacts DenseCapture::neurons() const {
    NeuronFacts facts;
    for (Index j = 0; j < p_; ++j) {
        facts.w_sq.push_back(norm_sq(now_.W.data() + j * stride_, d_));
        facts.a.push_back(now_.a.data()[j]);
    }
    return facts;
}

// The mean since the mark, a state some tenths of the time ago; where there is none, over the last step;
// before the first, of the velocity that the inclusion selects. Over a step at rest what shares in single
// precision leave is all there is; over many it cancels.
NeuronMotion DenseCapture::motion() {
    constexpr double kLeast = 1e-145, kMost = 0.2;  // of the time
    const double since = clock_ - mark_.clock;
    const bool stepped = h_before_ > 0, marked = !mark_.W.empty() && since >= kLeast * clock_ && since > 0;
    const double h = marked ? since : h_before_;
    const double* W0 = marked ? mark_.W.data() : trial_.W.data();
    const double* a0 = marked ? mark_.a.data() : trial_.a.data();
    if (!stepped) take_velocity();
    NeuronMotion motion;
    for (Index j = 0; j < p_; ++j) {
        const double *w = now_.W.data() + j * stride_, *w0 = W0 + j * stride_;
        const double *g = G_.data() + j * stride_, a = now_.a.data()[j];
        double speed_sq = 0, growth = 0;
        for (Index k = 0; k < d_; ++k) {
            const double v = stepped ? (w[k] - w0[k]) / h : a / static_cast<double>(n_) * g[k];
            speed_sq += v * v;
            growth += w[k] * v;
        }
        const double rate = stepped ? (a - a0[j]) / h : rate_[at(j)];
        motion.speed_sq.push_back(speed_sq + rate * rate);
        motion.growth.push_back(growth + a * rate);
    }
    if (mark_.W.empty() || since >= kMost * clock_) {
        mark_.W.assign(now_.W.data(), now_.W.data() + now_.W.size());
        mark_.a.assign(now_.a.data(), now_.a.data() + p_);
        mark_.clock = clock_;
    }
    return motion;
}

std::vector<double> DenseCapture::outputs() const {
    const Problem<double>& problem = inputs_->problem();
    std::vector<double> h(at(n_));
    for (Index i = 0; i < n_; ++i)
        for (Index j = 0; j < p_; ++j) {
            double z = 0;
            for (Index k = 0; k < d_; ++k) z += now_.W.data()[j * stride_ + k] * problem.X[i * d_ + k];
            h[at(i)] += now_.a.data()[j] * std::max(z, 0.0);
        }
    return h;
}

void DenseCapture::write_state(double* W, double* a) const {
    for (Index j = 0; j < p_; ++j) std::copy_n(now_.W.data() + j * stride_, d_, W + j * d_);
    std::copy_n(now_.a.data(), p_, a);
}

double DenseCapture::trial_excess() const {
    double sum = 0.0;
    std::vector<double> off(at(n_));  // of r
    for (Index j = 0; j < p_; ++j)
        for (const Touched& pair : trial_.touched[at(j)]) {
            if (!(pair.z > 0.0)) continue;
            const double by = trial_.a.data()[j] * pair.z / static_cast<double>(p_),
                         r = trial_.r[at(pair.point)];
            double& so_far = off[at(pair.point)];
            sum += by * (2.0 * so_far + by - 2.0 * r);
            so_far += by;
        }
    return sum;
}

// What neuron j's trial has moved, of its size: across w_j, and along it.
DenseCapture::Moved DenseCapture::moved(Index j) const {
    const double *w = now_.W.data() + j * stride_, *next = trial_.W.data() + j * stride_;
    double travel = 0.0, growth = 0.0, before = 0.0, after = 0.0, size = 0.0;
    for (Index k = 0; k < d_; ++k) {
        travel += (next[k] - w[k]) * (next[k] - w[k]);
        growth += (next[k] - w[k]) * w[k];
        before += w[k] * w[k];
        after += next[k] * next[k];
        size += std::max(next[k] * next[k], w[k] * w[k]);
    }
    const double a = now_.a.data()[j], a_next = trial_.a.data()[j], outer = std::max(a * a, a_next * a_next);
    const bool grows = after > before && kSmall * size < outer;
    size += grows ? kOwn * size + kLeast * outer : outer;
    if (!(travel > 0.0)) return {0.0, 0.0};
    const double along = before > 0.0 ? std::min(growth * growth / before, travel) : 0.0;
    return {(travel - along) / size, along / size};
}

// The square of what r has changed in the trial, of itself.
double DenseCapture::turned_sq() const {
    double sum = 0.0;
    for (Index i = 0; i < n_; ++i) {
        const double by = trial_.r[at(i)] - now_.r[at(i)];
        sum += by * by;
    }
    return now_.sum_r2 > 0.0 ? sum / now_.sum_r2 : 0.0;
}

// Growth along w_j itself meets no kink, and is exact while the drive points one way (middle_weight()): it
// counts by no more than so many times what r has changed.
double DenseCapture::trial_motion() const {
    constexpr double kTurned = 10.0;
    Moved sum{0.0, 0.0};
    for (Index j = 0; j < p_; ++j) {
        const Moved one = moved(j);
        sum.across += one.across;
        sum.along += one.along;
    }
    const double share = kTurned * kTurned * turned_sq() * static_cast<double>(p_) / sum.all();
    return std::sqrt((sum.across + std::min(1.0, share) * sum.along) / static_cast<double>(p_));
}

double DenseCapture::trial_neuron_error() const {
    double largest = 0.0;
    for (Index j = 0; j < p_; ++j) {
        if (middle_[at(j)] == 0.0) continue;
        // dw is in proportion to the outer weight held; the drive is now that which kinks have left
        const double off = std::abs(middle_weight(j) / middle_[at(j)] - 1.0);
        largest = std::max(largest, off * std::sqrt(moved(j).all()));
    }
    return largest;
}

void DenseCapture::write_trial(const double*, double* W, double* a) const {
    for (Index j = 0; j < p_; ++j) std::copy_n(trial_.W.data() + j * stride_, d_, W + j * d_);
    std::copy_n(trial_.a.data(), p_, a);
}

double DenseCapture::trial_travel_sq() const {
    double sum = 0;
    for (Index k = 0; k < p_ * stride_; ++k) {
        const double dw = trial_.W.data()[k] - now_.W.data()[k];
        sum += dw * dw;
    }
    for (Index j = 0; j < p_; ++j) {
        const double da = trial_.a.data()[j] - now_.a.data()[j];
        sum += da * da;
    }
    return sum;
}

double DenseCapture::bytes(const Problem<double>& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = static_cast<double>(problem.d) + 8.0, p = static_cast<double>(problem.p);
    const double kinks = std::min(p * points * points, kMostKinkBytes);
    return 8 * (4 * p * d + 2 * p * points + 10 * points) + 4 * p * points / 6 + SingleMoves::bytes(problem) +
           FrozenPattern::bytes(problem) + Passes::bytes(problem) + kinks;
}

}  // namespace pl
