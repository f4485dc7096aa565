#include "flow/stabilised.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "flow/step_size.hpp"

namespace pl {
namespace {

constexpr double kStiff = 0.3;   // h rho / order of a Taylor step above which stability may bound it
constexpr double kQuiet = 4.0;   // Taylor steps without an event before a trial
constexpr double kNearer = 0.9;  // of the way to an event
constexpr double kCautious = 0.8, kShrink = 0.1, kGrow = 5.0;
constexpr double kTrialMargin = 0.3, kTrialGrowth = 1.1;
constexpr double kOpening = 1.0;  // h rho of the first steps: two stages then halve the fastest modes
constexpr double kMostStretch = 0.01;
constexpr int kOpeningSteps = 8, kTrial = 12, kLongestPause = 256;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Stabilised::Stabilised(Jets& jets, int p, const FlowOptions& options, std::function<bool()> alive)
    : jets_(jets),
      neurons_(p),
      options_(options),
      field_([this, alive = std::move(alive)](const double* y, double* f) {
          return alive() && jets_.velocity(y, f);
      }),
      restore_([this](double* y) { jets_.restore(y); }) {}

bool Stabilised::gains(double h, double margin) const {
    const int stages = stages_for(SpectralRadius::kSafety * radius_ * h);
    return stages <= kMostStages && h > margin * per_evaluation_ * (stages + slopes_);
}

// k c_k is c_{k-1} times the Jacobian, up to the field's curvature: the last two coefficients bound the
// spectral radius from below, closely where the fastest modes matter, for nothing. What a stabilised step
// would reach they do not tell: at the edge of stability the low coefficients, too, are full of fast modes,
// small against the tolerance but not against the step's displacement. Hence a trial, which opens with a few
// steps that damp them.
void Stabilised::compare(double t, double h) {
    const int order = jets_.order();
    per_evaluation_ = h / order;
    if (on_ || order < 3 || t < ahead_ || t - event_ < kQuiet * h) return;
    const double radius = order * jets_.norm(order) / jets_.norm(order - 1) / jets_.unit();
    if (!(radius * h > kStiff * order) || --pause_ > 0) return;
    on_ = true;
    taken_ = 0;
    age_ = kLifetime;
    radius_ = radius;
    lag_ = 0.0;
    h_ = kOpening / radius;
    y_.resize(at(jets_.size()));
    jets_.pack(order, y_.data());
    spectrum_.start_from(y_);
}

bool Stabilised::estimate_radius() {
    radius_ = spectrum_.estimate(field_, y_.data(), f_.data(), size_of(y_));
    age_ = 0;
    return radius_ >= 0.0;
}

// A step that has grown beyond what the most stages allow would not be taken until the end of the run, or an
// event, is near.
void Stabilised::stay_stable() {
    h_ = std::min(h_, longest_ / (SpectralRadius::kSafety * radius_));
}

// Order 2 falls behind what decays at one rate, as a tail does at its slowest, by the same share of each
// e-folding: of twenty of them some percent. What the step before fell behind by along its way is added to
// this one.
double Stabilised::stretch(double h) const {
    return std::clamp(lag_ * h * h, -kMostStretch, kMostStretch);
}

double Stabilised::attempt(double t, double left, bool sliding, double& h, Index& rejected) {
    const bool close = t < ahead_ && kNearer * (ahead_ - t) < left;
    const double most = close ? kNearer * (ahead_ - t) : left;
    slopes_ = sliding ? 1 : 0;
    stay_stable();
    if (!worth(most, close)) return kNaN;
    y_.resize(at(jets_.size()));
    f_.resize(at(jets_.size()));
    jets_.pack(0, y_.data());
    jets_.pack(1, f_.data());
    double growth = 0.0;
    while (growth < 1.0) {
        if (age_ >= kLifetime && !estimate_radius()) return kNaN;
        stay_stable();
        if (!worth(most, close)) return kNaN;
        h = std::min(h_, most);
        const int stages = stages_for(SpectralRadius::kSafety * radius_ * h);
        if (!rkc_.step(field_, y_.data(), f_.data(), size_of(y_), h, stages, restore_, stretch(h)))
            return kNaN;
        growth = growth_by_tolerance(jets_, rkc_, neurons_, options_.rtol, options_.atol);
        const double decay = growth_by_decay(jets_, rkc_, options_.rtol, h * radius_);
        const bool opening = taken_ < kOpeningSteps;
        growth = std::min(growth, opening ? std::max(decay, 1.0 / kCautious) : decay);
        if (std::isnan(decay)) growth = 0.0;  // the step overflowed
        follow(h, growth);
        rejected += growth < 1.0 ? 1 : 0;
    }
    if (sliding) jets_.extend();
    return jets_.propose(rkc_.y1(), rkc_.f1(), h);
}

// Is the next step, cut to `most`, better than Taylor steps? Less will do in a trial. If what cuts it is an
// event, those take over until it is past; if nothing does, for longer.
bool Stabilised::worth(double most, bool close) {
    if (gains(std::min(h_, most), taken_ < kTrial ? kTrialMargin : 1.0)) return true;
    if (h_ <= most)
        leave();
    else if (close)
        on_ = false;
    return false;
}

void Stabilised::follow(double h, double growth) {
    const double next = h * std::clamp(kCautious * growth, kShrink, kGrow);
    if (growth < 1.0) {
        h_ = next;
        if (age_ > 0) age_ = kLifetime;  // perhaps the field has become faster
        return;
    }
    lag_ =
        std::abs(rkc_.lag()) <= kMostStretch ? rkc_.lag() / (h * h) : 0.0;  // beyond, or NaN: not of one rate
    h_ = h < h_ ? std::max(h_, next) : next;  // a step cut short says nothing against longer ones
    ++age_;
    ++taken_;
    // a trial whose steps do not grow has nothing to damp
    const bool stuck = taken_ > kOpeningSteps && next < kTrialGrowth * h && !gains(h, 1.0);
    if (stuck) taken_ = std::max(taken_, kTrial);
}

void Stabilised::retreat(double t, double within) {
    ahead_ = t + within;
    if (!(ahead_ > t)) leave();  // at once: Taylor steps sort it out
}

// Each trial in vain makes the next one later.
void Stabilised::leave() {
    on_ = false;
    if (taken_ > kTrial) next_pause_ = kFirstPause;
    pause_ = next_pause_;
    next_pause_ = std::min(2 * next_pause_, kLongestPause);
}

}  // namespace pl
