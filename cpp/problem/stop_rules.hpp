// When a run is to end before its horizon: pl.Stop. verdict.hpp says what each claims, and in which order.
#pragma once

#include <algorithm>
#include <chrono>
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

    using Clock = std::chrono::steady_clock;
    // Of wall_time, for a run that began then.
    Clock::time_point deadline(Clock::time_point began) const {
        constexpr double kLongest = 1e9;  // seconds: more is no time point
        if (!(wall_time < kLongest)) return Clock::time_point::max();
        return began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(wall_time));
    }
    // Until when its first state is waited for: one that is soon there is known whatever wall_time is. A run
    // that goes on (begins: false) waits for it, which it has known before.
    Clock::time_point first_deadline(Clock::time_point began, bool begins) const {
        constexpr std::chrono::milliseconds kSoon{50};
        return begins ? std::max(deadline(began), began + kSoon) : Clock::time_point::max();
    }
};

}  // namespace pl
