// One trajectory of explicit Euler: theta <- theta + step * d theta/dt, over integer time.
#pragma once

#include "kernel/kernel.hpp"
#include "parallel/control.hpp"
#include "run/problem.hpp"

namespace pl {

// Runs to n_steps or the first stop rule. inner_threads share each pass where it is cut into superblocks; the
// result does not depend on them. Throws std::bad_alloc only, before the first step.
template <class Real>
EulerResult<Real> euler(const Problem<Real>& problem, const EulerOptions& options, const Kernel<Real>& kernel,
                        int inner_threads, Control& control);

// Bytes of the result, and of everything else that euler() allocates.
template <class Real>
double result_bytes(const Problem<Real>& problem, const EulerOptions& options);

template <class Real>
double scratch_bytes(const Problem<Real>& problem, const Kernel<Real>& kernel);

}  // namespace pl
