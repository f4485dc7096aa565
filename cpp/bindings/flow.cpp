// _core.flow: runs of the event-driven flow, dictionaries of plain arrays in and out. backends/native_flow.py
// is its only caller.
#include <pybind11/stl.h>

#include <cmath>
#include <utility>

#include "bindings/flow_past.hpp"
#include "bindings/flow_task.hpp"
#include "bindings/register.hpp"
#include "bindings/signals.hpp"
#include "bindings/threads.hpp"
#include "flow/polynomial.hpp"
#include "flow/problem.hpp"
#include "parallel/parallel_for.hpp"
#include "run/memory.hpp"

namespace pl {
namespace {

// One run: the arrays it points into, held for as long as it runs, and what it gave.
struct FlowWork : HeldProblem {
    FlowOptions options;
    FlowResult result;
    bool started = false;
};

py::dict counters(const FlowResult& r) {
    const FlowCounters& c = r.past.count;
    using namespace py::literals;
    return py::dict(
        "accepted"_a = c.accepted, "rejected"_a = c.rejected, "rhs"_a = c.rhs, "events"_a = c.events,
        "on"_a = c.on, "off"_a = c.off, "slide_in"_a = c.slide_in, "slide_to_on"_a = c.slide_to_on,
        "slide_to_off"_a = c.slide_to_off, "repelling"_a = c.repelling, "zero_neuron"_a = c.zero_neuron,
        "a_zero"_a = c.a_zero, "sliding_end"_a = c.sliding_end, "sliding_max"_a = c.sliding_max,
        "stabilised_steps"_a = c.stabilised_steps, "spectral_radius"_a = c.spectral_radius,
        "seconds"_a = r.seconds, "criterion_time"_a = time_or_none(r.past.criterion_time),
        "proved_time"_a = time_or_none(r.past.proved_time), "loss_bound"_a = time_or_none(r.loss_bound));
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

py::object write_result(FlowWork& work) {
    if (!work.started) return py::none();
    FlowResult& r = work.result;
    const FlowOptions& options = work.options;
    py::dict out = written_rows(r, work.problem, options.states);
    out["counters"] = counters(r);
    out["switches"] = options.switches ? py::object(switch_log(r.log)) : py::object(py::none());
    out["dense"] = options.dense ? py::object(dense_pieces(r.pieces)) : py::object(py::none());
    out["resume"] = write_flow_past(r.past, work.problem);
    return std::move(out);
}

// Taylor coefficients of W, its velocities and residuals up to the largest order, the inputs, and a few
// numbers per pair.
double flow_bytes(const FlowProblem& problem) {
    const double n = problem.n, p = problem.p, d = problem.norms != nullptr ? 1.0 : problem.d + 8.0;
    const double width = problem.norms != nullptr ? n : d;
    return 8 * (2.0 * (kMaxOrder + 1) * (p * width + n) + n * d + 4 * p * width + 2 * n * p) + 4 * n * p;
}

py::tuple run_flow(const py::sequence& items, int threads, const py::object& progress) {
    std::vector<FlowWork> works(items.size());
    double bytes = 0;
    for (std::size_t k = 0; k < works.size(); ++k) {
        const py::dict task = items[k].cast<py::dict>();
        read_problem(task, works[k]);
        works[k].options = read_options(task);
        if (!task["resume"].is_none())
            works[k].options.past =
                read_flow_past(task["resume"].cast<py::dict>(), works[k].problem, works[k].options.t_end);
        bytes = std::max(bytes, flow_bytes(works[k].problem));
    }
    threads = usable_threads(threads);
    const std::int64_t total = static_cast<std::int64_t>(works.size());
    const auto compute = [&](Control& control) {
        require_bytes(bytes * std::min<double>(threads, static_cast<double>(total)));
        parallel_for(total, threads, control, [&](std::int64_t k) {
            FlowWork& work = works[static_cast<std::size_t>(k)];
            const Poll poll = [&control] { return control.check(); };
            work.result = flow(work.problem, work.options, poll);
            work.started = true;
            control.add_done(1);
        });
    };
    const bool interrupted = run_interruptibly(progress, total, compute);
    py::list results;
    for (FlowWork& work : works) results.append(write_result(work));
    return py::make_tuple(results, interrupted);
}

double exit_time(const std::vector<double>& coefficients, double h, double tol) {
    if (coefficients.empty() || coefficients.size() > kMaxOrder + 1)
        throw py::value_error("1 to 31 coefficients");
    return first_exit(coefficients.data(), static_cast<int>(coefficients.size()) - 1, h, tol);
}

}  // namespace

void register_flow(py::module_& module) {
    module.def("flow", &run_flow, py::arg("tasks"), py::arg("threads"), py::arg("progress") = py::none(),
               "Runs tasks (dictionaries, see backends/flow_task.py) of the event-driven flow. Returns (list "
               "of dict or "
               "None, interrupted).");
    module.def("_first_exit", &exit_time, py::arg("coefficients"), py::arg("h"), py::arg("tol"),
               "First time in [0, h] at which the polynomial is below 0 by more than tol, or a negative "
               "number. For tests.");
}

}  // namespace pl
