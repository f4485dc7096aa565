// _core.flow: runs of the event-driven flow, dictionaries of plain arrays in and out. backends/native_flow.py
// is its only caller.
#include <pybind11/stl.h>

#include <cmath>
#include <utility>

#include "bindings/arrays.hpp"
#include "bindings/register.hpp"
#include "bindings/signals.hpp"
#include "bindings/threads.hpp"
#include "capture/capture.hpp"
#include "flow/polynomial.hpp"
#include "flow/problem.hpp"
#include "parallel/parallel_for.hpp"
#include "run/memory.hpp"

namespace pl {
namespace {

// One run: the arrays it points into, held for as long as it runs, and what it gave.
struct FlowWork {
    py::array_t<double> X, y, W, a, w_perp_sq;
    FlowProblem problem;
    FlowOptions options;
    FlowResult result;
    bool started = false;
};

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

void read_problem(const py::dict& task, FlowWork& work) {
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

template <class T>
py::array_t<T> copied(const std::vector<T>& values, std::vector<py::ssize_t> shape) {
    return to_array(std::vector<T>(values), std::move(shape));
}

py::object time_or_none(double t) {
    return t < 0.0 ? py::object(py::none()) : py::object(py::float_(t));
}

py::dict counters(const FlowResult& r) {
    const FlowCounters& c = r.count;
    using namespace py::literals;
    return py::dict(
        "accepted"_a = c.accepted, "rejected"_a = c.rejected, "rhs"_a = c.rhs, "events"_a = c.events,
        "on"_a = c.on, "off"_a = c.off, "slide_in"_a = c.slide_in, "slide_to_on"_a = c.slide_to_on,
        "slide_to_off"_a = c.slide_to_off, "repelling"_a = c.repelling, "zero_neuron"_a = c.zero_neuron,
        "a_zero"_a = c.a_zero, "restarts"_a = c.restarts, "sliding_end"_a = c.sliding_end, "sliding_max"_a = c.sliding_max,
        "stabilised_steps"_a = c.stabilised_steps, "spectral_radius"_a = c.spectral_radius,
        "seconds"_a = r.seconds, "criterion_time"_a = time_or_none(r.criterion_time),
        "proved_time"_a = time_or_none(r.proved_time), "loss_bound"_a = time_or_none(r.loss_bound));
}

py::dict switch_log(const std::vector<Switch>& log) {
    std::vector<double> t;
    std::vector<std::int32_t> neuron, point;
    std::vector<std::int8_t> from, to;
    for (const Switch& s : log) {
        t.push_back(s.t);
        neuron.push_back(s.neuron);
        point.push_back(s.point);
        from.push_back(static_cast<std::int8_t>(s.from));
        to.push_back(static_cast<std::int8_t>(s.to));
    }
    const auto m = static_cast<py::ssize_t>(t.size());
    using namespace py::literals;
    return py::dict("t"_a = copied(t, {m}), "neuron"_a = copied(neuron, {m}), "point"_a = copied(point, {m}),
                    "from_mode"_a = copied(from, {m}), "to_mode"_a = copied(to, {m}));
}

py::list dense_pieces(const std::vector<DensePiece>& pieces) {
    py::list list;
    for (const DensePiece& piece : pieces) {
        const py::ssize_t rows = piece.order + 1, size = static_cast<py::ssize_t>(piece.coeff.size()) / rows;
        list.append(py::make_tuple(piece.t0, piece.h, copied(piece.coeff, {rows, size})));
    }
    return list;
}

py::object write_result(const FlowWork& work) {
    if (!work.started) return py::none();
    const FlowResult& r = work.result;
    const auto m = static_cast<py::ssize_t>(r.t.size());
    const py::ssize_t p = work.problem.p, d = work.problem.d;
    const FlowOptions& options = work.options;
    py::dict out;
    out["status"] = static_cast<int>(r.status);
    out["t"] = copied(r.t, {m});
    out["loss"] = copied(r.loss, {m});
    out["velocity_sq"] = copied(r.velocity_sq, {m});
    out["n_active"] = copied(r.n_active, {m});
    out["invariant_drift"] = copied(r.invariant_drift, {m});
    out["loss_error"] = copied(r.loss_error, {static_cast<py::ssize_t>(r.loss_error.size())});
    out["W"] = copied(r.W, {p, d});
    out["a"] = copied(r.a, {p});
    out["counters"] = counters(r);
    out["W_saved"] = options.states ? py::object(copied(r.W_saved, {m, p, d})) : py::object(py::none());
    out["a_saved"] = options.states ? py::object(copied(r.a_saved, {m, p})) : py::object(py::none());
    out["switches"] = options.switches ? py::object(switch_log(r.log)) : py::object(py::none());
    out["dense"] = options.dense ? py::object(dense_pieces(r.pieces)) : py::object(py::none());
    return std::move(out);
}

// Taylor coefficients of W, its velocities and residuals up to the largest order, the inputs, and a few
// numbers per pair.
double flow_bytes(const FlowProblem& problem) {
    const double n = problem.n, p = problem.p, d = problem.norms != nullptr ? 1.0 : problem.d + 8.0;
    const double width = problem.norms != nullptr ? n : d;
    return 8 * (2.0 * (kMaxOrder + 1) * (p * width + n) + n * d + 4 * p * width + 2 * n * p);
}

py::tuple run_flow(const py::sequence& items, const std::string& method, int threads, const py::object& progress) {
    std::vector<FlowWork> works(items.size());
    double bytes = 0;
    for (std::size_t k = 0; k < works.size(); ++k) {
        const py::dict task = items[k].cast<py::dict>();
        read_problem(task, works[k]);
        works[k].options = read_options(task);
        bytes = std::max(bytes, flow_bytes(works[k].problem));
    }
    threads = usable_threads(threads);
    const std::int64_t total = static_cast<std::int64_t>(works.size());
    const auto compute = [&](Control& control) {
        require_bytes(bytes * std::min<double>(threads, static_cast<double>(total)));
        parallel_for(total, threads, control, [&](std::int64_t k) {
            FlowWork& work = works[static_cast<std::size_t>(k)];
            const Poll poll = [&control] { return control.check(); };
            work.result = method == "flow" ? flow(work.problem, work.options, poll)
                                           : capture(work.problem, work.options, total == 1 ? threads : 1, poll);
            work.started = true;
            control.add_done(1);
        });
    };
    const bool interrupted = run_interruptibly(progress, total, compute);
    py::list results;
    for (const FlowWork& work : works) results.append(write_result(work));
    return py::make_tuple(results, interrupted);
}

double exit_time(const std::vector<double>& coefficients, double h, double tol) {
    if (coefficients.empty() || coefficients.size() > kMaxOrder + 1)
        throw py::value_error("1 to 31 coefficients");
    return first_exit(coefficients.data(), static_cast<int>(coefficients.size()) - 1, h, tol);
}

}  // namespace

void register_flow(py::module_& module) {
    module.def("flow", &run_flow, py::arg("tasks"), py::arg("method"), py::arg("threads"), py::arg("progress") = py::none(),
               "Runs tasks (dictionaries, see backends/flow_task.py) of the event-driven flow. Returns (list "
               "of dict or "
               "None, interrupted).");
    module.def("_first_exit", &exit_time, py::arg("coefficients"), py::arg("h"), py::arg("tol"),
               "First time in [0, h] at which the polynomial is below 0 by more than tol, or a negative "
               "number. For tests.");
}

}  // namespace pl
