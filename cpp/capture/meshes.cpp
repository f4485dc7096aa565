#include "capture/meshes.hpp"

#include <algorithm>
#include <cmath>

#include "capture/orthogonal.hpp"

namespace pl {
namespace {

constexpr double kGain = 2.5;  // of halving the step, for the error of the loss
// ndp, or np of orthogonal inputs: below, a sweep takes under a millisecond, and a team costs more than it
// saves as soon as a core is busy.
constexpr double kWorthSharing = 2e7;
constexpr int kHalvings = 12;  // of a fine step whose loss would rise
constexpr int kTries = 40;     // of a coarse step
// A step whose loss would rise says nothing of its local error, which would have the next one doubled: the
// length that failed is come near only step by step. In the tail of n = 4000 every step had two such
// attempts, each of 30 stages, before it.
constexpr double kCeilingGrowth = 1.1, kBelowCeiling = 0.8;
constexpr double kAccepted = 2.0;  // local error over its tolerance: the meshes decide in the end

// Shares of pairs are in single precision: at a state of rest what they leave moves the loss by as much
// either way, and no step would be short enough. The coarse mesh only serves the estimate.
constexpr double kFineSlack = 1e-12, kCoarseSlack = 1e-8;

bool rises(double before, double after, double slack) {
    return !(after <= before * (1 + slack));
}

}  // namespace

Meshes::Meshes(const Problem<double>& problem, int threads)
    : problem_(problem),
      inputs_(problem.X != nullptr ? std::make_shared<CaptureInputs>(problem, threads) : nullptr),
      fine_(make(threads)),
      coarse_(make(threads)) {}

Meshes::Mesh Meshes::make(int threads) const {
    const double work = static_cast<double>(problem_.n) * static_cast<double>(problem_.p) *
                        static_cast<double>(inputs_ ? problem_.d : 1);
    const int team = work < kWorthSharing ? 1 : threads;
    return {model(team), team};
}

std::unique_ptr<CaptureModel> Meshes::model(int team) const {
    if (inputs_) return std::make_unique<DenseCapture>(inputs_, team);
    return std::make_unique<OrthogonalCapture>(problem_, team);
}

double Meshes::advance(double H, double tolerance, double rise) {
    CaptureModel& coarse = *coarse_.model;
    fine_.step.refresh();
    coarse_.step.follow(fine_.step);
    // beyond, stages would be paid for what damping does for nothing
    if (coarse_.step.damped() && coarse_.step.adams_reach() > 0) H = std::min(H, coarse_.step.adams_reach());
    for (int tries = 0;; ++tries) {
        coarse_.step.attempt(H);
        const double before = coarse.sum_r2(), after = coarse.trial_sum_r2();
        // what the local error of the impulse does to log L, at most
        const double drop = after > 0 && before > 0 ? std::abs(std::log(before / after)) : 1.0;
        const double error = coarse_.step.error() * drop / tolerance;
        const double factor = std::clamp(0.9 / std::cbrt(std::max(error, 1e-9)), 0.3, 2.0);
        const bool up = rises(before, after, std::max(rise, kCoarseSlack)), good = error <= kAccepted && !up;
        if (good || tries == kTries) {
            next_ = factor < 1 ? H * factor : std::max(next_, H * factor);
            ceiling_ *= kCeilingGrowth;
            next_ = std::min(next_, kBelowCeiling * ceiling_);
            break;
        }
        ++rejected_;
        if (up) ceiling_ = H;
        H *= std::isfinite(factor) ? std::min(factor, 0.7) : 0.3;
        next_ = H;
    }
    coarse_.step.accept(H);
    marks_.assign(1, {0.0, fine_.model->sum_r2()});
    half(0.5 * H, 0);
    half(0.5 * H, 0);
    return H;
}

// The fine mesh over h; in two where the loss would rise.
void Meshes::half(double h, int depth) {
    CaptureModel& fine = *fine_.model;
    fine_.step.attempt(h);
    if (rises(fine.sum_r2(), fine.trial_sum_r2(), kFineSlack) && depth < kHalvings) {
        ++rejected_;
        half(0.5 * h, depth + 1);
        half(0.5 * h, depth + 1);
        return;
    }
    speed_sq_ = fine.trial_travel_sq() / (h * h);
    fine_.step.accept(h);
    ++accepted_;
    marks_.push_back({marks_.back().t + h, fine.sum_r2()});
}

// An order of 2 would make the difference three times the error, an order of 1 as large; where a branch is
// decided by one kink there is no order.
double Meshes::error() const {
    const double fine = fine_.model->sum_r2(), off = std::abs(fine - coarse_.model->sum_r2());
    if (off == 0) return 0;
    return fine > 0 ? off / (kGain * fine) : 1;
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
