// What can be proved about the flow from a state, in double precision and rounded outward.
#pragma once

#include <vector>

#include "problem/problem.hpp"
#include "problem/state.hpp"

namespace pl {

// min_i y_i^2: the paper's criterion is sum r_i^2 below it.
template <class Real>
double criterion_level(const Problem<Real>& problem);

// The three conditions of CONVERGED: sum r_i^2 < min y_i^2, abs(a_j) >= norm(w_j) for all j, and
// problem.certifiable.
template <class Real>
bool proves_convergence(const Problem<Real>& problem, const State<Real>& state);

// A level of sum r_i^2 just below criterion_level: a state there is below it whatever rounding has hidden, as
// far as the weights are about those of `state`.
template <class Real>
double provable_level(const Problem<Real>& problem, const State<Real>& state);

// abs(a_j) >= norm(w_j), and so for ever (Lemma 1): a_j cannot change its sign. norm(w_j)^2 is a sum of
// `terms` squares.
bool keeps_sign(double a, double w_sq, Index terms);

// Orthogonal data: the loss stays above dead_label_sq() / (2n) for ever. Rounded down; 0: no bound.
double loss_bound(double dead_label_sq, Index n);

}  // namespace pl
