// The capture method: the inclusion followed at steps that hold many switches (docs/numerics.md). Two meshes
// run side by side, one at twice the step of the other, so that the error of the loss is known.
#pragma once

#include "flow/problem.hpp"

namespace pl {

FlowResult capture(const FlowProblem& problem, const FlowOptions& options, int threads, const Poll& poll);

double capture_bytes(const FlowProblem& problem);

}  // namespace pl
