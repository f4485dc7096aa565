// What is known of pairs at their kinks, into a task and out of a run: equally long arrays neuron, point,
// mode, share, in order of neuron, then point.
#pragma once

#include <vector>

#include "bindings/arrays.hpp"
#include "problem/at_kinks.hpp"
#include "problem/rows.hpp"

namespace pl {

// task["kinks"], None or such a dictionary.
std::vector<PairAtKink> read_kinks(const py::dict& task);

// out["kinks"] of the end; out["kinks_saved"] of all saved states, with "count" (m), how many each has.
void write_kinks(py::dict& out, const Rows<double, double>& rows);

}  // namespace pl
