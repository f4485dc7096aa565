// How far the Taylor polynomial may be trusted.
#pragma once

#include "flow/jets.hpp"

namespace pl {

// The order at which smooth stretches are cheapest to this tolerance.
int natural_order(double rtol);

// Largest h such that, for every neuron, the last term of the polynomial stays below rtol |(w_j, a_j)| +
// atol, and below a fraction of the step's displacement for all neurons together (so that errors cannot
// outgrow the descent near its end).
double trusted_step(const Jets& jets, int p, double rtol, double atol);

}  // namespace pl
