// Whether a loop over the neurons, each of which may take a pass over the inputs, is to go on: asked every
// millisecond or so.
#pragma once

#include <functional>

#include "flow/pairs.hpp"

namespace pl {

class Rounds {
  public:
    Rounds(const Inputs& inputs, const std::function<bool()>& cut)
        : each_(kOverhead + static_cast<double>(inputs.n * inputs.stride())), cut_(cut) {}

    // Of one neuron more.
    bool ended() {
        work_ += each_;
        if (work_ < kBetween) return false;
        work_ = 0.0;
        return cut_ && cut_();
    }

  private:
    static constexpr double kOverhead = 200.0, kBetween = 1e6;  // floating-point operations

    const double each_;
    const std::function<bool()>& cut_;
    double work_ = 0.0;
};

}  // namespace pl
