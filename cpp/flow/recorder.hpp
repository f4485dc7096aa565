// Rows at the saved times, stop rules, and the certificates of the state reached.
#pragma once

#include <chrono>
#include <vector>

#include "flow/jets.hpp"

namespace pl {

class Recorder {
  public:
    Recorder(const FlowProblem& problem, const Inputs& inputs, const FlowOptions& options,
             FlowResult& result);

    void start(const Jets& jets);  // invariants at the start
    void row(double t, const Jets& jets, const Pairs& pairs);
    void piece(double t, double h, const Jets& jets);  // the polynomial of a step, for dense output
    bool has_row(double t) const { return !out_.t.empty() && out_.t.back() == t; }

    // Best (lowest) status that holds at time t, or kHorizon if none; also records first times and bounds.
    Status check(double t, const Jets& jets, const Pairs& pairs);
    // A level of sum r^2 at which the run must stop, passed between `before` and `after`; negative if none.
    double level_passed(double before, double after) const;
    void note_crossing(double t) { crossing_ = t; }  // when sum r^2 passed min y^2 inside the last step
    double smallest_label_sq() const { return smallest_sq_; }
    void finish(double t, const Jets& jets, const Pairs& pairs, Status status);

  private:
    bool outer_dominate(const Jets& jets) const;
    double dead_bound(const Jets& jets, const Pairs& pairs) const;

    const FlowProblem& problem_;
    const Inputs& in_;
    const FlowOptions& options_;
    FlowResult& out_;
    std::vector<double> W_;
    std::chrono::steady_clock::time_point begin_;
    double smallest_sq_, crossing_ = -1.0;
    std::int64_t dead_checked_ = -1;
};

}  // namespace pl
