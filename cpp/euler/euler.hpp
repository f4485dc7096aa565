// One trajectory of explicit Euler: theta <- theta + step * d theta/dt, over integer time.
#pragma once

#include <vector>

#include "kernel/kernel.hpp"
#include "parallel/control.hpp"
#include "problem/problem.hpp"
#include "problem/rows.hpp"
#include "problem/stop_rules.hpp"
#include "problem/verdict.hpp"

namespace pl {

// What a run that goes on has to know of its past, beside the state (W, a) at `step`. A fresh run has none.
struct EulerPast {
    Index step = 0;
    std::vector<double> invariants;  // (p) a_j^2 - norm(w_j)^2 at the very start; empty: a fresh run
    double loss_start = 0, loss_least = 0;
    Index rises = 0, first_rise = -1;  // -1: never
    Milestones seen;                   // in steps

    bool fresh() const { return invariants.empty(); }
};

struct EulerOptions {
    double step = 1;
    Index n_steps = 0;
    Saves<Index> saves;  // steps, within [past.step, n_steps]
    StopRules stop;
    EulerPast past;

    Index steps_left() const { return n_steps - past.step; }
};

template <class Real>
struct EulerResult : Rows<Real, Index> {
    EulerPast past;  // up to the end; its step is the number of steps taken
};

// Runs to n_steps or the first stop rule. inner_threads share each pass where it is cut into superblocks; the
// result does not depend on them. Throws std::bad_alloc only, before the first step.
template <class Real>
EulerResult<Real> euler(const Problem<Real>& problem, const EulerOptions& options, const Kernel<Real>& kernel,
                        int inner_threads, Control& control);

// Bytes of everything but the result that euler() allocates.
template <class Real>
double scratch_bytes(const Problem<Real>& problem, const Kernel<Real>& kernel);

}  // namespace pl
