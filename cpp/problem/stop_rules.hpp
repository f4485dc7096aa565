// When a run is to end before its horizon: pl.Stop. verdict.hpp says what each claims, and in which order.
#pragma once

#include <limits>

#include "kernel/kernel.hpp"

namespace pl {

struct StopRules {
    static constexpr double kNever = std::numeric_limits<double>::infinity();
    bool criterion = false;     // end at CONVERGED, CRITERION or DEAD_POINT
    bool proof = false;         // end at CONVERGED, DEAD_POINT or TRAPPED, proved (proof/search.hpp)
    double loss = 0;            // TARGET: loss <= this (0: never)
    double stall = 0;           // STALLED: local_pl * t < this, and Verdict::stalled
    double wall_time = kNever;  // seconds
    Index max_steps = -1;       // -1: no limit
    double rise = kNever;       // UNSTABLE: loss > rise * smallest so far
    // Not the user's: right-hand sides of one call after which flow and capture pause, with STEP_LIMIT.
    double budget = kNever;
    bool spent(Index evaluations) const { return static_cast<double>(evaluations) >= budget; }
};

}  // namespace pl
