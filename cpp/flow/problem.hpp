// What a run of the event-driven flow takes and gives. Python-free; every array is float64 and C-contiguous.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "status.hpp"

namespace pl {

// Mode of a pair (neuron j, point i): z_ji < 0 side, z_ji > 0 side, or held at z_ji = 0.
enum class Mode : std::uint8_t { kOff = 0, kOn = 1, kSlide = 2 };

// The problem. Dense inputs give X (n, d). Orthogonal inputs leave X null and give the n norms instead: then
// x_i is norms[i] e_i, d = n, and W holds the represented coordinates.
struct FlowProblem {
    int n = 0, d = 0, p = 0;
    const double* X = nullptr;
    const double* norms = nullptr;
    const double* y = nullptr;
    const double* W = nullptr;
    const double* a = nullptr;
    const double* w_perp_sq =
        nullptr;               // (p,) or null: squared norm of w_j outside the represented coordinates
    bool certifiable = false;  // off < (Cx-)^2, decided outward by the caller: CONVERGED may be claimed
    bool orthogonal = false;   // rows of X are orthogonal: DEAD_POINT may be claimed
};

// Stop rules, as in types.Stop; a negative or zero number switches a rule off.
struct FlowStop {
    bool criterion = false;
    double loss = 0.0;
    double stall = 0.0;
    double wall_time = -1.0;
    std::int64_t max_steps = -1;
};

struct FlowOptions {
    double t_end = 0.0, rtol = 1e-6, atol = 1e-9;
    std::vector<double> save;  // increasing, within [0, t_end]
    bool states = false, switches = false, dense = false;
    int order = 0;           // Taylor order; 0 chooses it step by step
    bool stabilised = true;  // Runge-Kutta-Chebyshev steps where they go further
    double max_step = std::numeric_limits<double>::infinity();
    FlowStop stop;
};

struct FlowCounters {
    std::int64_t accepted = 0, rejected = 0, rhs = 0, events = 0;
    std::int64_t on = 0, off = 0, slide_in = 0, slide_to_on = 0,
                 slide_to_off = 0;  // changes of mode, by kind
    std::int64_t repelling = 0;     // of these: off <-> on at a kink with c_ji > 0
    std::int64_t zero_neuron = 0;   // neurons that reached (or started at) w_j = 0
    std::int64_t a_zero = 0;        // a_j crossed 0 while the neuron was sliding
    std::int64_t sliding_end = 0, sliding_max = 0;
    std::int64_t restarts = 0;      // runs begun again at a smaller tolerance (capture)
    std::int64_t stabilised_steps = 0;  // of the accepted ones
    double spectral_radius = 0.0;       // of the field's Jacobian, last estimate; 0 if there was none
};

struct Switch {
    double t;
    int neuron, point;
    Mode from, to;
};

// One step's Taylor polynomial of the state: sum_k coeff_k (t - t0)^k, coeff_k = (W_k (p, d), a_k (p,))
// flattened.
struct DensePiece {
    double t0, h;
    int order;
    std::vector<double> coeff;
};

struct FlowResult {
    Status status = Status::kHorizon;
    std::vector<double> t, loss, velocity_sq, invariant_drift;
    std::vector<double> loss_error;  // capture: estimated relative error of each loss
    std::vector<std::int64_t> n_active;
    std::vector<double> W, a;              // end state
    std::vector<double> W_saved, a_saved;  // (m, p, d), (m, p) when asked for
    std::vector<Switch> log;
    std::vector<DensePiece> pieces;
    FlowCounters count;
    double criterion_time = -1.0, proved_time = -1.0, loss_bound = -1.0;  // negative: never
    double seconds = 0.0;
};

// Returns true to cancel; called at least once per evaluation of the field.
using Poll = std::function<bool()>;

FlowResult flow(const FlowProblem& problem, const FlowOptions& options, const Poll& poll);

}  // namespace pl
