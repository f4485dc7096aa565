// A run of the flow: steps, what switches between them, and what is judged and told of it.
#include "flow/flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "flow/journal.hpp"
#include "flow/polynomial.hpp"
#include "flow/state.hpp"
#include "flow/step.hpp"
#include "flow/step_size.hpp"
#include "flow/switching.hpp"
#include "proof/search.hpp"

namespace pl {
namespace {

constexpr double kInstant = 1e-12;  // relative width of one instant, for counting bursts
// Below it the terms of a sum of squares lose bits: labels of 1e-165 were led elsewhere in silence.
constexpr double kLeast = std::numeric_limits<double>::min() / std::numeric_limits<double>::epsilon();

class Flow {
  public:
    Flow(const Problem<double>& problem, const FlowOptions& options, const Poll& poll, int threads)
        : problem_(problem),
          options_(options),
          journal_(problem, options),
          in_(problem),
          pairs_(in_.n, in_.d, in_.p, in_.dense()),
          jets_(in_, pairs_, highest_order(options), Crew(threads)),
          noise_(in_),
          near_(in_),
          switcher_(in_, pairs_, jets_, noise_, near_, journal_),
          cells_({in_, pairs_, jets_, noise_, switcher_, journal_, options}, Crew(threads)),
          alone_(problem, {in_, pairs_, jets_, noise_, switcher_, journal_, options}, Crew(threads)),
          quiet_({in_, pairs_, jets_, noise_, switcher_, journal_, options}, alone_),
          state_(problem, in_, jets_, pairs_, cells_),
          verdict_(problem, options.stop, Follows::kFlow, options.past.seen, began_),
          search_(problem, options.stop, poll, threads),
          step_({in_, pairs_, jets_, noise_, near_, switcher_, cells_, alone_, quiet_, Crew(threads)},
                journal_, state_, verdict_, options, poll),
          poll_(poll) {}

    FlowResult run() {
        if (!begin()) return unbegun();
        Status status;
        for (;;) {
            status = settle_releases();
            tell();
            const Moment here = moment();
            Status judged = verdict_.judge(here, state_);
            if (search_.look(here, state_, judged, verdict_)) judged = verdict_.judge(here, state_);
            status = std::min(status, judged);
            if (status != Status::kHorizon || step_.t() >= options_.t_end) break;
            if (here.t > options_.past.t && options_.stop.spent(evaluations())) {
                status = Status::kStepLimit;
                break;
            }
            cells_.consider();
            if (!step_.advance(journal_.goal())) {
                status = step_.status();
                break;
            }
        }
        journal_.claims(search_.claim());
        journal_.grazed(step_.grazes(), fall());
        cells_.conclude();
        journal_.visit(step_.t(), state_);
        FlowResult result = journal_.finish(status, left(), evaluations(), state_, verdict_);
        result.past.modes = std::move(pairs_.modes);
        return result;
    }

  private:
    Index evaluations() const { return jets_.evaluations() + cells_.evaluations() + alone_.evaluations(); }

    // A row that is due, of a state that can be read; cut off, it is told of the cells when they are left.
    void tell() {
        if (journal_.due(step_.t()) && cells_.show(true)) journal_.visit(step_.t(), state_);
    }

    // Before there is a state.
    bool cut() {
        cancelled_ = cancelled_ || (poll_ && poll_());
        return cancelled_ || StopRules::Clock::now() >= first_deadline_;
    }
    FlowResult unbegun() {
        FlowResult result;
        if (!cancelled_) write_unbegun(problem_, options_.saves, options_.past.t, began_, result);
        return result;
    }

    // False: cut off before there was a state.
    bool begin() {
        const FlowPast& past = options_.past;
        const auto asked = [this] { return cut(); };
        if (cut()) return false;
        jets_.watch(asked);
        if (options_.watch != nullptr) options_.watch->begin(past.t);
        if (past.fresh()) {
            if (!switcher_.start(past.t, problem_, asked)) return false;
            if (past.begins()) journal_.start(state_);
            step_.start(past);
            return !cut();
        }
        if (!switcher_.go_on(past, problem_, asked)) return false;
        step_.go_on(past);
        burst_start_ = past.burst_start;
        burst_ = past.burst;
        return !cut();
    }

    // Of log L since the very start.
    double fall() const {
        const double start = step_.start_sq(), now = state_.sum_r2();
        return start > 0.0 && now > 0.0 ? std::log(start / now) : 0.0;
    }

