#include "flow/step.hpp"

#include <algorithm>
#include <cmath>

#include "flow/at_rest.hpp"
#include "flow/polynomial.hpp"
#include "flow/step_size.hpp"

namespace pl {
namespace {

constexpr SeveralTerms kSeveral{0.1, 2, 8.0, 4};
// Of the least that is shown of sum r^2. A long stabilised step damps the fastest modes by little, so that up
// to there their residuals may be its own rounding: no row is told right behind one. Shorter and shorter
// ones, then Taylor steps, come to it.
constexpr double kRaw = 1e6;
constexpr double kClean = 40.0;  // times of the fastest mode before a row

}  // namespace

FlowStep::FlowStep(const FlowParts& parts, Journal& journal, const FlowState& state,
                   const Verdict<double>& verdict, const FlowOptions& options, const Poll& poll)
    : in_(parts.inputs),
      pairs_(parts.pairs),
      jets_(parts.jets),
      switcher_(parts.switcher),
      cells_(parts.cells),
      alone_(parts.alone),
      quiet_(parts.quiet),
      journal_(journal),
      state_(state),
      verdict_(verdict),
      options_(options),
      poll_(poll),
      natural_(highest_order(options)),
      search_(in_, parts.pairs, jets_, parts.noise, parts.near, options, parts.crew),
      levels_(verdict, state, jets_, options.rtol, [this] { return cut(); }),
      grazes_(in_, parts.pairs),
      stabilised_(jets_, in_.p, options, [this] { return !ask(); }),
      several_(in_, in_.p, options, kSeveral) {}

// Before there was a first state it was whoever made it who asked.
void FlowStep::begin() {
    jets_.watch(asked_);
    cells_.watch(asked_);
    search_.watch(asked_);
}

void FlowStep::start(const FlowPast& past) {
    begin();
    t_ = past.t;
    lowest_ = jets_.residual_sq();
    start_ = past.begins() ? lowest_ : past.start;
}

void FlowStep::go_on(const FlowPast& past) {
    begin();
    t_ = past.t;
    lowest_ = past.lowest;
    start_ = past.start;
    last_order_ = past.order;
    several_.go_on(past);
}

void FlowStep::leave(FlowPast& past) const {
    past.t = t_;
    past.lowest = lowest_;
    past.start = start_;
    past.order = last_order_;
    several_.leave(past);
    past.count.spectral_radius = stabilised_.radius();
}

bool FlowStep::ask() {
    cancelled_ = cancelled_ || (poll_ && poll_());
    const bool moved = options_.past.begins() || t_ > options_.past.t;
    late_ = late_ || (moved && Verdict<double>::Clock::now() >= verdict_.deadline());
    return cut();
}

bool FlowStep::advance(double goal) {
    const double before = state_.sum_r2(), left = goal - t_;
    goal_ = goal;
    landed_on_event_ = false;
    passed_.reset();
    if (cells_.on() && cell_advance(before, left)) return true;
    if (cut()) return false;
    double within = quiet_.choose();
    if (at_rest(in_, pairs_, jets_, t_)) {
        jets_.stand();
        return taylor_advance(before, left, within);
    }
    if (stabilised_.on()) {
        quiet_.forget();
        if (stabilised_advance(before, left)) return true;
        within = quiet_.choose();
    }
    if (several_.due() && several_advance(before, left, within)) return true;
    return taylor_advance(before, left, within);
}

bool FlowStep::taylor_advance(double before, double left, double within) {
    double sum = 0.0;
    if (!attempt(before, left, within, sum)) return false;
    if (quiet_.any() && !follow_alone(h_, {})) {
        if (cut()) return fail(failed_);
        quiet_.forget();
        jets_.drop();
        if (!attempt(before, left, left, sum)) return false;
    }
    if (!prepare_landing()) return fail(failed_);
    if (const auto within = levels_.noted(before, sum, h_)) passed_ = t_ + *within;
    keep(sum, left);
    land();
    return true;
}

// A Taylor step of at most `within`, not taken yet, and sum r^2 at its end. False if there is none.
bool FlowStep::attempt(double before, double left, double within, double& sum) {
    if (cut() || !plan(std::min(left, within))) return false;
    sum = descend(before);
    if (cut()) return fail(failed_);
    if (!(sum <= lowest_ + rounding(before))) return fail(no_step(std::isfinite(sum)));
    const double level = levels_.ending(before, sum);
    constexpr double kBelow = 1.0 - 1e-12;  // a little below: it is passed
    if (level >= 0.0) sum = levels_.cut_at(level * kBelow, before, sum, h_);
    if (cut()) return fail(failed_);
    if (options_.watch != nullptr) {
        watched_ = watch_ends();
        sum = jets_.attempt(h_);
        if (cut()) return fail(failed_);
    }
    return true;
}

// Where in the step that is about to be taken the run is to end, if the watch says so.
bool FlowStep::watch_ends() {
    const double whole = h_;
    h_ = options_.watch->along(t_, whole,
                               [this](double h, double* W, double* a) { jets_.state_within(h, W, a); });
    return h_ < whole;
}

// What is long of a landing where neurons are many, while the step can still be left: passes of kinks, and
// the gradients at its end. False: cut off, and it is left.
bool FlowStep::prepare_landing() {
    while (!events_.empty() && events_.back().t > h_ * (1.0 + 1e-12)) events_.pop_back();
    if (!grazes_.note(jets_, h_, events_, {}, asked_)) return false;
    if (quiet_.any()) {
        alone_.place();
        jets_.trial_residual_sq();
    }
    if (!cut() && jets_.evaluate_trial_gradient()) return true;
    if (quiet_.any()) alone_.remove();
    return false;
}

// The state that was attempted last is the present one; what switches there.
void FlowStep::land() {
    jets_.accept();
    if (quiet_.any()) alone_.keep();
    for (const Event& e : events_) {
        landed_on_event_ |= e.kind == EventKind::kCross || e.kind == EventKind::kOuterZero;
    }
    quiet_.forget();
    switcher_.apply(t_, events_);
    several_.ordinary(h_, landed_on_event_);
    jets_.first();
    journal_.accepted(Journal::Step::kTaylor);
}

// The order is raised until an event or the horizon is within the trusted step, at most to the natural order.
bool FlowStep::plan(double left) {
    const int lowest = options_.order > 0 ? natural_ : std::max(2, std::min(last_order_ - 1, natural_));
    double whole = 0.0;  // the step, were there no events
    for (bool more = jets_.order() < lowest;; more = true) {
        if (ask()) return false;
        if (more) jets_.extend();
        if (cut()) return fail(failed_);
        const int order = jets_.order();
        if (order < lowest) continue;
        h_ = std::min({trusted_step(jets_, in_.p, options_.rtol, options_.atol), left, options_.max_step});
        events_ = search_.search(t_, h_, switcher_.sign());
        if (cut()) return fail(failed_);
        whole = h_;
        if (!events_.empty()) h_ = std::min(h_, events_.front().t);
        if (!events_.empty() || h_ >= left || order >= natural_) break;
    }
    last_order_ = jets_.order();
    // no step that can be told from none: rates have overflowed, or are beyond what the time can resolve
    if (events_.empty() && !(t_ + h_ > t_)) return fail(no_step(std::isfinite(jets_.norm(jets_.order()))));
    const bool trusted =
        whole < std::min(left, options_.max_step) && search_.weigh_nothing(events_, whole, switcher_.sign());
    if (trusted && options_.stabilised && options_.order == 0) stabilised_.compare(t_, h_);
    return true;
}

// One step of the cells, within which nothing is decided; false if there is none: the state is given back.
bool FlowStep::cell_advance(double before, double left) {
    if (ask()) return false;
    double sum = 0.0;
    for (;;) {
        sum = cells_.attempt(t_, std::min(left, options_.max_step), h_, last_order_);
        if (cut()) return false;
        const bool moves = t_ + h_ > t_ || cells_.meets_event();
        if (moves && sum <= lowest_ + rounding(before) && levels_.any(before, sum) < 0.0) break;
        journal_.rejected();
        if (!cells_.holds_several()) {
            cells_.give_back();
            return false;
        }
        cells_.refuse();
    }
    if (options_.watch != nullptr) {
        const double whole = h_;
        h_ = options_.watch->along(t_, whole,
                                   [this](double h, double* W, double* a) { cells_.state_within(h, W, a); });
        watched_ = h_ < whole;
        if (watched_) sum = cells_.end_at(h_);
    }
    if (double* to = journal_.piece(t_, h_, last_order_)) cells_.write_polynomial(to);
    lowest_ = std::min(lowest_, sum);
    t_ = h_ >= left ? goal_ : t_ + h_;
    cells_.accept(t_);
    landed_on_event_ = cells_.landed_on_event();
    journal_.accepted(Journal::Step::kCells);
    return true;
}

// One stabilised step, within which nothing happens; false if there is none that gains over Taylor steps.
bool FlowStep::stabilised_advance(double before, double left) {
    while (stabilised_.on()) {
        const double most = std::min(left, options_.max_step);
        Index rejected = 0;
        const double sum = stabilised_.attempt(t_, most, switcher_.sliding() > 0, h_, rejected);
        journal_.rejected(rejected);
        if (std::isnan(sum)) {
            jets_.drop();
            return false;
        }
        const auto& events = search_.search_clear(t_, h_, switcher_.sign());
        const double level = levels_.any(before, sum);
        const bool raw = h_ >= left && sum <= kRaw * shown_sq(in_, jets_);
        if (!raw && events.empty() && level < 0.0 && sum <= lowest_ + rounding(before)) {
            return stabilised_keep(sum, left);
        }
        const bool event = !events.empty(),
                   back = event && search_.comes_back(events.front(), h_, switcher_.sign());
        journal_.rejected();
        jets_.drop();
        if (raw)
            stabilised_.retreat(t_, left - kClean / stabilised_.radius());
        else if (event && !back)
            stabilised_.retreat(t_, events.front().t);
        else if (!event && level >= 0.0)  // as if the fall were exponential
            stabilised_.retreat(t_, h_ * std::log(before / level) / std::log(before / sum));
        else
            stabilised_.shorten(h_);
    }
    return false;
}

// Nothing happens in it but what the watch finds: the field at the end, known already, is of no use then.
bool FlowStep::stabilised_keep(double sum, double left) {
    if (options_.watch != nullptr) {
        watched_ = watch_ends();
        sum = jets_.attempt(h_);
        if (cut() || !jets_.evaluate_trial_gradient()) return fail(failed_);
    }
    if (!grazes_.note(jets_, h_, {}, {}, asked_)) return fail(failed_);
    keep(sum, left);
    if (options_.watch == nullptr) {
        jets_.accept_proposed();
    } else {
        jets_.accept();
    }
    jets_.first();
    journal_.accepted(Journal::Step::kStabilised);
    return true;
}

// The step is taken; its polynomial is still there.
void FlowStep::keep(double sum, double left) {
    if (double* to = journal_.piece(t_, h_, jets_.order())) jets_.write_polynomial(to);
    lowest_ = std::min(lowest_, sum);
    t_ = h_ >= left ? goal_ : t_ + h_;
}

bool FlowStep::fail(Status status) {
    failed_ = status;
    quiet_.forget();
    jets_.drop();
    return false;
}

}  // namespace pl
