#include "capture/dense.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/dispatch.hpp"

namespace pl {
namespace {

constexpr Index kChunk = 4;  // neurons handed to a thread at a time
constexpr double kWorthSharing =
    2e7;                           // ndp: below, a team costs more than it saves as soon as a core is busy
constexpr double kInstant = 1e-6;  // a time short enough to read a velocity from

double square(const double* w, Index width) {
    double sum = 0;
    for (Index k = 0; k < width; ++k) sum += w[k] * w[k];
    return sum;
}

std::size_t at(Index j) {
    return static_cast<std::size_t>(j);
}

}  // namespace

Problem<double> as_problem(const FlowProblem& flow) {
    Problem<double> problem;
    problem.n = flow.n;
    problem.d = flow.d;
    problem.p = flow.p;
    problem.X = flow.X;
    problem.norms = flow.norms;
    problem.y = flow.y;
    problem.W = flow.W;
    problem.a = flow.a;
    problem.w_perp_sq = flow.w_perp_sq;
    problem.certifiable = flow.certifiable;
    problem.orthogonal = flow.orthogonal;
    return problem;
}

double CaptureInputs::bytes(const FlowProblem& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = problem.d, lanes = static_cast<double>(kernel<double>().lanes);
    return 8 * points * (2 * d + lanes + 2) + 8.0 * problem.n * (d + 9);
}

double DenseCapture::bytes(const FlowProblem& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = problem.d + 8.0, p = problem.p;
    return 8 * (4 * p * d + 3 * p * points + 10 * points) + 4 * p * points / 6;
}

CaptureInputs::CaptureInputs(const FlowProblem& problem, int threads)
    : problem_(as_problem(problem)),
      packed_(problem_, kernel<double>(), threads),
      stride_(round_up(problem_.d, 8)),
      rows_(problem_.n * stride_) {
    for (Index i = 0; i < problem_.n; ++i)
        std::copy_n(problem_.X + i * problem_.d, problem_.d, rows_.data() + i * stride_);
    for (Index i = 0; i < problem_.n; ++i) norm_sq_.push_back(square(rows_.data() + i * stride_, stride_));
}

DenseCapture::DenseCapture(std::shared_ptr<const CaptureInputs> inputs, int threads)
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
      solvers_(at((p_ + kChunk - 1) / kChunk), KinkSolver(inputs_->rows())),
      moved_(at(p_)),
      threads_(static_cast<double>(n_) * static_cast<double>(p_ * d_) < kWorthSharing ? 1 : threads),
      G_(p_ * stride_),
      scratch_(kernel_.scratch_size),
      weights_(ldz_),
      r_(ldz_),
      picked_W_(p_ * stride_),
      picked_z_(p_ * ldz_),
      signs_(p_ * blocks_),
      seen_(p_ * blocks_),
      middle_(at(p_)) {
    const Problem<double>& problem = inputs_->problem();
    for (Index j = 0; j < p_; ++j) std::copy_n(problem.W + j * d_, d_, now_.W.data() + j * stride_);
    std::copy_n(problem.a, p_, now_.a.data());
    for (Index j = 0; j < p_; ++j) {
        const double a = problem.a[j], w = square(problem.W + j * d_, d_), difference = a * a - w;
        // balanced to rounding counts as balanced: such a neuron tends to the saddle at 0 and must not drift
        // past it
        invariant_.push_back(std::abs(difference) <= 1e-12 * w ? 0.0 : difference);
    }
    rate_.assign(at(p_), 0.0);
    preactivations(now_.W.data(), p_, now_.z.data());
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

// body(0 .. count - 1), by the team where that pays.
void DenseCapture::shared(Index count, const std::function<void(Index)>& body) {
    if (threads_ > 1) {
        Control uncancelled;
        parallel_for(count, threads_, uncancelled, body);
        return;
    }
    for (Index k = 0; k < count; ++k) body(k);
}

void DenseCapture::preactivations(const double* W, Index neurons, double* z) {
    const Index parts = threads_ > 1 ? std::min<Index>(blocks_, 8) : 1;
    shared(parts, [&](Index part) {
        HalvesArgs<double> args = halves();
        args.data.p = neurons;
        args.first = part * blocks_ / parts;
        args.last = (part + 1) * blocks_ / parts;
        args.W = W;
        args.z = z;
        kernel_.preactivations(args);
    });
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

// The move under the shares that the pairs start with, and its pre-activations.
void DenseCapture::drive(const double* impulse, double h) {
    ++evaluations_;
    std::copy_n(impulse, n_, weights_.data());
    HalvesArgs<double> args = halves();
    kernel_.gradient(args);
    for (Index j = 0; j < p_; ++j) {
        middle_[at(j)] = now_.a.data()[j] + 0.5 * h * rate_[at(j)];
        for (const Touched& pair : now_.touched[at(j)]) {
            const double* x = inputs_->rows().row(pair.point);
            const double push = pair.last * impulse[pair.point];
            for (Index k = 0; k < d_; ++k) G_.data()[j * stride_ + k] += push * x[k];
        }
        move_weights(j);
    }
    preactivations(trial_.W.data(), p_, trial_.z.data());
}

// The stages inside a step need the kinks too: pairs that kept their share would hold the step at a third of
// its length in the tail.
void DenseCapture::stage(const double* impulse, double h, double* r) {
    move(impulse, h, 1);
    std::copy(trial_.r.begin(), trial_.r.end(), r);
}

void DenseCapture::response(const double* impulse, double* r) {
    drive(impulse, 0.0);
    for (Index j = 0; j < p_; ++j)
        for (const Touched& pair : now_.touched[at(j)]) trial_.z.data()[j * ldz_ + pair.point] = 0.0;
    outer_weights();
    evaluate_outputs(trial_);
    std::copy(trial_.r.begin(), trial_.r.end(), r);
}

void DenseCapture::attempt(const double* impulse, double h, int substeps) {
    move(impulse, h, substeps);
}

// Pairs that cross only because others were held or let go are left to the next step: looking again and again
// until there are none takes half as much time more and gives the same errors.
void DenseCapture::move(const double* impulse, double h, int substeps) {
    drive(impulse, h);
    std::fill_n(seen_.data(), seen_.size(), Word{0});
    for (Index j = 0; j < p_; ++j) {
        trial_.touched[at(j)] = now_.touched[at(j)];
        for (Touched& pair : trial_.touched[at(j)]) {
            pair.share = pair.last;
            seen_.data()[j * blocks_ + pair.point / kBlockPoints] |= Word{1} << (pair.point % kBlockPoints);
        }
    }
    shared((p_ + kChunk - 1) / kChunk, [&](Index chunk) {
        for (Index j = chunk * kChunk; j < std::min((chunk + 1) * kChunk, p_); ++j)
            moved_[at(j)] = meet_kinks(j, impulse, substeps);
    });
    refresh();
    close();
}

void DenseCapture::move_weights(Index j) {
    const double factor = middle_[at(j)] / static_cast<double>(n_);
    const double *w = now_.W.data() + j * stride_, *g = G_.data() + j * stride_;
    double* next = trial_.W.data() + j * stride_;
    for (Index k = 0; k < stride_; ++k) next[k] = w[k] + factor * g[k];
}

// Adds the pairs whose z changes sign to the touched ones.
void DenseCapture::find_crossings(Index j) {
    for (Index b = 0; b < blocks_; ++b) {
        const Word before = now_.masks.data()[b * p_ + j];
        Word fresh = (before ^ signs_.data()[j * blocks_ + b]) & ~seen_.data()[j * blocks_ + b];
        for (; fresh != 0; fresh &= fresh - 1) {
            const int bit = __builtin_ctzll(fresh);
            const double share = static_cast<double>((before >> bit) & 1);
            trial_.touched[at(j)].push_back({static_cast<int>(b * kBlockPoints) + bit, share, share, false});
        }
    }
}

// Solves the pairs of neuron j that change side or rest; true if it moved.
bool DenseCapture::meet_kinks(Index j, const double* impulse, int substeps) {
    kernel_.signs(trial_.z.data() + j * ldz_, blocks_, signs_.data() + j * blocks_, 1);
    find_crossings(j);
    if (trial_.touched[at(j)].empty()) return false;
    const NeuronPath path{now_.W.data() + j * stride_, now_.z.data() + j * ldz_, G_.data() + j * stride_,
                          middle_[at(j)] / static_cast<double>(n_)};
    solvers_[at(j / kChunk)].solve(trial_.touched[at(j)], path, impulse, substeps);
    move_weights(j);
    return true;
}

// Pre-activations of the neurons that were moved.
void DenseCapture::refresh() {
    std::vector<Index> moved;
    for (Index j = 0; j < p_; ++j)
        if (moved_[at(j)]) moved.push_back(j);
    for (std::size_t l = 0; l < moved.size(); ++l)
        std::copy_n(trial_.W.data() + moved[l] * stride_, stride_,
                    picked_W_.data() + static_cast<Index>(l) * stride_);
    preactivations(picked_W_.data(), static_cast<Index>(moved.size()), picked_z_.data());
    for (std::size_t l = 0; l < moved.size(); ++l)
        std::copy_n(picked_z_.data() + static_cast<Index>(l) * ldz_, ldz_, trial_.z.data() + moved[l] * ldz_);
}

// Pairs at rest are put on their kinks, the others forgotten; then a, r.
void DenseCapture::close() {
    for (Index j = 0; j < p_; ++j) {
        auto& touched = trial_.touched[at(j)];
        touched.erase(
            std::remove_if(touched.begin(), touched.end(), [](const Touched& pair) { return !pair.rests; }),
            touched.end());
        for (const Touched& pair : touched) trial_.z.data()[j * ldz_ + pair.point] = 0.0;
    }
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
            a = std::copysign(std::sqrt(invariant_[at(j)] + square(next, d_)), before);
        } else {
            double work = 0;
            for (Index k = 0; k < d_; ++k) work += 0.5 * (w[k] + next[k]) * g[k];
            a = before + work / static_cast<double>(n_);
        }
    }
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

void DenseCapture::accept(double h) {
    for (Index j = 0; j < p_; ++j) rate_[at(j)] = (trial_.a.data()[j] - now_.a.data()[j]) / h;
    std::swap(now_, trial_);
    velocity_sq_ = -1;
}

// From the shares of an instant, not from differences of the state.
void DenseCapture::take_velocity() {
    std::vector<double> impulse = now_.r;
    for (double& q : impulse) q *= kInstant;
    move(impulse.data(), kInstant, 0);
    const double scale = 1.0 / (static_cast<double>(n_) * kInstant);
    velocity_sq_ = 0;
    for (Index j = 0; j < p_; ++j) {
        const double *w = now_.W.data() + j * stride_, *g = G_.data() + j * stride_;
        double work = 0;
        for (Index k = 0; k < d_; ++k) work += w[k] * g[k];
        const double a = now_.a.data()[j] * scale;
        rate_[at(j)] = work * scale;
        velocity_sq_ += a * a * square(g, d_) + rate_[at(j)] * rate_[at(j)];
    }
}

double DenseCapture::velocity_sq() {
    if (velocity_sq_ < 0) take_velocity();
    return velocity_sq_;
}

std::int64_t DenseCapture::n_active() const {
    std::int64_t count = 0;
    for (Index w = 0; w < now_.masks.size(); ++w) count += __builtin_popcountll(now_.masks.data()[w]);
    return count;
}

std::int64_t DenseCapture::at_kinks() const {
    std::size_t count = 0;
    for (const auto& touched : now_.touched) count += touched.size();
    return static_cast<std::int64_t>(count);
}

double DenseCapture::dead_label_sq() const {
    const Problem<double>& problem = inputs_->problem();
    double sum = 0;
    for (Index i = 0; i < n_; ++i) {
        bool able = false;
        for (Index j = 0; j < p_ && !able; ++j) {
            const bool fixed = invariant_[at(j)] >= 0.0 && now_.a.data()[j] * problem.y[i] < 0.0;
            able = now_.z.data()[j * ldz_ + i] > 0.0 && !fixed;
        }
        if (!able) sum += problem.y[i] * problem.y[i];
    }
    return sum;
}

NeuronFacts DenseCapture::neurons() const {
    NeuronFacts facts;
    for (Index j = 0; j < p_; ++j) {
        facts.w_sq.push_back(square(now_.W.data() + j * stride_, d_));
        facts.a.push_back(now_.a.data()[j]);
    }
    return facts;
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

}  // namespace pl
