// What can be proved about the flow from a state, in double precision and rounded outward.
#pragma once

#include "run/problem.hpp"

namespace pl {

// min_i y_i^2: the paper's criterion is sum r_i^2 below it.
template <class Real>
double criterion_level(const Problem<Real>& problem);

// The three conditions of CONVERGED at the state (W, a): sum r_i^2 < min y_i^2, abs(a_j) >= norm(w_j) for all
// j, and problem.certifiable. W has rows of `stride` Reals.
template <class Real>
bool proves_convergence(const Problem<Real>& problem, const Real* W, Index stride, const Real* a);

// max_j abs( (a_j^2 - norm(w_j)^2) - (the same at the problem's start) ): 0 along the flow (Lemma 1).
template <class Real>
double invariant_drift(const Problem<Real>& problem, const Real* W, Index stride, const Real* a);

}  // namespace pl
