// A run of the flow: steps, what switches between them, rows, stop rules, and where it goes on.
#include <algorithm>

#include "flow/problem.hpp"
#include "flow/recorder.hpp"
#include "flow/step.hpp"
#include "flow/step_size.hpp"
#include "flow/switching.hpp"

namespace pl {
namespace {

constexpr double kInstant = 1e-12;  // relative width of one instant, for counting bursts

class Flow {
  public:
    Flow(const FlowProblem& problem, const FlowOptions& options, const Poll& poll)
        : options_(options),
          in_(problem),
          pairs_(problem.n, problem.d, problem.p, problem.X != nullptr),
          jets_(in_, pairs_, highest_order(options)),
          noise_(in_),
          near_(in_),
          switcher_(in_, pairs_, jets_, noise_, near_, result_, options.switches),
          recorder_(problem, in_, options, result_),
          step_(in_, pairs_, jets_, noise_, near_, switcher_, recorder_, options, poll, result_),
          problem_(problem) {}

    FlowResult run() {
        begin();
        Status status;
        for (;;) {
            status = settle_releases();
            if (save_ < options_.save.size() && options_.save[save_] <= step_.t()) {
                recorder_.row(step_.t(), jets_, pairs_);
                ++save_;
            }
            status = std::min(status, recorder_.check(step_.t(), jets_, pairs_));
            if (step_.cancelled()) status = std::min(status, Status::kInterrupted);
            if (status != Status::kHorizon || step_.t() >= options_.t_end) break;
            if (!step_.advance(goal())) {
                status = step_.status();
                break;
            }
        }
        leave();
        recorder_.finish(step_.t(), jets_, pairs_, status);
        return std::move(result_);
    }

  private:
    void begin() {
        const FlowPast& past = options_.past;
        result_.past = past;
        if (past.fresh()) {
            switcher_.start(0.0, problem_.W, problem_.a);
            recorder_.start(jets_);
            step_.start();
            return;
        }
        switcher_.go_on(past, problem_.W, problem_.a);
        step_.go_on(past);
        burst_start_ = past.burst_start;
        burst_ = past.burst;
    }

    // What begin() takes, at the state reached.
    void leave() {
        FlowPast& past = result_.past;
        past.count.rhs += jets_.evaluations();
        past.count.sliding_end = switcher_.sliding();
        switcher_.leave(past);
        step_.leave(past);
        past.burst_start = burst_start_;
        past.burst = burst_;
    }

    // Sliding pairs whose multiplier has left [0, 1] at the state reached; counts events of one instant.
    Status settle_releases() {
        const double t = step_.t();
        Status status = Status::kHorizon;
        bool event = step_.landed_on_event();
        while (switcher_.release(t)) {
            event = true;
            jets_.evaluate_gradient();
            jets_.first();
            if (++burst_ > burst_limit()) return Status::kSwitchLimit;
        }
        if (event) {
            step_.changed();
            ++result_.past.count.events;
            if (t - burst_start_ > kInstant * std::max(1.0, t)) {
                burst_start_ = t;
                burst_ = 0;
            }
            if (++burst_ > burst_limit()) status = Status::kSwitchLimit;
        }
        result_.past.count.sliding_max = std::max(result_.past.count.sliding_max, switcher_.sliding());
        noise_.follow(jets_);
        switcher_.follow_sign();
        return status;
    }

    int burst_limit() const { return 64 + 8 * (in_.n + in_.p); }

    double goal() const { return save_ < options_.save.size() ? options_.save[save_] : options_.t_end; }

    const FlowOptions& options_;
    FlowResult result_;
    Inputs in_;
    Pairs pairs_;
    Jets jets_;
    Noise noise_;
    Near near_;
    Switcher switcher_;
    Recorder recorder_;
    FlowStep step_;
    const FlowProblem& problem_;
    double burst_start_ = -1.0;
    int burst_ = 0;
    std::size_t save_ = 0;
};

}  // namespace

FlowResult flow(const FlowProblem& problem, const FlowOptions& options, const Poll& poll) {
    return Flow(problem, options, poll).run();
}

}  // namespace pl