    // What begin() takes, at the state reached, but for the modes. The columns are given away.
    FlowPast left() {
        FlowPast past;
        past.held = jets_.leave_invariants();
        switcher_.leave(past);
        noise_.leave(past);
        past.burst_start = burst_start_;
        past.burst = burst_;
        step_.leave(past);
        return past;
    }

    Moment moment() const {
        Moment moment;
        moment.now = moment.t = step_.t();
        moment.sum_r2 = state_.sum_r2();
        moment.steps = journal_.accepted_steps();
        moment.end = moment.t >= options_.t_end;
        moment.moved = options_.past.begins() || moment.t > options_.past.t;
        moment.cancelled = step_.cancelled();
        moment.event = step_.watched();
        moment.passed = step_.passed();
        return moment;
    }

    // The squares by which kinks, the loss and rest are told: none overflows, and the first loss is one.
    bool in_range() {
        if (!cells_.on() && !std::isfinite(jets_.norm(0))) return false;
        return !below_range() && std::isfinite(state_.velocity_sq());
    }

    // A start at rest has no loss, and what rounding makes of it later is a number.
    bool below_range() {
        if (step_.start_sq() >= kLeast) return false;
        const std::vector<double>& r = jets_.r(0);
        const auto moves = [](double one) { return one != 0.0; };
        return std::inner_product(r.begin(), r.end(), r.begin(), 0.0) < kLeast &&
               std::any_of(r.begin(), r.end(), moves);
    }

    // Sliding pairs whose multiplier has left [0, 1] at the state reached; counts events of one instant.
    Status settle_releases() {
        if (!in_range()) return Status::kNonFinite;
        const double t = step_.t();
        Status status = Status::kHorizon;
        bool event = step_.landed_on_event();
        burst_ += cells_.on() ? cells_.releases() : 0;
        while (!cells_.on() && switcher_.release(t)) {
            event = true;
            jets_.evaluate_gradient();
            jets_.first();
            if (++burst_ > burst_limit()) return Status::kSwitchLimit;
        }
        if (!cells_.on() && switcher_.vanish(t)) {
            event = true;
            jets_.evaluate_gradient();
            jets_.first();
        }
        if (event) {
            step_.changed();
            journal_.event();
            if (t - burst_start_ > kInstant * std::max(in_.unit(), t)) {
                burst_start_ = t;
                burst_ = 0;
            }
            if (++burst_ > burst_limit()) status = Status::kSwitchLimit;
        }
        journal_.sliding(cells_.on() ? cells_.sliding() : switcher_.sliding());
        if (cells_.on()) return status;
        noise_.follow(jets_);
        switcher_.follow_sign();
        return status;
    }

    int burst_limit() const { return 64 + 8 * (in_.n + in_.p); }

    const StopRules::Clock::time_point began_ = StopRules::Clock::now();
    const Problem<double>& problem_;
    const FlowOptions& options_;
    const StopRules::Clock::time_point first_deadline_ =
        options_.stop.first_deadline(began_, options_.past.begins());
    bool cancelled_ = false;
    Journal journal_;
    Inputs in_;
    Pairs pairs_;
    Jets jets_;
    Noise noise_;
    Near near_;
    Switcher switcher_;
    CellFlow cells_;
    Alone alone_;
    Quiet quiet_;
    FlowState state_;
    Verdict<double> verdict_;
    ProofSearch search_;
    FlowStep step_;
    const Poll& poll_;
    double burst_start_ = -1.0;
    int burst_ = 0;
};

}  // namespace

FlowResult flow(const Problem<double>& problem, const FlowOptions& options, const Poll& poll, int threads) {
    return Flow(problem, options, poll, threads).run();
}

// Taylor coefficients of W, its velocities and residuals up to the largest order, the inputs, a few numbers
// per pair, and what cells, passes and neurons followed alone keep of each.
double flow_bytes(const Problem<double>& problem) {
    const bool dense = problem.X != nullptr;
    const double n = static_cast<double>(problem.n), p = static_cast<double>(problem.p),
                 d = dense ? static_cast<double>(problem.d) + 8.0 : 1.0, width = dense ? d : n,
                 passes = dense ? 3.0 * n * p + 8 * p * (2.0 * width + 40.0) : 0.0;
    return 8 * (2.0 * (kMaxOrder + 1) * (p * width + n) + n * d + 4 * p * width + 2 * n * p + 8 * p) +
           4 * n * p + passes;
}

}  // namespace pl
