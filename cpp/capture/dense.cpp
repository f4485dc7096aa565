#include "capture/dense.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "capture/attempts.hpp"
#include "kernel/dispatch.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

// Where two meshes tell the error by what they differ by, of few pairs. A pair whose push vanishes while it
// is held goes on or off by what the shares of the others leave of its speed: at 0.002 that was chance, the
// same on both meshes, and a loss was off by a third.
constexpr KinkSweeps kFineSweeps{2e-5F, 40};
constexpr double kShort = 1e-3;  // of the length of a drive: cosh and sinh by two terms

}  // namespace

DenseCapture::DenseCapture(std::shared_ptr<const CaptureInputs> inputs, int threads, Cut cut)
    : inputs_(std::move(inputs)),
      kernel_(kernel<double>()),
      n_(inputs_->problem().n),
      d_(inputs_->problem().d),
      p_(inputs_->problem().p),
      stride_(inputs_->packed().row_stride()),
      blocks_(block_count(n_)),
      ldz_(blocks_ * kBlockPoints),
      now_(make_state()),
      trial_(make_state()),
      moves_(*inputs_, threads),
      frozen_(*inputs_, moves_, threads),
      passes_(inputs_->problem()),
      sweeps_(two_meshes(inputs_->problem()) ? kFineSweeps : KinkSweeps{}),
      moved_(at(p_)),
      threads_(threads),
      G_(p_ * stride_),
      scratch_(kernel_.scratch_size),
      weights_(ldz_),
      r_(ldz_),
      signs_(p_ * blocks_),
      seen_(p_ * blocks_),
      middle_(at(p_)),
      stays_(at(p_)),
      exact_(at(p_)),
      cut_(std::move(cut)) {
    const Problem<double>& problem = inputs_->problem();
    for (Index i = 0; i < n_; ++i) norms_.push_back(norm_of(problem.X + i * d_, d_));
    for (Index j = 0; j < p_; ++j) std::copy_n(problem.W + j * d_, d_, now_.W.data() + j * stride_);
    std::copy_n(problem.a, p_, now_.a.data());
    for (Index j = 0; j < p_; ++j) {
        const double a = problem.a[j], w = norm_sq(problem.W + j * d_, d_), difference = a * a - w;
        // balanced to rounding counts as balanced: such a neuron tends to the saddle at 0 and must not
        // drift past it
        invariant_.push_back(std::abs(difference) <= 1e-12 * w ? 0.0 : difference);
    }
    solvers_.resize(at(p_));
    rate_.assign(at(p_), 0.0);
    preactivations(now_.W.data(), now_.z.data());
    leave_if(cut_);
    take_known();
    evaluate_outputs(now_);
    take_velocity();
}

DenseCapture::State DenseCapture::make_state() const {
    State state{Buffer<double>(p_ * stride_),
                Buffer<double>(p_),
                Buffer<double>(p_ * ldz_),
                Buffer<Word>(blocks_ * p_),
                std::vector<double>(at(n_)),
                {},
                0};
    state.touched.resize(at(p_));
    return state;
}

HalvesArgs<double> DenseCapture::halves() {
    HalvesArgs<double> args{};
    args.data = inputs_->packed().view();
    args.last = blocks_;
    args.weights = weights_.data();
    args.masks = now_.masks.data();
    args.G = G_.data();
    args.scratch = scratch_.data();
    return args;
}

void DenseCapture::preactivations(const double* W, double* z) {
    HalvesArgs<double> args = halves();
    args.W = W;
    args.z = z;
    args.cut = cut_off();
    pl::preactivations(kernel_, args, threads_);
}

void DenseCapture::evaluate_outputs(State& state) {
    OutputsArgs<double> args{n_,
                             p_,
                             blocks_,
                             state.z.data(),
                             state.a.data(),
                             inputs_->packed().view().y,
                             state.masks.data(),
                             r_.data(),
                             0};
    kernel_.outputs(args);
    std::copy_n(r_.data(), n_, state.r.begin());
    state.sum_r2 = args.sum_r2;
}

// What drives each neuron by the pairs that are on.
void DenseCapture::gradient(const double* impulse, CutOff cut) {
    ++evaluations_;
    std::copy_n(impulse, n_, weights_.data());
    HalvesArgs<double> args = halves();
    args.cut = cut;
    kernel_.gradient(args);
}

// The same under the shares that the pairs at rest start with. At rest the drive by h r, of which terms
// cancel, is known from the velocity: only what the impulse differs by is left to add.
void DenseCapture::drive(const double* impulse, double h, CutOff cut) {
    std::vector<double> rest(impulse, impulse + n_);
    const bool known = !decaying_.empty();
    for (Index i = 0; known && i < n_; ++i) rest[at(i)] -= h * now_.r[at(i)];
    gradient(rest.data(), cut);
    for (Index j = 0; j < p_; ++j)
        for (const Touched& pair : now_.touched[at(j)]) {
            const double* x = inputs_->rows().row(pair.point);
            const double push = pair.last * rest[at(pair.point)];
            for (Index k = 0; k < d_; ++k) G_.data()[j * stride_ + k] += push * x[k];
        }
    for (Index k = 0; known && k < p_ * stride_; ++k) G_.data()[k] += h * decaying_[at(k)];
}

