// What a run leaves behind, whatever the method: one row per saved time, and the end.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "problem/at_kinks.hpp"
#include "problem/problem.hpp"
#include "problem/state.hpp"
#include "problem/status.hpp"
#include "problem/stop_rules.hpp"
#include "problem/unset.hpp"

namespace pl {

// What is proved of the flow from the end state, where a run looked for it (proof/search.hpp).
struct Claim {
    bool made = false;
    double rate = 0, distance = 0, limit_low = 0, limit_high = 0;
};

// Clock is how the method counts: steps of Euler (Index), times of the others (double).
template <class Real, class Clock>
struct Rows {
    Status status = Status::kInterrupted;
    bool started = false;  // false: cancelled before the first state was known, nothing else is set
    std::vector<Clock> t;
    std::vector<double> loss, velocity_sq, invariant_drift;
    std::vector<double> loss_noise;  // at or below it a loss is rounding of the residuals, its decrease too
    std::vector<Index> n_active;
    UnsetVector<Real> W, a;               // end state, (p, d) and (p)
    UnsetVector<Real> W_saved, a_saved;   // (m, p, d), (m, p) when asked for
    std::vector<PairAtKink> kinks;        // of the end state
    std::vector<PairAtKink> kinks_saved;  // of the saved states, one after another
    std::vector<Index> kink_counts;       // (m): how many each has
    double loss_bound = 0;                // the loss stays above it for ever; 0: none is claimed
    double seconds = 0;
    Claim claim;

    double bound() const { return std::max(loss_bound, claim.limit_low); }  // that is claimed; 0: none
    bool has(Clock now) const { return !t.empty() && t.back() >= now; }
};

// Which rows a run is to leave.
template <class Clock>
struct Saves {
    std::vector<Clock> at;  // increasing, up to the end of the run
    bool states = false;
};

// As new, but for the memory of the end state.
template <class Result>
void clear(Result& rows) {
    auto W = std::move(rows.W);
    rows = Result();
    W.clear();
    rows.W = std::move(W);
}

// Takes the memory of the end state's W (p, d) before the run: at its end the system would first have to
// clear it page by page, which takes longer than to write it (p d = 3e7: 0.1 of 0.17 s). `cut` is asked on
// the way. Returns the seconds that it took, about what writing the state takes.
template <class Real, class Clock>
double take_end(const Problem<Real>& problem, const std::function<bool()>& cut, Rows<Real, Clock>& rows);

// What is left by a run, since `began`, whose clock ends it before its first state is known: the numbers it
// begins with, at `now`, and one row in which no more is told than that nothing has drifted.
template <class Real, class Clock>
void write_unbegun(const Problem<Real>& problem, const Saves<Clock>& saves, Clock now,
                   StopRules::Clock::time_point began, Rows<Real, Clock>& rows);

// Writes rows of the states it is shown.
template <class Real, class Clock>
class Recorder {
  public:
    Recorder(const Problem<Real>& problem, const Saves<Clock>& saves, Rows<Real, Clock>& rows);

    // `invariants` are those of the very start.
    void visit(Clock now, State<Real>& state, const std::vector<double>& invariants);
    // The next time asked for; `end` if there is none before it.
    Clock goal(Clock end) const;
    // A run that goes all the way keeps the times asked for and no more; one that ends early, also its end.
    void finish(Clock now, Clock end, State<Real>& state, const std::vector<double>& invariants);
    // (W, a) and its kinks. Whatever ended a run, it is kNonFinite where the end's squares are beyond range.
    void write_end(State<Real>& state);

    static double bytes(const Problem<Real>& problem, const Saves<Clock>& saves);  // of all rows

  private:
    void row(Clock now, State<Real>& state, const std::vector<double>& invariants);
    double noise(const NeuronFacts& neurons) const;

    const Problem<Real>& problem_;
    const Saves<Clock>& saves_;
    Rows<Real, Clock>& rows_;
    std::size_t next_ = 0;
    const double largest_norm_, largest_label_;
};

}  // namespace pl
