// When a run of the capture method is left on the way: on Ctrl-C, or by the clock.
#pragma once

#include <algorithm>

#include "problem/stop_rules.hpp"
#include "problem/verdict.hpp"

namespace pl {

class Deadline {
  public:
    using Clock = StopRules::Clock;

    Deadline(const StopRules& stop, const Poll& poll)
        : stop_(stop), wall_time_(stop.wall_time), poll_(poll) {}

    // The user's, less what is kept free of wall_time.
    const StopRules& rules() const { return stop_; }
    Clock::time_point began() const { return began_; }
    bool cancelled() const { return poll_ && poll_(); }
    // `first`: of a run that begins, its first state is not yet known.
    bool passed(bool first) const {
        return Clock::now() >= (first ? stop_.first_deadline(began_, true) : stop_.deadline(began_));
    }
    // For what the run does after it was left; of a short one some of its time at most.
    void keep_free(double seconds) {
        constexpr double kMost = 0.25;
        stop_.wall_time = wall_time_ - std::min(seconds, kMost * wall_time_);
    }

  private:
    StopRules stop_;
    const double wall_time_;
    const Poll& poll_;
    const Clock::time_point began_ = Clock::now();
};

}  // namespace pl