// The mean of a_j over the step if its drive points one way, as it does where neither a residual nor a part
// of a pair changes much: w_j and a_j then grow by hyperbolic functions of the drive's length, exactly.
double DenseCapture::middle_weight(Index j) const {
    const double *w = now_.W.data() + j * stride_, *g = G_.data() + j * stride_;
    const double share = 1.0 / static_cast<double>(n_);
    const double along = share * inner(w, g, d_), pull = share * share * norm_sq(g, d_);
    const double length = std::sqrt(pull);
    const bool small = length < kShort;
    const double rising = small ? 1.0 + pull / 6.0 : std::sinh(length) / length;
    const double bent =
        small ? 0.5 + pull / 24.0 : std::expm1(length) * (-std::expm1(-length)) / (2.0 * pull);
    return now_.a.data()[j] * rising + along * bent;
}

// The weights that it leads to, and their pre-activations.
void DenseCapture::advance() {
    for (Index j = 0; j < p_; ++j) {
        middle_[at(j)] = middle_weight(j);
        move_weights(j);
        moved_[at(j)] = 1;
    }
    refresh();
}

void DenseCapture::product(const double* q, double* out) {
    if (!frozen_taken_) {
        frozen_.take({now_.W.data(), now_.a.data(), stride_, now_.masks.data(), &now_.touched}, cut_off());
        frozen_taken_ = true;
    }
    frozen_.product(q, out, cut_off());
    if (cut()) std::fill_n(out, n_, std::numeric_limits<double>::quiet_NaN());
}

void DenseCapture::attempt(const double* impulse, double h) {
    tried_ = h;
    drive(impulse, h, cut_off());
    advance();
    if (cut() || too_many_kinks()) return abandon();
    each_neuron(&DenseCapture::meet_kinks, impulse);
    refresh();
    each_neuron(&DenseCapture::look_again, impulse);
    if (cut()) return abandon();
    each_neuron(&DenseCapture::come_to_rest, impulse);
    each_neuron(&DenseCapture::come_to_zero, impulse);
    preactivations(trial_.W.data(), trial_.z.data());
    for (Index j = 0; j < p_; ++j) {  // those at rest are kept, the others forgotten
        auto& touched = trial_.touched[at(j)];
        touched.erase(
            std::remove_if(touched.begin(), touched.end(), [](const Touched& pair) { return !pair.rests; }),
            touched.end());
        for (Touched& pair : touched) pair.z = trial_.z.data()[j * ldz_ + pair.point];
        join(j);
    }
    conclude();
    if (cut()) abandon();  // perhaps half of it was
}

void DenseCapture::abandon() {
    trial_.r.assign(at(n_), std::numeric_limits<double>::quiet_NaN());
    trial_.sum_r2 = trial_.r[0];
}

void DenseCapture::move_weights(Index j) {
    const double factor = middle_[at(j)] / static_cast<double>(n_);
    const double *w = now_.W.data() + j * stride_, *g = G_.data() + j * stride_;
    double* next = trial_.W.data() + j * stride_;
    for (Index k = 0; k < stride_; ++k) next[k] = w[k] + factor * g[k];
}

// Pre-activations of the neurons that were moved, as they tell which pairs change side.
void DenseCapture::refresh() {
    std::vector<Index> moved;
    for (Index j = 0; j < p_; ++j)
        if (moved_[at(j)]) moved.push_back(j);
    moves_.preactivations(
        moved, {now_.W.data(), trial_.W.data(), stride_, now_.z.data(), trial_.z.data(), ldz_}, cut_off());
    // pairs at rest count as at z = 0, and are where their weights have them
    for (const Index j : moved)
        for (const Touched& pair : now_.touched[at(j)]) trial_.z.data()[j * ldz_ + pair.point] += pair.z;
}

// Pairs at rest are put on their kinks; then a, r.
void DenseCapture::conclude() {
    for (Index j = 0; j < p_; ++j)
        for (const Touched& pair : trial_.touched[at(j)]) trial_.z.data()[j * ldz_ + pair.point] = 0.0;
    outer_weights();
    evaluate_outputs(trial_);
}

// Lemma 1 where it fixes the sign of a_j, else the work done on w_j, which equals it to second order.
void DenseCapture::outer_weights() {
    for (Index j = 0; j < p_; ++j) {
        const double *w = now_.W.data() + j * stride_, *next = trial_.W.data() + j * stride_;
        const double* g = G_.data() + j * stride_;
        double &a = trial_.a.data()[j], before = now_.a.data()[j];
        if (invariant_[at(j)] >= 0.0) {
            a = std::copysign(std::sqrt(invariant_[at(j)] + norm_sq(next, d_)), before);
        } else {
            double work = 0;
            for (Index k = 0; k < d_; ++k) work += 0.5 * (w[k] + next[k]) * g[k];
            a = before + work / static_cast<double>(n_);
        }
    }
}

void DenseCapture::accept(double h, std::vector<double>& before) {
    look_for_rest(h);
    count_dependent();
    for (Index j = 0; j < p_; ++j) rate_[at(j)] = (trial_.a.data()[j] - now_.a.data()[j]) / h;
    passes_.note({now_.z.data(), trial_.z.data(), now_.W.data(), stride_, now_.a.data(), now_.r.data()});
    std::swap(now_, trial_);
    before.resize(now_.r.size());
    before.swap(trial_.r);
    velocity_sq_ = -1;
    on_at_kinks_ = 0;
    frozen_taken_ = false;
    decaying_.clear();
    h_before_ = h;
    clock_ += h;
}

}  // namespace pl
