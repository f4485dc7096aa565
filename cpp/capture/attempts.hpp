// At which tolerances a run of the capture method is tried: the first time by rtol, and once more by what the
// first attempt found. There is no third.
#pragma once

#include "capture/model.hpp"
#include "problem/problem.hpp"

namespace pl {

// Of one step: of the local error of log L, and of the cube of what neurons move by, of their size.
struct Tolerance {
    double loss, motion;
};
// The first step of a run from the model's state, at most `longest`.
double first_step(const Problem<double>& problem, CaptureModel& model, const Tolerance& tolerance,
                  double longest);

// Whether two meshes follow the problem (meshes.hpp): of few pairs hardly one passes a repelling kink so
// closely that errors decide, and what two meshes differ by is the error. A few times as many have such
// passes in every run, at any practical tolerance; then those have to be counted.
bool two_meshes(const Problem<double>& problem);

Tolerance tolerance_for(const Problem<double>& problem, double rtol);

// What an attempt has found, on one mesh (told.hpp) or two.
struct Found {
    double ahead;   // t_end over t
    double error;   // of two meshes, the largest
    double smooth;  // of one: that part of its error
    double flips;   // of one: expected number of pairs on another branch; 0 if they are not to count
};
// What a second attempt takes in place of `tolerance` for the error to be within rtol.
Tolerance second(const Problem<double>& problem, double rtol, const Tolerance& tolerance, const Found& found);

// Whether that settles the branches. Else the error is told, and more work would not lower it.
bool practical(const Problem<double>& problem, const Found& found);

// Whether branches count in the decision to begin again. At and above 0.05 their scatter, which is of that
// size to the paper's horizon, is told, but what would settle it costs several times as much.
inline bool branches_count(double rtol) {
    constexpr double kBranches = 0.05;
    return rtol < kBranches;
}

}  // namespace pl
