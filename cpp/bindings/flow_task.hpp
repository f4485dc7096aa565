// What the two adaptive methods share at the seam to Python: the problem and options of a task, the rows of a
// run. Keys are those of backends/flow_task.py.
#pragma once

#include "bindings/arrays.hpp"
#include "flow/problem.hpp"

namespace pl {

// A problem and the arrays it points into, held for as long as it runs.
struct HeldProblem {
    py::array_t<double> X, y, W, a, w_perp_sq;
    FlowProblem problem;
};

void read_problem(const py::dict& task, HeldProblem& held);
FlowOptions read_options(const py::dict& task);  // without the past

template <class T>
py::array_t<T> copied(const std::vector<T>& values, std::vector<py::ssize_t> shape) {
    return to_array(std::vector<T>(values), std::move(shape));
}

py::object time_or_none(double t);  // None for a negative time: never
// Moves the arrays out of `rows`: at n = 10^6 a copy of the end state is half a gibibyte.
py::dict written_rows(FlowRows& rows, const FlowProblem& problem, bool states);

}  // namespace pl
