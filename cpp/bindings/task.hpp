// The one wall of checks: a task of any method is a dictionary, and what all of them share is read here.
// Python's checks explain; these make sure that nonsense given to the native module directly raises.
//
// Keys of every task: X (n, d) or None with norms (n) of orthogonal inputs, y (n), W (p, d), a (p), w_perp_sq
// (p), certifiable, orthogonal, save (an increasing array), states, stop, resume (None, or what the part
// before gave); of Euler: step, n_steps; of the others: t_end, rtol, atol, kinks (None, or what is known of
// pairs at their kinks: neuron, point, mode, share), watch (None, or an object that looks along every step:
// python_watch.hpp), budget (None, or right-hand sides after which it pauses); of the flow besides: switches,
// dense, order, stabilised, max_step.
#pragma once

#include "bindings/arrays.hpp"
#include "problem/problem.hpp"
#include "problem/rows.hpp"
#include "problem/stop_rules.hpp"

namespace pl {

// A problem and the arrays it points into, held for as long as it runs.
template <class Real>
struct HeldProblem {
    py::array_t<Real> inputs, y, W, a;  // X or norms
    py::array_t<double> w_perp_sq;
    Problem<Real> problem;
};

// Dtypes, shapes, layout, finite numbers, norms > 0, w_perp_sq >= 0.
template <class Real>
HeldProblem<Real> read_problem(const py::dict& task);
bool in_single_precision(const py::dict& task);

StopRules read_stop(const py::dict& task);

// Saves strictly increase within [0, end].
template <class Clock>
Saves<Clock> read_saves(const py::dict& task, Clock end);

bool flag(const py::dict& fields, const char* name);  // True or False; nothing that is only true or false
double read_positive(const py::dict& fields, const char* name);      // finite
double read_not_negative(const py::dict& fields, const char* name);  // finite

}  // namespace pl
