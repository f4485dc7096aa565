// The flow on its neurons, as whoever moves some of them in another way sees it: many at once by their
// pattern (cells), those too small for the others to see alone (quiet). It is given back to, and it decides.
#pragma once

#include "flow/journal.hpp"
#include "flow/step_size.hpp"
#include "flow/switching.hpp"

namespace pl {

struct OnNeurons {
    const Inputs& in_;
    Pairs& pairs_;
    Jets& jets_;
    Noise& noise_;
    Switcher& switcher_;
    Journal& journal_;
    const FlowOptions& options_;
    const int natural_ = highest_order(options_);
};

}  // namespace pl
