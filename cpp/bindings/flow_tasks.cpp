// _core.flow: runs of the event-driven flow.
#include <pybind11/stl.h>

#include "bindings/adaptive.hpp"
#include "bindings/flow_past.hpp"
#include "bindings/register.hpp"
#include "flow/flow.hpp"
#include "flow/polynomial.hpp"

namespace pl {
namespace {

py::dict written_counters(const FlowResult& r) {
    const FlowCounters& c = r.past.count;
    using namespace py::literals;
    py::dict counters(
        "accepted"_a = c.accepted, "rejected"_a = c.rejected, "rhs"_a = c.rhs, "events"_a = c.events,
        "on"_a = c.on, "off"_a = c.off, "slide_in"_a = c.slide_in, "slide_to_on"_a = c.slide_to_on,
        "slide_to_off"_a = c.slide_to_off, "repelling"_a = c.repelling, "zero_neuron"_a = c.zero_neuron,
        "a_zero"_a = c.a_zero, "sliding_end"_a = c.sliding_end, "sliding_max"_a = c.sliding_max,
        "start_kinks"_a = c.start_kinks, "dependent_inputs"_a = c.dependent_inputs,
        "stabilised_steps"_a = c.stabilised_steps, "cell_steps"_a = c.cell_steps,
        "spectral_radius"_a = c.spectral_radius, "criterion_time"_a = time_or_none(r.past.seen.criterion));
    write_outcome(counters, r);
    write_proof(counters, r, r.past.seen);
    return counters;
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

// They are let go of one by one: there is no room for all of them twice.
py::list dense_pieces(std::vector<DensePiece>& pieces) {
    py::list list;
    for (DensePiece& piece : pieces) {
        const py::ssize_t rows = piece.order + 1, size = static_cast<py::ssize_t>(piece.coeff.size()) / rows;
        list.append(py::make_tuple(piece.t0, piece.h, copied(piece.coeff, {rows, size})));
        piece.coeff = {};
    }
    return list;
}

struct FlowMethod {
    using Work = pl::Work<FlowOptions, FlowResult>;

    static void read(const py::dict& task, Work& work) {
        FlowOptions& o = work.options;
        read_common(task, work);
        o.switches = flag(task, "switches");
        o.dense = flag(task, "dense");
        o.order = task["order"].cast<int>();
        o.stabilised = flag(task, "stabilised");
        o.max_step = task["max_step"].cast<double>();
        if (!(o.max_step > 0.0)) throw py::value_error("max_step: expected a positive number");
        if (o.order != 0 && (o.order < 2 || o.order > kMaxOrder))
            throw py::value_error("order: expected 0 or within [2, 30]");
        if (!task["resume"].is_none())
            o.past = read_flow_past(task["resume"].cast<py::dict>(), work.held.problem, o.t_end);
    }
    static double bytes(const Problem<double>& problem) { return flow_bytes(problem); }
    static FlowResult run(const Work& work, int threads, const Poll& poll) {
        return flow(work.held.problem, work.options, poll, threads);
    }
    static py::dict written(Work& work) {
        FlowResult& r = work.result;
        const FlowOptions& options = work.options;
        py::dict out = written_rows(r, work.held.problem, "t", options.saves.states);
        write_kinks(out, r, work.held.problem, work.options.saves.states);
        py::dict counters = written_counters(r);
        if (work.held.problem.X != nullptr) {
            counters["close_passes"] = r.close_passes;
            counters["closest_pass"] = r.closest_pass;
            counters["branch_scatter"] = r.scatter;
        }
        out["counters"] = counters;
        out["switches"] = options.switches ? py::object(switch_log(r.log)) : py::object(py::none());
        out["dense"] = options.dense ? py::object(dense_pieces(r.pieces)) : py::object(py::none());
        out["resume"] = write_flow_past(std::move(r.past), work.held.problem);
        return out;
    }
};

double exit_time(const std::vector<double>& coefficients, double h, double tol) {
    if (coefficients.empty() || coefficients.size() > kMaxOrder + 1)
        throw py::value_error("1 to 31 coefficients");
    return first_exit(coefficients.data(), static_cast<int>(coefficients.size()) - 1, h, tol);
}

}  // namespace

void register_flow(py::module_& module) {
    module.def("flow", &run_adaptive<FlowMethod>, py::arg("tasks"), py::arg("threads"),
               py::arg("progress") = py::none(),
               "Runs tasks of the event-driven flow. Returns (list of dict or None, interrupted).");
    module.def("_first_exit", &exit_time, py::arg("coefficients"), py::arg("h"), py::arg("tol"),
               "First time in [0, h] at which the polynomial is below 0 by more than tol, or a negative "
               "number. For tests.");
}

}  // namespace pl
