// Steps that hold several events. Of p neurons one that passes a kink moves the residuals' rate by about one
// part in p n, so a step need not end there: all neurons take the polynomial of the modes at its start, but
// those with events in it are followed alone along the residuals that it promises (alone.hpp). At the end the
// residuals are those of the state; by e they are off the polynomial, which grew from 0, and every neuron is
// off by at most
//
//   norm(delta (w_j, a_j)) <= h norm(X) norm(e) / n  norm(w_j, a_j),
//
// which has to stay below the share of rtol that a step may lose; e itself below a share of the residuals at
// the end, so that a decay keeps its rate. What is lost is measured, not the number of events. Here the
// length of such steps is decided, and whether one is tried.
#pragma once

#include "flow/flow.hpp"
#include "flow/pairs.hpp"

namespace pl {

// What of them pays.
struct SeveralTerms {
    double share;  // of the tolerance, that a step may lose
    int few;       // neurons with events, at least
    double first;  // of the way to an event, tried first
    int pause;     // steps before the first trial, at least
};

class Several {
  public:
    static constexpr int kTries = 4;  // of lengths

    Several(const Inputs& inputs, Index p, const FlowOptions& options, const SeveralTerms& terms);

    Index few() const { return terms_.few; }

    void go_on(const FlowPast& past);
    void leave(FlowPast& past) const;

    bool due() const { return possible_ && pause_ == 0 && length_ > 0.0; }
    double length() const { return length_; }
    // Of a neuron, over what it may be, if the residuals end so far off their polynomial, at norm(r) = `end`.
    double error(double h, double off, double end) const;
    void taken(double h, double error);
    double shorter(double h, double error) const;
    void in_vain();                       // none was taken
    void ordinary(double h, bool event);  // but another step of h, that ended with an event

  private:
    const FlowOptions& options_;
    const bool possible_;
    const SeveralTerms terms_;
    const int first_pause_;  // steps
    double weight_ = 0.0;    // norm(X) / n
    double length_ = 0.0;    // 0: not known
    int pause_ = 0, next_pause_;
};

}  // namespace pl
