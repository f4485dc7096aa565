#include "capture/meshes.hpp"

#include <algorithm>
#include <cmath>

#include "capture/attempts.hpp"
#include "capture/explicit_step.hpp"
#include "capture/exponential_step.hpp"
#include "capture/orthogonal.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

// Of halving the step, for the error of the loss; of dense inputs the method has its order.
constexpr double kGain = 2.5, kDenseGain = 3.0;
// Of orthogonal inputs, where neurons that the loss does not see hold the steps: their abar_j is of order 3.
constexpr double kUnseenGain = 7.0;
// By so many tolerances of log L such a neuron may be off in a step: hundreds of steps then add up to a third
// of rtol at most (of 200 random starts of scale 0.3 to 1e-9; a twentieth in the median).
constexpr double kUnseenShare = 30.0;
constexpr double kHalfLocal = 0.125;  // of the local error of a step, that of its half
// ndp, or np of orthogonal inputs: below, a sweep takes under a millisecond, and a team costs more than it
// saves as soon as a core is busy.
constexpr double kWorthSharing = 2e7;
constexpr int kHalvings = 12;       // of a fine step whose loss would rise
constexpr Index kMostParts = 1000;  // into which it is taken; of 3000 small problems none took more than 24
constexpr double kMostRise = 1e-6;  // of its loss: more is no rounding, however short the step
// A step whose loss would rise says nothing of its local error, which would have the next one doubled: the
// length that failed is come near only step by step; but it may have been one kink's, and is not held for
// long.
constexpr double kCeilingGrowth = 1.4, kBelowCeiling = 0.8;
constexpr int kUnknown = 8;  // steps whose error is only estimated from its bound
constexpr double kFirst = 1e-3;
constexpr double kSpan = 1.0;      // of the tolerance, to which an impulse is known
constexpr double kAccepted = 2.0;  // local error over its tolerance: the meshes decide in the end

// By so much of itself the loss may rise in a step. Of the leading mesh: shares of pairs are in single
// precision, and what they leave moves the loss of a state at rest by as much either way; no step would be
// short enough. A coarse mesh leads, too: it only serves the estimate.
constexpr double kLeadSlack = 1e-9, kFineSlack = 1e-12;
constexpr double kNothing = std::numeric_limits<double>::infinity();  // was shown by a longer step

// No step is shorter than what changes the time, nor than what has a half.
bool too_short(double t, double h) {
    constexpr double kLeast = 1e-300;
    return !(h > kLeast && t + h > t);
}

}  // namespace

Meshes::Meshes(const Problem<double>& problem, int threads, const Cut& cut, StepWatch* watch)
    : problem_(problem),
      cut_(cut),
      watch_(watch),
      inputs_(problem.X != nullptr ? std::make_shared<CaptureInputs>(problem, threads, cut) : nullptr),
      fine_(make(threads)),
      largest_norm_(problem.largest_norm()),
      largest_label_(problem.largest_label()) {
    if (two_meshes(problem)) coarse_.emplace(make(threads));
}

Meshes::Mesh Meshes::make(int threads) const {
    const double work = static_cast<double>(problem_.n) * static_cast<double>(problem_.p) *
                        static_cast<double>(inputs_ ? problem_.d : 1);
    const int team = work < kWorthSharing ? 1 : threads;
    if (inputs_) {
        auto dense = std::make_unique<DenseCapture>(inputs_, team, cut_);
        auto step = std::make_unique<ExponentialStep>(*dense, cut_);
        return {std::move(dense), std::move(step)};
    }
    auto orthogonal = std::make_unique<OrthogonalCapture>(problem_, team, cut_);
    auto step = std::make_unique<ExplicitStep>(*orthogonal, team, cut_);
    return {std::move(orthogonal), std::move(step)};
}

double Meshes::rounding_of(const CaptureModel& model) const {
    const double p = static_cast<double>(problem_.p), n = static_cast<double>(problem_.n);
    const double width = inputs_ ? static_cast<double>(problem_.d) : 4.0;
    const double terms = output_size(model.neurons());
    const double r = residual_noise(width, largest_label_, largest_norm_, terms, p);
    return 2.0 * r * std::sqrt(n * model.sum_r2()) + n * r * r;
}

double Meshes::rounding_beside() const {
    const double terms =
        largest_norm_ * output_size(fine_.model->neurons()) / static_cast<double>(problem_.p);
    return nothing_beside(terms, largest_label_) ? std::min(rounding() / fine_.model->sum_r2(), 1.0) : 0.0;
}

// Whether the trial's loss, and what of it pairs at rest hide beyond what they hid, is above the state's by
// more than `slack`, relative, and by more than rounding.
bool Meshes::rises(const Mesh& mesh, double slack) const {
    return above(*mesh.model, slack, std::max(mesh.model->trial_excess() - mesh.excess, 0.0));
}

