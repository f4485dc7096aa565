// What may be claimed of a run, for every method: which rule holds at a state, in which order, when the
// criterion and its proof first held, what bound stays on the loss. A new status or stop rule is a line of
// `judge` and a function behind it.
#pragma once

#include <functional>
#include <limits>
#include <optional>

#include "problem/problem.hpp"
#include "problem/state.hpp"
#include "problem/status.hpp"
#include "problem/stop_rules.hpp"

namespace pl {

// A method asks it often enough for Ctrl-C to be answered in 0.2 s; true: end here.
using Poll = std::function<bool()>;

// When a run looks for a proof next (proof/search.hpp); below < 0: not yet asked for.
struct ProofMarks {
    double below = -1, slow = -1;  // sum r^2; local_pl t
    Index failed = 0;
    double trapped = -1;  // when a limit above 0 was proved; negative: never
};

// When something first held, as the method counts (steps of Euler, times of the others); negative: never.
struct Milestones {
    double criterion = -1, proved = -1;
    // sum r^2 below which the criterion's own certificate is tried next (marks: the search for theorems).
    double try_below = std::numeric_limits<double>::infinity();
    // Where stop.stall is watched for: the largest rate of a neuron seen so far (negative: none yet), and the
    // time from which it is looked at again.
    double largest_rate = -1, rate_due = 0;
    ProofMarks marks = {};

    double first_proof() const { return proved >= 0 ? proved : marks.trapped; }  // of either limit
};

// Where a run is, in its method's own words.
struct Moment {
    double now = 0;     // as milestones count
    double t = 0;       // time
    double sum_r2 = 0;  // of the state
    double off = 0;     // relative bound on the error of sum r^2
    Index steps = 0;    // taken so far, earlier parts of the run included
    bool end = false;   // t is the horizon
    bool moved = true;  // false: the first state of a run that goes on, whose slices must come to an end
    bool cancelled = false;
    bool event = false;  // it was reached at an event that ends runs (watch.hpp)
    // Of a method that knows it: when sum r^2 passed min y_i^2 on the way here, on the solution itself.
    std::optional<double> passed = {};
    // Of a method whose speed is a mean over its last step; NaN: not known yet. Else the state is asked.
    std::optional<double> mean_speed_sq = {};
    // Of a method whose loss may rise.
    double loss_start = StopRules::kNever, loss_least = StopRules::kNever;
};

// Whether what is proved of the flow from a state is proved of what the method does next.
enum class Follows { kFlow, kOwnSteps };

// max_j max(d log rho_j/dt, 0) + norm(du_j/dt), with rho_j = norm(w_j, a_j), u_j = (w_j, a_j)/rho_j: how fast
// the fastest neuron grows or turns (docs/numerics.md). One that is at 0 counts 0.
template <class Real>
double largest_rate(const Problem<Real>& problem, State<Real>& state);

template <class Real>
class Verdict {
  public:
    using Clock = StopRules::Clock;

    Verdict(const Problem<Real>& problem, const StopRules& stop, Follows follows, const Milestones& past,
            Clock::time_point began = Clock::now());

    // The first status that holds; kHorizon if none does, or none before the horizon. Notes milestones.
    Status judge(const Moment& moment, State<Real>& state);
    // A passage of min y_i^2 that the method estimates.
    void passed(double when);

    // A theorem about the flow from the state of `when` (CONVERGED, DEAD_POINT or TRAPPED), found elsewhere:
    // `judge` says from now on where it stands among all else that holds.
    void note_proof(Status theorem, double when);
    ProofMarks& marks() { return seen_.marks; }

    const Milestones& milestones() const { return seen_; }
    double level() const { return level_; }  // min y_i^2
    // The levels of sum r^2 at which `judge` would end a run: one that can end its steps where it wants ends
    // one a little below. Negative: none.
    double target_level() const;
    double criterion_level(const State<Real>& state) const;
    double loss_bound(const State<Real>& state) const;  // 0: none
    double elapsed() const;                             // seconds
    Clock::time_point deadline() const;                 // of stop.wall_time

  private:
    void note(const Moment& moment, const State<Real>& state);
    bool below_level(const Moment& moment) const;
    bool converges(const Moment& moment) const;
    bool reached_target(const Moment& moment) const;
    bool stalled(const Moment& moment, State<Real>& state);
    double watched_rate(State<Real>& state);
    bool out_of_time(const Moment& moment) const;
    bool unstable(const Moment& moment) const;
    double loss(const Moment& moment) const;

    const Problem<Real>& problem_;
    const StopRules& stop_;
    const Follows follows_;
    Milestones seen_;
    Status theorem_ = Status::kHorizon;  // none
    const double level_;
    const Clock::time_point began_;
};

}  // namespace pl
