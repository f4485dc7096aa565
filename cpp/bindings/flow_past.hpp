// FlowPast as a dictionary of plain arrays and numbers: what one part of a run hands to the next.
#pragma once

#include <pybind11/pybind11.h>

#include "flow/flow.hpp"

namespace pl {

// Checked against the problem (modes may be None: another method brought the run to where it is): shapes,
// modes 0 .. 2, sliding only where inputs are dense.
FlowPast read_flow_past(const pybind11::dict& record, const Problem<double>& problem, double t_end);

// The columns are given away.
pybind11::dict write_flow_past(FlowPast&& past, const Problem<double>& problem);

}  // namespace pl
