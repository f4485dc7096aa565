// The flow itself: a Taylor step as far as its polynomial may be trusted or up to the earliest event,
// whichever is first.
#include <algorithm>
#include <cmath>

#include "flow/events.hpp"
#include "flow/polynomial.hpp"
#include "flow/problem.hpp"
#include "flow/recorder.hpp"
#include "flow/stabilised.hpp"
#include "flow/step_size.hpp"
#include "flow/switching.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInstant = 1e-12;  // relative width of one instant, for counting bursts

class Flow {
  public:
    Flow(const FlowProblem& problem, const FlowOptions& options, const Poll& poll)
        : options_(options),
          poll_(poll),
          in_(problem),
          pairs_(problem.n, problem.d, problem.p, problem.X != nullptr),
          natural_(options.order > 0 ? std::min(options.order, kMaxOrder) : natural_order(options.rtol)),
          jets_(in_, pairs_, natural_),
          noise_(in_),
          near_(in_),
          switcher_(in_, pairs_, jets_, noise_, near_, result_, options.switches),
          search_(in_, pairs_, jets_, noise_, near_),
          stabilised_(jets_, problem.p, options, [this] { return !cancelled(); }),
          recorder_(problem, in_, options, result_),
          problem_(problem) {}

    FlowResult run() {
        begin();
        Status status;
        for (;;) {
            status = settle_releases();
            if (save_ < options_.save.size() && options_.save[save_] <= t_) {
                recorder_.row(t_, jets_, pairs_);
                ++save_;
            }
            status = std::min(status, recorder_.check(t_, jets_, pairs_));
            if (cancelled_) status = std::min(status, Status::kInterrupted);
            if (status != Status::kHorizon || t_ >= options_.t_end) break;
            if (!advance()) {
                status = cancelled_ ? Status::kInterrupted : failed_;
                break;
            }
        }
        result_.past.count.spectral_radius = stabilised_.radius();
        leave();
        recorder_.finish(t_, jets_, pairs_, status);
        return std::move(result_);
    }

  private:
    void begin() {
        const FlowPast& past = options_.past;
        result_.past = past;
        if (past.fresh()) {
            switcher_.start(0.0, problem_.W, problem_.a);
            recorder_.start(jets_);
            lowest_ = start_ = jets_.residual_sq();
            return;
        }
        switcher_.go_on(past, problem_.W, problem_.a);
        t_ = past.t;
        lowest_ = past.lowest;
        start_ = past.start;
        burst_start_ = past.burst_start;
        burst_ = past.burst;
        last_order_ = past.order;
    }

    // What begin() takes, at the state reached.
    void leave() {
        FlowPast& past = result_.past;
        past.count.rhs += jets_.evaluations();
        past.count.sliding_end = switcher_.sliding();
        switcher_.leave(past);
        past.t = t_;
        past.lowest = lowest_;
        past.start = start_;
        past.burst_start = burst_start_;
        past.burst = burst_;
        past.order = last_order_;
    }

    bool cancelled() { return cancelled_ = cancelled_ || (poll_ && poll_()); }

    // Sliding pairs whose multiplier has left [0, 1] at the state reached; counts events of one instant.
    Status settle_releases() {
        Status status = Status::kHorizon;
        bool event = landed_on_event_;
        while (switcher_.release(t_)) {
            event = true;
            jets_.evaluate_gradient();
            jets_.first();
            if (++burst_ > burst_limit()) return Status::kSwitchLimit;
        }
        if (event) {
            stabilised_.changed(t_);
            ++result_.past.count.events;
            if (t_ - burst_start_ > kInstant * std::max(1.0, t_)) {
                burst_start_ = t_;
                burst_ = 0;
            }
            if (++burst_ > burst_limit()) status = Status::kSwitchLimit;
        }
        landed_on_event_ = false;
        result_.past.count.sliding_max = std::max(result_.past.count.sliding_max, switcher_.sliding());
        noise_.follow(jets_);
        switcher_.follow_sign();
        return status;
    }

    int burst_limit() const { return 64 + 8 * (in_.n + in_.p); }

    double horizon() const { return save_ < options_.save.size() ? options_.save[save_] : options_.t_end; }

    // The order is raised until an event or the horizon is within the trusted step, at most to the natural
    // order.
    bool plan() {
        const double left = horizon() - t_;
        const int lowest = options_.order > 0 ? natural_ : std::max(2, std::min(last_order_ - 1, natural_));
        for (;;) {
            if (cancelled()) return false;
            jets_.extend();
            const int order = jets_.order();
            if (order < lowest) continue;
            h_ =
                std::min({trusted_step(jets_, in_.p, options_.rtol, options_.atol), left, options_.max_step});
            events_ = search_.search(t_, h_, switcher_.sign());
            if (!events_.empty()) h_ = std::min(h_, events_.front().t);
            if (!events_.empty() || h_ >= left || order >= natural_) break;
        }
        last_order_ = jets_.order();
        const bool trusted = events_.empty() && h_ < std::min(left, options_.max_step);
        if (trusted && options_.stabilised && options_.order == 0) stabilised_.compare(t_, h_);
        return true;
    }

    bool advance() {
        const double before = jets_.residual_sq(), left = horizon() - t_;
        if (stabilised_.on() && stabilised_advance(before, left)) return true;
        if (cancelled_ || !plan()) return false;
        double sum = descend(before);
        if (!(sum <= lowest_ + rounding(before)))
            return fail(std::isfinite(sum) ? Status::kStepLimit : Status::kNonFinite);
        const double level = recorder_.level_passed(before, sum);
        if (level >= 0.0) sum = cut_at(level * (1.0 - 1e-12), sum);  // a little below, so that it is passed
        note_criterion(before, sum);
        keep_time(sum, left);
        jets_.accept();
        jets_.evaluate_gradient();
        while (!events_.empty() && events_.back().t > h_ * (1.0 + 1e-12)) events_.pop_back();
        for (const Event& e : events_) {
            landed_on_event_ |= e.kind == EventKind::kCross || e.kind == EventKind::kOuterZero;
        }
        switcher_.apply(t_, events_);
        jets_.first();
        ++result_.past.count.accepted;
        return true;
    }

