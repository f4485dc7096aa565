// Who looks along every step before it is taken: the events of a user's own (pl.Event).
#pragma once

#include <functional>

namespace pl {

// The state that a step passes at a time h after its start: W (p, d), a (p).
using StateWithin = std::function<void(double h, double* W, double* a)>;

class StepWatch {
  public:
    virtual ~StepWatch() = default;
    // A pass over the run begins at t; of one that was given up, nothing after t counts.
    virtual void begin(double t) = 0;
    // Where in a step from t by h the run is to end: h, or less. What happens later in it is void.
    virtual double along(double t, double h, const StateWithin& state) = 0;
};

}  // namespace pl
