#include "bindings/flow_task.hpp"

#include <pybind11/stl.h>

#include <cmath>
#include <utility>

namespace pl {
namespace {

py::array_t<double> finite_array(const py::dict& task, const char* name, int rank) {
    py::array_t<double> array = checked_array<double>(task[name], name, rank);
    require_finite(array, name);
    return array;
}

// Sizes are ints in the flow: it lists its pairs one by one.
int small(py::ssize_t size, const char* name) {
    if (size > (1 << 30)) throw py::value_error(std::string(name) + ": too large for the flow");
    return static_cast<int>(size);
}

}  // namespace

void read_problem(const py::dict& task, HeldProblem& work) {
    const bool norms_only = task["X"].is_none();
    work.X = finite_array(task, norms_only ? "norms" : "X", norms_only ? 1 : 2);
    work.y = finite_array(task, "y", 1);
    work.W = finite_array(task, "W", 2);
    work.a = finite_array(task, "a", 1);
    work.w_perp_sq = finite_array(task, "w_perp_sq", 1);
    const Index n = work.X.shape(0), d = norms_only ? n : work.X.shape(1), p = work.W.shape(0);
    require_size(work.y.size(), n, "y");
    require_size(work.W.shape(1), d, "W's second dimension");
    require_size(work.a.size(), p, "a");
    require_size(work.w_perp_sq.size(), p, "w_perp_sq");
    FlowProblem& problem = work.problem;
    problem.n = small(n, "n");
    problem.d = small(d, "d");
    problem.p = small(p, "p");
    (norms_only ? problem.norms : problem.X) = work.X.data();
    problem.y = work.y.data();
    problem.W = work.W.data();
    problem.a = work.a.data();
    problem.w_perp_sq = work.w_perp_sq.data();
    problem.certifiable = task["certifiable"].cast<bool>();
    problem.orthogonal = task["orthogonal"].cast<bool>();
}

FlowOptions read_options(const py::dict& task) {
    FlowOptions o;
    o.t_end = task["t_end"].cast<double>();
    o.rtol = task["rtol"].cast<double>();
    o.atol = task["atol"].cast<double>();
    o.save = task["save"].cast<std::vector<double>>();
    o.states = task["states"].cast<bool>();
    o.switches = task["switches"].cast<bool>();
    o.dense = task["dense"].cast<bool>();
    o.order = task["order"].cast<int>();
    o.stabilised = task["stabilised"].cast<bool>();
    o.max_step = task["max_step"].cast<double>();
    const py::dict stop = task["stop"].cast<py::dict>();
    o.stop.criterion = stop["criterion"].cast<bool>();
    o.stop.loss = stop["loss"].cast<double>();
    o.stop.stall = stop["stall"].cast<double>();
    if (!stop["wall_time"].is_none()) o.stop.wall_time = stop["wall_time"].cast<double>();
    if (!stop["max_steps"].is_none()) o.stop.max_steps = stop["max_steps"].cast<std::int64_t>();
    if (!(o.t_end >= 0.0) || !std::isfinite(o.t_end)) throw py::value_error("t_end must be finite and >= 0");
    if (!(o.rtol > 0.0) || !(o.atol >= 0.0)) throw py::value_error("rtol must be > 0 and atol >= 0");
    if (!(o.max_step > 0.0)) throw py::value_error("max_step must be > 0");
    if (o.order != 0 && (o.order < 2 || o.order > 30))
        throw py::value_error("order must be 0 or within [2, 30]");
    for (std::size_t k = 0; k < o.save.size(); ++k) {
        const bool rises = k == 0 || o.save[k] > o.save[k - 1];
        if (!rises || !(o.save[k] >= 0.0 && o.save[k] <= o.t_end)) {
            throw py::value_error("save must increase strictly within [0, t_end]");
        }
    }
    return o;
}

py::object time_or_none(double t) {
    return t < 0.0 ? py::object(py::none()) : py::object(py::float_(t));
}

py::dict written_rows(FlowRows& rows, const FlowProblem& problem, bool states) {
    const auto m = static_cast<py::ssize_t>(rows.t.size());
    const py::ssize_t p = problem.p, d = problem.d;
    py::dict out;
    out["status"] = static_cast<int>(rows.status);
    out["t"] = to_array(std::move(rows.t), {m});
    out["loss"] = to_array(std::move(rows.loss), {m});
    out["velocity_sq"] = to_array(std::move(rows.velocity_sq), {m});
    out["n_active"] = to_array(std::move(rows.n_active), {m});
    out["invariant_drift"] = to_array(std::move(rows.invariant_drift), {m});
    out["W"] = to_array(std::move(rows.W), {p, d});
    out["a"] = to_array(std::move(rows.a), {p});
    out["W_saved"] =
        states ? py::object(to_array(std::move(rows.W_saved), {m, p, d})) : py::object(py::none());
    out["a_saved"] = states ? py::object(to_array(std::move(rows.a_saved), {m, p})) : py::object(py::none());
    return out;
}

}  // namespace pl
