// The capture method: the inclusion followed at steps that hold many switches, with the error of the loss
// told (docs/numerics.md).
#pragma once

#include <vector>

#include "problem/problem.hpp"
#include "problem/rows.hpp"
#include "problem/stop_rules.hpp"
#include "problem/verdict.hpp"
#include "problem/watch.hpp"

namespace pl {

// What a run that goes on has to know of its past, beside the state (W, a) at time t. A fresh run has none,
// or, where another method brought it to t, facts of the whole but no step and tolerance.
struct CapturePast {
    double t = 0.0;
    double step = 0.0;                     // next to be tried, of two meshes the coarse one's; 0: a fresh run
    double tolerance = 0.0, motion = 0.0;  // of one such step: attempts.hpp
    double error = 0.0, worst = 0.0;  // estimated relative error of the loss: now, and the largest so far
    double local = 0.0, drift = 0.0, flips = 0.0;  // of one mesh: told.hpp
    double start = 0.0;                            // sum r^2 at the very start
    double radius = 0.0;                           // spectral radius of dr/dQ, last estimate; 0: none
    std::vector<double> invariants;                // (p) a_j^2 - norm(w_j)^2 there
    Milestones seen;                               // in time
    Index accepted = 0, rejected = 0, rhs = 0, restarts = 0, stabilised = 0;
    Index dependent = 0;  // steps of a neuron that meets kinks of inputs taken as parallel

    bool fresh() const { return !(step > 0.0); }
    bool begins() const { return fresh() && invariants.empty(); }  // at the very start
};

struct CaptureOptions {
    double t_end = 0.0, rtol = 1e-6, atol = 1e-9;
    Saves<double> saves;  // within [past.t, t_end]
    StopRules stop;
    StepWatch* watch = nullptr;  // of events of the user's own
    CapturePast past;
};

struct CaptureResult : Rows<double, double> {
    Index sliding = 0;  // pairs at rest at their kinks at the end
    // Of dense inputs: of repelling kinks, since this call began (passes.hpp); infinite: none was close.
    Index close_passes = 0;
    double closest_pass = 0.0;
    double scatter = 0.0;  // of the loss over the branches, relative, whichever this run is on; 0: no passes
    CapturePast past;
};

CaptureResult capture(const Problem<double>& problem, const CaptureOptions& options, int threads,
                      const Poll& poll);

double capture_bytes(const Problem<double>& problem);

}  // namespace pl
