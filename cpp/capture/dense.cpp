#include "capture/dense.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/inner.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/rounding.hpp"
#include "problem/set_bits.hpp"

namespace pl {
namespace {

constexpr double kUnmoved = 4e-15;  // of the loss, by a step
constexpr int kAskedAfter = 8;      // such steps
// Of the rounding of a sum over points: what long steps leave of a velocity, at (40, 8, 6) twice to ten
// times.
constexpr double kLeft = 16.0;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Whether the step from sum r^2 `before` to `after` finds the run at rest, after a time t and for h more, as
// far as its loss tells: single precision would keep it moving.
bool rests(double before, double after, double t, double h) {
    constexpr double kStill = 1e-2;  // of local_pl t
    const double drop = before > 0 && after > 0 ? std::abs(std::log(before / after)) : 0.0;
    return drop * (t + h) <= kStill * h;
}

}  // namespace

DenseCapture::DenseCapture(std::shared_ptr<const CaptureInputs> inputs, int threads, Cut cut)
    : inputs_(std::move(inputs)),
      threads_(threads),
      cut_(std::move(cut)),
      largest_norm_(inputs_->largest_norm()),
      inputs_in_range_(inputs_->in_single_range()),
      now_(*inputs_),
      trial_(*inputs_),
      products_(*inputs_, threads),
      step_(*inputs_, products_, now_, trial_, threads),
      frozen_(*inputs_, threads),
      passes_(inputs_->problem()),
      drive_(now_.W.size()) {
    const Problem<double>& problem = inputs_->problem();
    for (Index j = 0; j < problem.p; ++j) std::copy_n(problem.W + j * problem.d, problem.d, now_.w_of(j));
    std::copy_n(problem.a, problem.p, now_.a.data());
    products_.preactivations(now_.W.data(), now_.z.data(), cut_off());
    leave_if(cut_);
    now_.take_known(problem, inputs_->norms());
    const std::vector<Index> at_kinks = now_.put_on_kinks(problem, inputs_->norms());
    products_.outputs(now_);
    take_velocity();
    for (const Index j : at_kinks) now_.take(j, velocity_->kinks);
    if (!at_kinks.empty()) take_velocity();  // the masks have changed
}

void DenseCapture::attempt(const double* impulse, double h) {
    ++evaluations_;
    motion_.reset();
    const double* decaying = decay_taken_ ? decaying_.data() : nullptr;
    if (step_.make({impulse, h, still_, decaying, closely_ || to_stand_, cut_off()})) return;
    trial_.r.assign(trial_.r.size(), kNaN);
    trial_.sum_r2 = kNaN;
}

double DenseCapture::trial_motion() const {
    if (!motion_) motion_ = moved(now_, trial_);
    return *motion_;
}

void DenseCapture::accept(double h, std::vector<double>& before) {
    still_ = rests(now_.sum_r2, trial_.sum_r2, mean_.clock(), h);
    unmoved_ = still_ && std::abs(trial_.sum_r2 - now_.sum_r2) <= kUnmoved * now_.sum_r2;
    made_closely_ = closely_ || to_stand_;
    count_dependent();
    passes_.note({now_.z.data(), trial_.z.data(), now_.W.data(), now_.stride, now_.a.data(), now_.r.data()});
    std::swap(now_, trial_);
    before.resize(now_.r.size());
    before.swap(trial_.r);
    velocity_.reset();
    motion_.reset();
    frozen_taken_ = decay_taken_ = false;
    h_before_ = h;
    mean_.stepped(h);
}

// Neurons that meet kinks of parallel inputs, not those that rest at them.
void DenseCapture::count_dependent() {
    const ParallelInputs& lines = inputs_->copies().lines();
    if (!lines.any()) return;
    for (const std::vector<Touched>& touched : trial_.touched) {
        const auto held = [](const Touched& pair) { return pair.held; };
        if (touched.empty() || std::all_of(touched.begin(), touched.end(), held)) continue;
        std::vector<int> points(touched.size());
        std::transform(touched.begin(), touched.end(), points.begin(),
                       [](const Touched& pair) { return pair.point; });
        dependent_ += lines.among(inputs_->copies().as_given(points)) ? 1 : 0;
    }
}

// As flow/at_rest.hpp has it: what pushes a neuron is no more than rounding and long steps leave of its sum
// over points. Where the loss is rounding steps lengthen by themselves.
bool DenseCapture::stands(double t, double /*speed_sq*/) {
    to_stand_ = unmoved_ && (to_stand_ || ++since_asked_ >= kAskedAfter);
    if (!to_stand_ || !made_closely_) return false;
    to_stand_ = false;
    since_asked_ = 0;
    const NeuronMotion motion = motion_of(take_velocity(), now_, drive_.data());
    const double n = static_cast<double>(now_.n()), p = static_cast<double>(now_.p());
    if (!loss_stands(n, p, velocity_->sq, t, now_.sum_r2)) return false;
    std::vector<double> of_point(at(now_.n()));
    for (Index i = 0; i < now_.n(); ++i) {
        const double y = inputs_->problem().y[i], d = static_cast<double>(now_.d);
        of_point[at(i)] = kLeft * point_noise(d, y, now_.r[at(i)]) * inputs_->norms()[at(i)] / n;
    }
    const NeuronFacts facts = now_.facts();
    for (Index j = 0; j < now_.p(); ++j) {
        double noise = 0.0;
        for (Index i = 0; i < now_.n(); ++i)
            if (now_.on(j, i)) noise += of_point[at(i)];
        const double size_sq = facts.w_sq[at(j)] + facts.a[at(j)] * facts.a[at(j)];
        if (motion.speed_sq[at(j)] > noise * noise * size_sq) return false;
    }
    return true;
}

// Whether single precision sees the state: neurons that grow, of which kinks while they are that small decide
// the way; and K, where steps are long enough for it to count. (Measured: docs/numerics.md.)
bool DenseCapture::is_seen() {
    constexpr double kPlain = 1e-15, kLeastNeuron = 1e-36, kLeastInner = 1e-41, kLeastProduct = 1e-44;
    constexpr double kCounts = 1e-6;
    const double n = static_cast<double>(now_.n()), p = static_cast<double>(now_.p()), x = largest_norm_;
    std::vector<Index> small;
    double most_sq = 0.0;
    for (Index j = 0; j < now_.p(); ++j) {
        const double first = std::abs(now_.w_of(j)[0]);
        most_sq = std::max(most_sq, first * first);
        if (first * x > kPlain) continue;
        const double w = norm_of(now_.w_of(j), now_.d), all = std::hypot(w, now_.a.data()[j]);
        most_sq = std::max(most_sq, all * all);
        if (w > 0.0 && (w * x < kLeastInner || all * x < kLeastNeuron)) small.push_back(j);
    }
    const bool lost = most_sq * std::min(1.0, x * x) < kLeastProduct * n * p;
    if (lost && h_before_ * most_sq * x * x > kCounts) return false;
    if (small.empty()) return true;
    const NeuronMotion motion = motion_of(velocity(), now_, drive_.data());
    return std::none_of(small.begin(), small.end(), [&](Index j) { return motion.growth[at(j)] > 0.0; });
}

void DenseCapture::product(const double* q, double* out) {
    if (!frozen_taken_) frozen_.take(now_, cut_off());
    frozen_taken_ = true;
    frozen_.product(q, out, cut_off());
    if (cut()) std::fill_n(out, now_.n(), kNaN);
}

// K r by the velocity w_j', a_j' of its pattern: of point i (1/p) sum over its pairs on of a_j' z_ji + a_j
// z_ji'. Until the next attempt the trial is scratch.
void DenseCapture::decay(double* out) {
    ++evaluations_;
    const double n = static_cast<double>(now_.n()), p = static_cast<double>(now_.p());
    if (decaying_.size() == 0) decaying_ = Buffer<double>(now_.W.size());
    products_.gradient(now_.r.data(), now_.masks.data(), decaying_.data(), cut_off());
    parallel_for(now_.p(), threads_,
                 [this](Index j) { hold(now_, *inputs_, j, decaying_.data() + j * now_.stride); });
    decay_taken_ = true;
    for (Index j = 0; j < now_.p(); ++j) {
        const double speed = now_.a.data()[j] / n, *g = decaying_.data() + j * now_.stride;
        double* to = trial_.w_of(j);
        for (Index k = 0; k < now_.stride; ++k) to[k] = speed * g[k];
    }
    products_.preactivations(trial_.W.data(), trial_.z.data(), cut_off());
    for (Index j = 0; j < now_.p(); ++j) {
        const double a = now_.a.data()[j], *z = now_.z_of(j), *g = decaying_.data() + j * now_.stride;
        const double rate = inner(now_.w_of(j), g, now_.d) / n;
        double* moves = trial_.z_of(j);
        for (Index i = 0; i < now_.n(); ++i) moves[i] = rate * z[i] + a * moves[i];
    }
    products_.masked_sums(trial_.z.data(), now_.masks.data(), out);
    for (Index i = 0; i < now_.n(); ++i) out[i] /= p;
}

const Velocity& DenseCapture::take_velocity() {
    ++evaluations_;
    products_.gradient(now_.r.data(), now_.masks.data(), drive_.data(), {});
    return velocity_.emplace(selected_velocity(now_, *inputs_, drive_.data(), threads_));
}

// Before the first step that of the velocity which the inclusion selects.
NeuronMotion DenseCapture::motion() {
    const NeuronMotion motion = h_before_ > 0 ? mean_.since(trial_, now_, h_before_)
                                              : motion_of(take_velocity(), now_, drive_.data());
    mean_.mark(now_);
    return motion;
}

Index DenseCapture::at_kinks() {
    const std::vector<PairAtKink>& kinks = velocity().kinks;
    Index sliding = 0;
    for (const PairAtKink& pair : kinks)
        sliding += pair.mode == Mode::kSlide ? inputs_->copies().count(pair.point) : 0;
    return sliding;
}

std::vector<PairAtKink> DenseCapture::kinks() {
    std::vector<PairAtKink> found = velocity().kinks;
    std::sort(found.begin(), found.end(), before);
    const auto known = static_cast<std::ptrdiff_t>(found.size());
    for (const PairAtKink& other : velocity().near)
        if (!std::binary_search(found.begin(), found.begin() + known, other, before)) found.push_back(other);
    found = inputs_->copies().as_given(found);
    std::sort(found.begin(), found.end(), before);
    return found;
}

Index DenseCapture::n_active() const {
    Index active = set_bits(now_.masks.data(), now_.masks.size()) + (velocity_ ? velocity_->on_at_kinks : 0);
    for (int i = 0; inputs_->copies().any() && i < static_cast<int>(now_.n()); ++i)
        for (Index j = 0; inputs_->copies().count(i) > 1 && j < now_.p(); ++j)
            active += now_.on(j, i) ? inputs_->copies().count(i) - 1 : 0;
    return active;
}

double DenseCapture::bytes(const Problem<double>& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = static_cast<double>(problem.d) + 8.0, p = static_cast<double>(problem.p);
    return 8 * (5 * p * d + 2 * p * points + 10 * points) + DenseStep::bytes(problem) +
           FrozenPattern::bytes(problem) + Passes::bytes(problem);
}

}  // namespace pl
