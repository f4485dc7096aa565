// At which tolerance a run of the capture method is tried: the first time by rtol, and once more by what
// the first attempt found. There is no third.
#pragma once

#include "capture/model.hpp"
#include "problem/problem.hpp"

namespace pl {

// Tolerance of one step, and the power of it that the error of the loss follows.
struct Tolerance {
    double first, power;
};
// The first step of a run from the model's state, at most `longest`.
double first_step(const Problem<double>& problem, CaptureModel& model, double longest);

Tolerance tolerance_for(const Problem<double>& problem, double rtol);

// What an attempt has found on the way, on one mesh (told.hpp) or two.
struct Found {
    double ahead;     // t_end over t
    double error;     // of two meshes
    double smooth;    // of one: that part of its error
    double branches;  // of one: scatter times expected flips, both so far; 0 if they are not to count
};
// By what the tolerance has to be smaller for the error at t_end to be within rtol.
double smaller(const Problem<double>& problem, double rtol, const Found& found);

// Whether that is practical. Else the error is told, and more work would not lower it.
bool practical(double factor);
// What a second attempt does with it.
double second(double tolerance, double factor);

// Whether branches count in the decision to begin again. At and above 0.05 their scatter, which is of that
// size to the paper's horizon, is told, but what would settle it costs ten times and more.
inline bool branches_count(double rtol) {
    constexpr double kBranches = 0.05;
    return rtol < kBranches;
}

}  // namespace pl
