// The capture method: the inclusion followed at steps that hold many switches (docs/numerics.md). Two meshes
// run side by side, one at twice the step of the other, so that the error of the loss is known.
#pragma once

#include "flow/problem.hpp"

namespace pl {

// What a run that goes on has to know of its past, beside the state (W, a) at time t. A fresh run has none.
struct CapturePast {
    double t = 0.0;
    double step = 0.0;                // of the coarse mesh, next to be tried; 0: a fresh run
    double tolerance = 0.0;           // of one coarse step, in the sense of driver.cpp
    double error = 0.0, worst = 0.0;  // estimated relative error of the loss: now, and the largest so far
    double start = 0.0;               // sum r^2 at the very start
    std::vector<double> invariants;   // (p) a_j^2 - norm(w_j)^2 there
    double criterion_time = -1.0, proved_time = -1.0;  // negative: never
    std::int64_t accepted = 0, rejected = 0, rhs = 0, restarts = 0, stabilised = 0;

    bool fresh() const { return !(step > 0.0); }
};

struct CaptureOptions {
    double t_end = 0.0, rtol = 1e-6, atol = 1e-9;
    std::vector<double> save;  // increasing, within [past.t, t_end]
    bool states = false;
    FlowStop stop;
    CapturePast past;
};

struct CaptureResult : FlowRows {
    double radius = 0.0;       // spectral radius of dr/dQ, last estimate
    std::int64_t sliding = 0;  // pairs at rest at their kinks at the end
    CapturePast past;
};

CaptureResult capture(const FlowProblem& problem, const CaptureOptions& options, int threads,
                      const Poll& poll);

double capture_bytes(const FlowProblem& problem);

}  // namespace pl
