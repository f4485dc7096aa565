// How far the Taylor polynomial may be trusted.
#pragma once

#include "flow/jets.hpp"
#include "stabilised/rkc.hpp"

namespace pl {

// The order at which smooth stretches are cheapest to this tolerance.
int natural_order(double rtol);

// Largest h such that, for every neuron, the last term of the polynomial stays below rtol |(w_j, a_j)| +
// atol, and below a fraction of the step's displacement for all neurons together (so that errors cannot
// outgrow the descent near its end).
double trusted_step(const Jets& jets, int p, double rtol, double atol);

// The same for a stabilised step, whose error is h^3 y''' / 15 = 0.4 h^3 c_3. Before one was taken: by c_3.
double stabilised_step(const Jets& jets, int p, double rtol, double atol);
// After it: the factor, by its error estimate, by which it might have been longer; below 1 it was too long.
double error_growth(const Jets& jets, const Rkc& step, int p, double rtol, double atol);

}  // namespace pl
