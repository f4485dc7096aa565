// How a run ended. The numeric order is the precedence when several hold at one step (verdict.cpp). Python
// owns the table (pl_native.Status, with the messages); a test compares the two.
#pragma once

#include <array>
#include <utility>

namespace pl {

enum class Status : int {
    kNonFinite = 0,
    kConverged,
    kDeadPoint,
    kTrapped,
    kCriterion,
    kTarget,
    kEvent,
    kStalled,
    kInterrupted,
    kWallTime,
    kStepLimit,
    kSwitchLimit,
    kUnstable,
    kHorizon,
};

constexpr std::array<std::pair<const char*, Status>, 14> kStatusTable{{
    {"NON_FINITE", Status::kNonFinite},
    {"CONVERGED", Status::kConverged},
    {"DEAD_POINT", Status::kDeadPoint},
    {"TRAPPED", Status::kTrapped},
    {"CRITERION", Status::kCriterion},
    {"TARGET", Status::kTarget},
    {"EVENT", Status::kEvent},
    {"STALLED", Status::kStalled},
    {"INTERRUPTED", Status::kInterrupted},
    {"WALL_TIME", Status::kWallTime},
    {"STEP_LIMIT", Status::kStepLimit},
    {"SWITCH_LIMIT", Status::kSwitchLimit},
    {"UNSTABLE", Status::kUnstable},
    {"HORIZON", Status::kHorizon},
}};

// Why a run ends where no rule does: cut off by whoever started it, or else by its clock;
constexpr Status cut_off(bool cancelled) {
    return cancelled ? Status::kInterrupted : Status::kWallTime;
}

// or no step is left that changes the time, among numbers in range or not.
constexpr Status no_step(bool finite) {
    return finite ? Status::kStepLimit : Status::kNonFinite;
}

}  // namespace pl