bool Meshes::above(const CaptureModel& model, double slack, double more) const {
    const double before = model.sum_r2(), after = model.trial_sum_r2() + more;
    if (after <= before * (1 + slack)) return false;
    return !(after <= before * (1 + slack) + rounding_of(model));
}

// Of a trial that rises: whether it only shows what pairs at rest had hidden, and so much already at a longer
// step (`shown`) that no shorter one would show less.
bool Meshes::only_shows(const Mesh& mesh, double slack, double& shown) const {
    if (above(*mesh.model, slack, mesh.model->trial_excess() - mesh.excess)) return false;
    const double longer = shown;
    shown = mesh.model->trial_sum_r2();
    return shown >= longer;
}

// There is no step to be taken; why.
bool Meshes::stop(const CaptureStep& step) {
    const bool cut = cut_ && cut_();
    stuck_ = cut ? Status::kInterrupted : no_step(step.finite());
    return false;
}

double Meshes::advance(double t, double H, const Allowed& allowed) {
    stuck_ = Status::kHorizon;
    marks_.assign(1, {0.0, fine_.model->sum_r2()});
    standing_ = standing_ || (accepted_ > 0 && fine_.model->stands(t, speed_sq_));
    if (standing_) return stand(t, H);
    fine_.step->refresh();
    if (coarse_) {
        coarse_->step->follow(*fine_.step);
        H = std::min(H, coarse_->step->longest_cheap());
    }
    H = std::min(H, fine_.step->longest());
    if (!lead_step(t, H, allowed)) return marks_.back().t;
    if (!coarse_) return H;
    return half(t, 0.5 * H, allowed, 0, kNothing) && half(t, 0.5 * H, allowed, 0, kNothing) ? H
                                                                                            : marks_.back().t;
}

// Of the mesh whose local error chooses the step: the only one, or the coarse one.
bool Meshes::lead_step(double t, double& H, const Allowed& allowed) {
    Mesh& lead = coarse_ ? *coarse_ : fine_;
    CaptureModel& model = *lead.model;
    const double slack = coarse_ ? std::max(allowed.rise, kLeadSlack) : kLeadSlack;
    double shown = kNothing;
    for (;;) {  // until the step is good or too short
        lead.step->attempt(H, fineness(H, allowed));
        if (cut_ && cut_()) return stop(*lead.step);
        const double error = judge(lead, allowed);
        if (cut_ && cut_()) return stop(*lead.step);
        const double factor = std::clamp(0.9 / std::cbrt(std::max(error, 1e-9)), 0.3, 2.0);
        const bool up = rises(lead, slack) && !only_shows(lead, slack, shown);
        if (error <= kAccepted && !up) {
            next_ = factor < 1 ? H * factor : std::max(next_, H * factor);
            ceiling_ *= kCeilingGrowth;
            next_ = std::min(next_, kBelowCeiling * ceiling_);
            break;
        }
        ++rejected_;
        if (up) ceiling_ = H;
        H *= std::isfinite(factor) ? std::min(factor, 0.7) : 0.3;
        next_ = H;
        if (too_short(t, 0.5 * H)) return stop(*lead.step);
    }
    speed_ = model.trial_motion() / H;
    drop_rate_ = fall_of(model) / H;
    if (!coarse_) return take(t, H);
    lead.excess = model.trial_excess();
    by_loss_ += local_;
    by_unseen_ += unseen_;
    lead.step->accept(H);
    return true;
}

// Of log L in the trial of the step; 1 where there is none.
double Meshes::fall_of(const CaptureModel& model) {
    const double before = model.sum_r2(), after = model.trial_sum_r2();
    return after > 0 && before > 0 ? std::abs(std::log(before / after)) : 1.0;
}

// To what part of itself the impulse of a step is to be known, so that it is off by little beside what the
// step may be.
double Meshes::fineness(double H, const Allowed& allowed) const {
    if (!inputs_) return 0.1 * allowed.tolerance;
    if (!(speed_ > 0.0)) return kSpan * std::min(allowed.tolerance, kFirst);
    // of order 2, it may be off by the square of how far neurons will move
    const double moved = std::min(speed_ * H, std::cbrt(allowed.motion));
    return kSpan * std::min(allowed.tolerance / std::min(1.0, drop_rate_ * H), moved * moved);
}

