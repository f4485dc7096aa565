// How far the Taylor polynomial may be trusted.
#pragma once

#include <array>

#include "flow/jets.hpp"
#include "flow/polynomial.hpp"
#include "stabilised/rkc.hpp"

namespace pl {

// The order asked for, or else the one at which smooth stretches are cheapest to the tolerance.
int highest_order(const FlowOptions& options);

// Largest h such that the last term of the polynomial stays, for every neuron, below
//     rtol |(w_j, a_j)| + atol,
// and for all neurons together below a fraction of the step's displacement (so that errors cannot outgrow
// the descent near its end).
double trusted_step(const Jets& jets, int p, double rtol, double atol);
// The same of coefficients 1 .. order: the largest square relative to the tolerance, and the sum of squares.
using Squares = std::array<double, kMaxOrder + 1>;
double trusted_step(const Squares& worst, const Squares& total, int order);

// The factor by which a stabilised step from the jets' present state might have been longer; below 1 it was
// too long. By the tolerance of every neuron:
double growth_by_tolerance(const Jets& jets, const Rkc& step, int p, double rtol, double atol);
// By the share of the displacement that the error may be, so that a decay keeps its rate: 1 %, or the root
// of rtol if that is smaller. Rounding, of h_rho times the state through the velocity, is no error: a state
// at rest has nothing else.
double growth_by_decay(const Jets& jets, const Rkc& step, double rtol, double h_rho);

}  // namespace pl
