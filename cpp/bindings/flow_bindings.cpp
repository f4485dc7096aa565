// Python's door to the event-driven flow: arrays to views, a second wall of checks, the GIL, Ctrl-C.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "flow/polynomial.hpp"
#include "flow/problem.hpp"

namespace py = pybind11;

namespace pl {
namespace {

using Array = py::array_t<double, py::array::c_style>;

Array checked(const py::dict& task, const char* name, std::vector<py::ssize_t> shape) {
    const py::object value = task[name];
    if (!Array::check_(value))
        throw py::type_error(std::string(name) + " must be a C-contiguous float64 array");
    Array array = value.cast<Array>();
    bool fits = array.ndim() == static_cast<py::ssize_t>(shape.size());
    for (std::size_t k = 0; fits && k < shape.size(); ++k)
        fits = array.shape(static_cast<py::ssize_t>(k)) == shape[k];
    if (!fits) throw py::value_error(std::string(name) + " has the wrong shape");
    for (py::ssize_t k = 0; k < array.size(); ++k) {
        if (!std::isfinite(array.data()[k])) throw py::value_error(std::string(name) + " must be finite");
    }
    return array;
}

// The arrays a problem points into, held for as long as it runs.
struct Held {
    explicit Held(const py::dict& task) {
        const Array W_any = task["W"].cast<Array>(), y_any = task["y"].cast<Array>();
        if (W_any.ndim() != 2 || y_any.ndim() != 1) throw py::value_error("W must be (p, d) and y (n,)");
        const py::ssize_t n = y_any.shape(0), p = W_any.shape(0), d = W_any.shape(1);
        if (n < 1 || p < 1 || d < 1) throw py::value_error("n, d and p must be at least 1");
        y = checked(task, "y", {n});
        W = checked(task, "W", {p, d});
        a = checked(task, "a", {p});
        w_perp_sq = checked(task, "w_perp_sq", {p});
        problem.n = static_cast<int>(n);
        problem.d = static_cast<int>(d);
        problem.p = static_cast<int>(p);
        if (task["X"].is_none()) {
            norms = checked(task, "norms", {n});
            if (d != n) throw py::value_error("orthogonal inputs need W of shape (p, n)");
            problem.norms = norms.data();
        } else {
            X = checked(task, "X", {n, d});
            problem.X = X.data();
        }
        problem.y = y.data();
        problem.W = W.data();
        problem.a = a.data();
        problem.w_perp_sq = w_perp_sq.data();
        problem.certifiable = task["certifiable"].cast<bool>();
        problem.orthogonal = task["orthogonal"].cast<bool>();
    }
    Array X, norms, y, W, a, w_perp_sq;
    FlowProblem problem;
};

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

template <typename T>
py::array_t<T> to_array(const std::vector<T>& values, std::vector<py::ssize_t> shape) {
    py::array_t<T> array(std::move(shape));
    std::copy(values.begin(), values.end(), array.mutable_data());
    return array;
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
        "a_zero"_a = c.a_zero, "sliding_end"_a = c.sliding_end, "sliding_max"_a = c.sliding_max,
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
    return py::dict("t"_a = to_array(t, {m}), "neuron"_a = to_array(neuron, {m}),
                    "point"_a = to_array(point, {m}), "from_mode"_a = to_array(from, {m}),
                    "to_mode"_a = to_array(to, {m}));
}

py::list dense_pieces(const std::vector<DensePiece>& pieces) {
    py::list list;
    for (const DensePiece& piece : pieces) {
        const py::ssize_t rows = piece.order + 1, size = static_cast<py::ssize_t>(piece.coeff.size()) / rows;
        list.append(py::make_tuple(piece.t0, piece.h, to_array(piece.coeff, {rows, size})));
    }
    return list;
}

py::dict to_dict(const FlowResult& r, const FlowProblem& problem, const FlowOptions& options,
                 bool interrupted) {
    const auto m = static_cast<py::ssize_t>(r.t.size());
    const py::ssize_t p = problem.p, d = problem.d;
    using namespace py::literals;
    py::dict out("status"_a = static_cast<int>(r.status), "t"_a = to_array(r.t, {m}),
                 "loss"_a = to_array(r.loss, {m}), "velocity_sq"_a = to_array(r.velocity_sq, {m}),
                 "n_active"_a = to_array(r.n_active, {m}),
                 "invariant_drift"_a = to_array(r.invariant_drift, {m}), "W"_a = to_array(r.W, {p, d}),
                 "a"_a = to_array(r.a, {p}), "counters"_a = counters(r), "interrupted"_a = interrupted);
    out["W_saved"] = options.states ? py::object(to_array(r.W_saved, {m, p, d})) : py::object(py::none());
    out["a_saved"] = options.states ? py::object(to_array(r.a_saved, {m, p})) : py::object(py::none());
    out["switches"] = options.switches ? py::object(switch_log(r.log)) : py::object(py::none());
    out["dense"] = options.dense ? py::object(dense_pieces(r.pieces)) : py::object(py::none());
    return out;
}

// Raised by the calling thread, read by the workers.
struct Cancel {
    std::atomic<bool> raised{false};
};

py::dict run_flow(const py::dict& task, const Cancel* cancel) {
    const Held held(task);
    const FlowOptions options = read_options(task);
    bool interrupted = false;
    auto last = std::chrono::steady_clock::now();
    const Poll poll = [&]() {
        if (cancel && cancel->raised.load(std::memory_order_relaxed)) interrupted = true;
        const auto now = std::chrono::steady_clock::now();
        if (interrupted || now - last < std::chrono::milliseconds(50)) return interrupted;
        last = now;
        py::gil_scoped_acquire lock;
        if (PyErr_CheckSignals() != 0) {  // the interruption is reported by the result
            PyErr_Clear();
            interrupted = true;
        }
        return interrupted;
    };
    FlowResult result;
    {
        py::gil_scoped_release unlocked;
        result = flow(held.problem, options, poll);
    }
    return to_dict(result, held.problem, options, interrupted);
}

double exit_time(const std::vector<double>& coefficients, double h, double tol) {
    if (coefficients.empty() || coefficients.size() > kMaxOrder + 1)
        throw py::value_error("1 to 31 coefficients");
    return first_exit(coefficients.data(), static_cast<int>(coefficients.size()) - 1, h, tol);
}

}  // namespace

void bind_flow(py::module_& m) {
    py::class_<Cancel>(m, "FlowCancel", "A flag that ends the runs it was handed to, from any thread.")
        .def(py::init<>())
        .def("set", [](Cancel& cancel) { cancel.raised = true; });
    m.def("flow", &run_flow, py::arg("task"), py::arg("cancel") = nullptr,
          "One run of the event-driven gradient flow. `task` is a dict of C-contiguous float64 arrays and "
          "plain values.");
    m.def("_first_exit", &exit_time, py::arg("coefficients"), py::arg("h"), py::arg("tol"),
          "First time in [0, h] at which the polynomial is below 0 by more than tol, or a negative number. "
          "For tests.");
}

}  // namespace pl
