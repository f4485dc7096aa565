// The one writer of a FlowResult: whatever steps, switches and the run do that is to be counted, logged or
// recorded is told to it.
#pragma once

#include "flow/flow.hpp"
#include "flow/grazes.hpp"
#include "flow/tally.hpp"

namespace pl {

class Journal : public Tally {
  public:
    Journal(const Problem<double>& problem, const FlowOptions& options);

    enum class Step { kTaylor, kStabilised, kCells };
    void accepted(Step kind);
    void rejected(Index steps = 1) { count_.rejected += steps; }
    // Where dense output is wanted: a place for a step's polynomial, its coefficients one after the other,
    // (W (p, d), a (p)) each; else none. They are never more than is left beside them: MemoryBudget.
    double* piece(double t, double h, int order);

    void sliding(Index pairs);  // at present

    void start(State<double>& state);                                         // invariants at the very start
    bool due(double t) const { return recorder_.goal(options_.t_end) <= t; }  // a row, before the end
    void visit(double t, State<double>& state);                               // a row, if one is asked for
    double goal() const { return recorder_.goal(options_.t_end); }
    Index accepted_steps() const { return count_.accepted; }
    // The end: `past` is what the next part has to know, but for what is counted here.
    void claims(const Claim& claim) { result_.claim = claim; }  // of the end state
    void grazed(const Grazes& grazes, double fall);             // the loss by exp(-fall) of its start
    FlowResult finish(Status status, FlowPast past, Index evaluations, State<double>& state,
                      const Verdict<double>& verdict);

  private:
    const Problem<double>& problem_;
    const FlowOptions& options_;
    FlowResult result_;
    Recorder<double, double> recorder_;
    double taken_ = 0.0, granted_ = 0.0;  // bytes of polynomials
};

}  // namespace pl
