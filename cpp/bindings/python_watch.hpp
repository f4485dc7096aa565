// A StepWatch that is a Python object: task["watch"], None or an object with
//     begin(t)                            a pass begins
//     along(t, h, state) -> float         state(h) -> (W, a), arrays of its own
// called with the GIL from whatever thread the run is on. What it raises ends nothing: it is to catch that.
#pragma once

#include <memory>

#include "bindings/arrays.hpp"
#include "problem/problem.hpp"
#include "problem/watch.hpp"

namespace pl {

std::unique_ptr<StepWatch> read_watch(const py::dict& task, const Problem<double>& problem);

}  // namespace pl