// The trial over what is allowed: what the local error of the impulse does to log L, at most; of dense inputs
// also what each neuron is off by, and how far they moved.
double Meshes::judge(Mesh& lead, const Allowed& allowed) {
    const double before = lead.model->sum_r2();
    const double share = before < allowed.floor ? before / allowed.floor : 1.0;
    const double weight = fall_of(*lead.model) * share;
    const double neuron = lead.model->trial_neuron_error() * share;
    if (!inputs_) {
        local_ = lead.step->error() * weight;
        unseen_ = neuron / kUnseenShare;
        return std::max(local_, unseen_) / allowed.tolerance;
    }
    const double motion = lead.model->trial_motion();
    const double other =
        std::max(motion * motion * motion * share / allowed.motion, neuron / allowed.tolerance);
    const double bound = lead.step->bound() * weight;
    local_ = bound * of_bound_;
    if (++since_known_ >= kUnknown || local_ > other * allowed.tolerance) {
        local_ = lead.step->error() * weight;
        of_bound_ = bound > 0.0 ? std::min(local_ / bound, 1.0) : 1.0;
        since_known_ = 0;
    }
    return std::max(other, local_ / allowed.tolerance);
}

// The fine mesh's trial from t over h is taken; h is less where the watch ends it on the way, and false the
// answer.
bool Meshes::take(double t, double& h) {
    CaptureModel& fine = *fine_.model;
    const bool ends = watch_ != nullptr && watched(t, h);
    if (cut_ && cut_()) return stop(*fine_.step);
    speed_sq_ = fine.trial_travel_sq() / (h * h);
    fine_.excess = fine.trial_excess();
    const double motion = fine.trial_motion();
    fine_.step->accept(h);
    told_.add(coarse_ ? kHalfLocal * local_ : local_, motion, fine.passes());
    ++accepted_;
    marks_.push_back({marks_.back().t + h, fine.sum_r2()});
    if (ends) stuck_ = Status::kEvent;
    return !ends;
}

// The fine mesh over h; in two where the loss would rise. False: stuck().
bool Meshes::half(double t, double h, const Allowed& allowed, int depth, double shown) {
    const double slack = inputs_ ? kLeadSlack : kFineSlack;
    if (too_short(t, h) || size_of(marks_) > kMostParts) return stop(*fine_.step);
    fine_.step->attempt(h, fineness(h, allowed));
    if (cut_ && cut_()) return stop(*fine_.step);
    const bool finite = fine_.step->finite();  // else the trial is none, and may seem good
    if (depth >= kHalvings && !finite) return stop(*fine_.step);
    const bool may_rise = depth >= kHalvings && !rises(fine_, kMostRise);
    if (!finite || (!may_rise && rises(fine_, slack) && !only_shows(fine_, slack, shown))) {
        ++rejected_;
        return half(t, 0.5 * h, allowed, depth + 1, shown) && half(t, 0.5 * h, allowed, depth + 1, kNothing);
    }
    const double start = t + marks_.back().t;
    if (take(start, h)) return true;
    if (stuck_ == Status::kEvent) mark_end(t, start + h);
    return false;
}

// What ends the run does not lie beyond the time reached, by rounding: t and the last mark make `end`, or
// more. The difference is exact, or as large as t is: then it is off by a rounding or two.
void Meshes::mark_end(double t, double end) {
    double& reached = marks_.back().t;
    reached = std::max(reached, end - t);
    while (t + reached < end) reached = std::nextafter(reached, kNothing);
}

// Whether the watch ends the fine mesh's step from t by h within it; h then is where.
bool Meshes::watched(double t, double& h) {
    CaptureStep& step = *fine_.step;
    const double whole = h;
    step.look_into(whole);
    h = watch_->along(t, whole, [&step](double s, double* W, double* a) {
        step.attempt_within(s);
        step.write_trial(W, a);
    });
    step.attempt_within(h);
    return h < whole;
}

double Meshes::fall() const {
    const double now = fine_.model->sum_r2();
    return start_ > 0.0 && now > 0.0 ? std::log(start_ / now) : 0.0;
}

// An order of 2 would make the difference three times the error, an order of 1 as large.
double Meshes::error() const {
    if (!coarse_) return told_.all(fall());
    const double fine = fine_.model->sum_r2(), off = std::abs(fine - coarse_->model->sum_r2());
    if (off == 0) return 0;
    return fine > 0 ? off / (gain() * fine) : 1;
}

double Meshes::gain() const {
    if (inputs_) return kDenseGain;
    const double all = by_loss_ + by_unseen_;
    return all > 0 ? (kGain * by_loss_ + kUnseenGain * by_unseen_) / all : kGain;
}

double Meshes::passage(double level) const {
    for (Index k = 1; k < size_of(marks_); ++k) {
        const double before = marks_[at(k - 1)].sum_r2, after = marks_[at(k)].sum_r2;
        if (before < level || after >= level) continue;
        const double share = std::log(before / level) / std::log(before / after);
        return marks_[at(k - 1)].t + (marks_[at(k)].t - marks_[at(k - 1)].t) * share;
    }
    return -1;
}

}  // namespace pl