    // One stabilised step, within which nothing happens; false if there is none that gains over Taylor steps.
    bool stabilised_advance(double before, double left) {
        while (stabilised_.on()) {
            const double most = std::min(left, options_.max_step);
            const double sum =
                stabilised_.attempt(t_, most, switcher_.sliding() > 0, h_, result_.past.count.rejected);
            if (std::isnan(sum)) return false;
            const auto& events = search_.search_clear(t_, h_, switcher_.sign());
            const double level = level_within(before, sum);
            if (events.empty() && level < 0.0 && sum <= lowest_ + rounding(before)) {
                keep_time(sum, left);
                jets_.accept_proposed();
                jets_.first();
                ++result_.past.count.accepted;
                ++result_.past.count.stabilised_steps;
                return true;
            }
            ++result_.past.count.rejected;
            jets_.drop();
            if (!events.empty())
                stabilised_.retreat(t_, events.front().t);
            else if (level >= 0.0)  // as if the fall were exponential
                stabilised_.retreat(t_, h_ * std::log(before / level) / std::log(before / sum));
            else
                stabilised_.shorten();
        }
        return false;
    }

    // A level of sum r^2 passed in the step, at which something is decided or noted; negative if none.
    double level_within(double before, double sum) const {
        const double smallest = recorder_.smallest_label_sq();
        const bool noted = result_.past.criterion_time < 0.0 && before > smallest && sum < smallest;
        return std::max(recorder_.level_passed(before, sum), noted ? smallest : -1.0);
    }

    void keep_time(double sum, double left) {
        if (options_.dense) keep_piece();
        lowest_ = std::min(lowest_, sum);
        t_ = h_ >= left ? horizon() : t_ + h_;
    }

    // The flow's loss never rises: where it does, the step was too long, or the loss has reached its
    // rounding.
    double descend(double before) {
        const double planned = h_, slack = rounding(before);
        double sum = jets_.attempt(h_);
        const bool noise = sum <= lowest_ + slack;
        for (int tries = 1; !(sum <= lowest_ + 4.0 * kEps * start_) && tries <= 60; ++tries) {
            ++result_.past.count.rejected;
            if (noise && tries > 3) {
                h_ = planned;
                return jets_.attempt(h_);
            }
            h_ *= 0.5;
            sum = jets_.attempt(h_);
        }
        return sum;
    }

    // Noise of sum r^2: of the sum itself, and through r = y - h, of the terms of h.
    double rounding(double sum) const {
        double terms = 0.0;
        for (int j = 0; j < in_.p; ++j) terms += std::abs(jets_.a(0, j)) * jets_.w_norm(0, j);
        const double r =
            (16.0 + in_.d / 4.0) * kEps * (in_.largest_label() + in_.largest_norm() * terms / in_.p);
        return 4.0 * kEps * start_ + 2.0 * r * std::sqrt(in_.n * sum) + in_.n * r * r;
    }

    bool fail(Status status) {
        failed_ = status;
        jets_.first();
        return false;
    }

    double passage(double level) const {
        double lo = 0.0, hi = h_;
        for (int it = 0; it < 60 && hi - lo > 1e-15 * hi; ++it) {
            const double mid = 0.5 * (lo + hi);
            (jets_.residual_sq(mid) > level ? lo : hi) = mid;
        }
        return hi;
    }

    double cut_at(double level, double sum) {
        const double h = passage(level);
        if (!(h < h_ * (1.0 - 1e-12))) return sum;
        h_ = h;
        return jets_.attempt(h_);
    }

    void note_criterion(double before, double after) {
        const double level = recorder_.smallest_label_sq();
        if (result_.past.criterion_time < 0.0 && before > level && after < level)
            recorder_.note_crossing(t_ + passage(level));
    }

    void keep_piece() {
        const std::size_t pd = static_cast<std::size_t>(in_.p) * static_cast<std::size_t>(in_.d);
        const std::size_t size = pd + static_cast<std::size_t>(in_.p);
        DensePiece piece{t_, h_, jets_.order(),
                         std::vector<double>(size * (static_cast<std::size_t>(jets_.order()) + 1))};
        for (int k = 0; k <= jets_.order(); ++k) {
            double* to = piece.coeff.data() + static_cast<std::size_t>(k) * size;
            jets_.write_state(k, to, to + pd);
        }
        result_.pieces.push_back(std::move(piece));
    }

    const FlowOptions& options_;
    const Poll& poll_;
    FlowResult result_;
    Inputs in_;
    Pairs pairs_;
    int natural_;
    Jets jets_;
    Noise noise_;
    Near near_;
    Switcher switcher_;
    EventSearch search_;
    Stabilised stabilised_;
    Recorder recorder_;
    const FlowProblem& problem_;
    std::vector<Event> events_;
    double t_ = 0.0, h_ = 0.0, lowest_ = 0.0, start_ = 0.0, burst_start_ = -1.0;
    std::size_t save_ = 0;
    int last_order_ = 2, burst_ = 0;
    bool landed_on_event_ = false, cancelled_ = false;
    Status failed_ = Status::kHorizon;
};

}  // namespace

FlowResult flow(const FlowProblem& problem, const FlowOptions& options, const Poll& poll) {
    return Flow(problem, options, poll).run();
}

}  // namespace pl
