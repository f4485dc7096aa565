// How the neurons of a run on dense inputs move, as a mean: since a mark, a state some tenths of the time
// ago; where there is none, over the last step. Over a step at rest what shares in single precision leave is
// all there is; over many it cancels.
#pragma once

#include <vector>

#include "capture/dense_state.hpp"
#include "problem/state.hpp"

namespace pl {

class MeanMotion {
  public:
    // `before`, `h`: the state a step ago, and how long it was. Time is counted from the first state on.
    NeuronMotion since(const DenseState& before, const DenseState& now, double h) const;
    // Sets the mark, if there is none or the last is too old.
    void mark(const DenseState& now);
    void stepped(double h) { clock_ += h; }
    double clock() const { return clock_; }

  private:
    double clock_ = 0, at_ = 0;  // at which the mark was set
    std::vector<double> W_, a_;  // of the mark; empty: there is none
};

}  // namespace pl
