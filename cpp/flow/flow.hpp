// What a run of the event-driven flow takes and gives, on one problem in double precision.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "problem/at_kinks.hpp"
#include "problem/problem.hpp"
#include "problem/rows.hpp"
#include "problem/stop_rules.hpp"
#include "problem/verdict.hpp"
#include "problem/watch.hpp"

namespace pl {

struct FlowCounters {
    Index accepted = 0, rejected = 0, rhs = 0, events = 0;
    Index on = 0, off = 0, slide_in = 0, slide_to_on = 0, slide_to_off = 0;  // changes of mode, by kind
    Index repelling = 0;    // of these: off <-> on at a kink with c_ji > 0; and pairs that began at one
    Index zero_neuron = 0;  // neurons that reached (or started at) w_j = 0
    Index a_zero = 0;       // a_j crossed 0 while the neuron was sliding
    Index sliding_end = 0, sliding_max = 0;
    Index stabilised_steps = 0;    // of the accepted ones
    Index cell_steps = 0;          // likewise: on patterns (cells.hpp)
    Index start_kinks = 0;         // pairs that began within rounding of a kink, their modes not known
    Index dependent_inputs = 0;    // selections in which inputs were taken as dependent
    double spectral_radius = 0.0;  // of the field's Jacobian, last estimate; 0 if there was none
};

// The whole numbers of them, in the order of a record.
inline constexpr std::array kFlowCounts{&FlowCounters::accepted,
                                        &FlowCounters::rejected,
                                        &FlowCounters::rhs,
                                        &FlowCounters::events,
                                        &FlowCounters::on,
                                        &FlowCounters::off,
                                        &FlowCounters::slide_in,
                                        &FlowCounters::slide_to_on,
                                        &FlowCounters::slide_to_off,
                                        &FlowCounters::repelling,
                                        &FlowCounters::zero_neuron,
                                        &FlowCounters::a_zero,
                                        &FlowCounters::sliding_end,
                                        &FlowCounters::sliding_max,
                                        &FlowCounters::stabilised_steps,
                                        &FlowCounters::start_kinks,
                                        &FlowCounters::dependent_inputs,
                                        &FlowCounters::cell_steps};

// What a run that goes on has to know of its past, beside the state (W, a) at time t. A fresh run has none,
// or, where another method brought it to t, facts of the whole but nothing of its pairs and steps.
struct FlowPast {
    double t = 0.0;
    std::vector<Mode> modes;                   // (p, n); empty: a fresh run
    std::vector<double> sign;                  // (p) of a_j since the last event
    std::vector<double> held;                  // (p) a_j^2 - norm(w_j)^2 that steps are put back on
    std::vector<double> invariants;            // (p) the same at the very start, every coordinate
    std::vector<double> largest_w, largest_a;  // (p) norm(w_j), abs(a_j) so far
    double lowest = 0.0, start = 0.0;          // sum r^2: least so far, at the very start
    double burst_start = -1.0;                 // of the events of one instant
    int burst = 0, order = 2;                  // events in it; order of the last step
    double length = 0.0;                       // of a step that holds several events; 0: not known
    int pause = 0, next_pause = 0;             // steps before one is tried
    Milestones seen;                           // in time
    FlowCounters count;

    bool fresh() const { return modes.empty(); }
    bool begins() const { return fresh() && invariants.empty(); }  // at the very start
};

struct FlowOptions {
    double t_end = 0.0, rtol = 1e-6, atol = 1e-9;
    Saves<double> saves;  // within [past.t, t_end]
    bool switches = false, dense = false;
    int order = 0;           // Taylor order; 0 chooses it step by step
    bool stabilised = true;  // Runge-Kutta-Chebyshev steps where they go further
    double max_step = std::numeric_limits<double>::infinity();
    StopRules stop;
    StepWatch* watch = nullptr;  // of events of the user's own
    FlowPast past;
};

struct Switch {
    double t;
    int neuron, point;
    Mode from, to;
};

// One step's Taylor polynomial of the state: sum_k coeff_k (t - t0)^k, coeff_k = (W_k (p, d),
// a_k (p,)) flattened.
struct DensePiece {
    double t0, h;
    int order;
    std::vector<double> coeff;
};

struct FlowResult : Rows<double, double> {
    std::vector<Switch> log;
    std::vector<DensePiece> pieces;
    // Of dense inputs: of repelling kinks, since this call began (grazes.hpp); infinite: none was close.
    Index close_passes = 0;
    double closest_pass = std::numeric_limits<double>::infinity();
    double scatter = 0.0;  // of the loss over the branches, relative, whichever this run is on; 0: no passes
    FlowPast past;
};

FlowResult flow(const Problem<double>& problem, const FlowOptions& options, const Poll& poll,
                int threads = 1);  // the bits do not depend on them

double flow_bytes(const Problem<double>& problem);

}  // namespace pl
