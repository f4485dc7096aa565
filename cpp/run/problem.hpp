// One problem and what is asked of it, as views on the caller's arrays. Validated by whoever fills it
// (bindings/).
#pragma once

#include <limits>
#include <vector>

#include "kernel/kernel.hpp"
#include "status.hpp"

namespace pl {

template <class Real>
struct Problem {
    Index n = 0, d = 0, p = 0;
    const Real* X = nullptr;      // (n, d); null for orthogonal inputs given by their norms, then d = n
    const Real* norms = nullptr;  // (n): x_i = norms[i] e_i, instead of X
    const Real* y = nullptr;      // (n)
    const Real* W = nullptr;      // (p, d), start
    const Real* a = nullptr;      // (p), start
    const double* w_perp_sq =
        nullptr;               // (p): squared norm of each neuron outside the represented coordinates
    bool certifiable = false;  // off < (Cx-)^2 holds, decided outward by the caller
    bool orthogonal = false;   // rows of X are orthogonal

    // Of one step: the two products, 2ndp each; of orthogonal inputs about ten operations per pair.
    double flops() const {
        const double pairs = static_cast<double>(n) * static_cast<double>(p);
        return norms != nullptr ? 10 * pairs : 4 * pairs * static_cast<double>(d);
    }
};

struct StopRules {
    static constexpr double kNever = std::numeric_limits<double>::infinity();
    bool criterion = false;     // end at CONVERGED, CRITERION or DEAD_POINT
    double loss = 0;            // TARGET: loss <= this (0: never)
    double stall = 0;           // STALLED: local_pl * t < this
    double wall_time = kNever;  // seconds
    Index max_steps = -1;       // -1: no limit
    double rise = kNever;       // UNSTABLE: loss > rise * smallest so far
};

// What a run that goes on has to know of its past, beside the state (W, a) at `step`. A fresh run has none.
struct History {
    Index step = 0;
    std::vector<double> invariants;  // (p) a_j^2 - norm(w_j)^2 at the very start; empty: a fresh run
    double loss_start = 0, loss_least = 0;
    double try_below = std::numeric_limits<double>::infinity();  // sum r^2 for the next attempt at a proof
    Index rises = 0;
    Index first_rise = -1, criterion_step = -1, proved_step = -1;  // -1: never

    bool fresh() const { return invariants.empty(); }
};

struct EulerOptions {
    double step = 1;
    Index n_steps = 0;
    std::vector<Index> save_steps;  // increasing, within [0, n_steps]
    bool states = false;
    StopRules stop;
    History past;

    Index steps_left() const { return n_steps - past.step; }
};

// What one run leaves behind. Rows are the saved steps; the end of a run that ended early is the last.
template <class Real>
struct EulerResult {
    Status status = Status::kInterrupted;
    bool started = false;  // false: cancelled before the first evaluation, nothing else is set
    std::vector<Index> steps;
    std::vector<double> loss, velocity_sq, invariant_drift;
    std::vector<Index> n_active;
    std::vector<Real> W, a;              // end state, (p, d) and (p)
    std::vector<Real> W_saved, a_saved;  // (m, p, d), (m, p) when asked for
    double seconds = 0, loss_bound = 0;  // loss_bound: of points without a live neuron, orthogonal data only
    History history;                     // up to the end; its step is the number of steps taken
};

}  // namespace pl
