// What can be proved about the flow from a state, in double precision and rounded outward.
#pragma once

#include <vector>

#include "run/problem.hpp"

namespace pl {

// Outer weights and norm(w_j)^2 (represented coordinates) of a state, in double.
struct NeuronFacts {
    std::vector<double> a, w_sq;  // (p)
};

// min_i y_i^2: the paper's criterion is sum r_i^2 below it.
template <class Real>
double criterion_level(const Problem<Real>& problem);

// The three conditions of CONVERGED: sum r_i^2 < min y_i^2, abs(a_j) >= norm(w_j) for all j, and
// problem.certifiable. `outputs` (n) are sum_j a_j max(z_ji, 0), computed in double as sums of at most
// `terms` products each.
template <class Real>
bool proves_convergence(const Problem<Real>& problem, const NeuronFacts& neurons,
                        const std::vector<double>& outputs, Index terms);

// a_j^2 - norm(w_j)^2, constant along the flow (Lemma 1).
std::vector<double> invariants(const NeuronFacts& neurons);

// max_j abs( (a_j^2 - norm(w_j)^2) - (the same at the start) ).
double invariant_drift(const std::vector<double>& start, const NeuronFacts& now);

}  // namespace pl
