// _core.euler: tasks of plain arrays in, plain arrays out. backends/native.py is its only caller.
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>

#include "bindings/arrays.hpp"
#include "bindings/register.hpp"
#include "bindings/signals.hpp"
#include "bindings/threads.hpp"
#include "run/ensemble.hpp"

namespace pl {
namespace {

constexpr std::size_t kTaskFields = 13, kStopFields = 6;
constexpr Index kMaxSize = Index{1} << 40;  // of n, d, p and every product of two: no index can overflow

double positive(double value, const char* name, bool zero_allowed) {
    if (std::isnan(value) || value < 0 || (value == 0 && !zero_allowed))
        throw py::value_error(std::string(name) + ": expected a positive number, got " +
                              std::to_string(value));
    return value;
}

StopRules read_stop(const py::tuple& fields) {
    if (fields.size() != kStopFields) throw py::value_error("stop: expected 6 fields");
    StopRules stop;
    stop.criterion = fields[0].cast<bool>();
    stop.loss = positive(fields[1].cast<double>(), "stop.loss", true);
    stop.stall = positive(fields[2].cast<double>(), "stop.stall", true);
    stop.wall_time = positive(fields[3].cast<double>(), "stop.wall_time", true);
    stop.max_steps = fields[4].cast<Index>();
    stop.rise = positive(fields[5].cast<double>(), "stop.rise", false);
    return stop;
}

Index step_or_never(const py::handle& value) {
    return value.is_none() ? -1 : value.cast<Index>();
}

// What write_history gave at the end of the part before.
History read_history(const py::dict& fields, Index p) {
    History past;
    past.step = fields["at"].cast<Index>();
    const auto invariants = checked_array<double>(fields["invariants"], "resume.invariants", 1);
    require_size(invariants.size(), p, "resume.invariants");
    past.invariants.assign(invariants.data(), invariants.data() + invariants.size());
    past.loss_start = fields["loss_start"].cast<double>();
    past.loss_least = fields["loss_least"].cast<double>();
    past.try_below = fields["try_below"].cast<double>();
    past.rises = fields["rises"].cast<Index>();
    past.first_rise = step_or_never(fields["first_rise"]);
    past.criterion_step = step_or_never(fields["criterion_step"]);
    past.proved_step = step_or_never(fields["proved_step"]);
    return past;
}

EulerOptions read_options(const py::tuple& fields, Index p) {
    EulerOptions options;
    options.step = positive(fields[5].cast<double>(), "step", false);
    if (!std::isfinite(options.step)) throw py::value_error("step: expected a finite number");
    options.n_steps = fields[6].cast<Index>();
    if (options.n_steps < 0 || options.n_steps > kMaxSize)
        throw py::value_error("n_steps: expected 0 .. 2^40");
    const auto save = checked_array<Index>(fields[7], "save_steps", 1);
    options.save_steps.assign(save.data(), save.data() + save.size());
    for (std::size_t k = 0; k < options.save_steps.size(); ++k) {
        const Index least = k == 0 ? 0 : options.save_steps[k - 1] + 1;
        if (options.save_steps[k] < least || options.save_steps[k] > options.n_steps)
            throw py::value_error("save_steps: expected increasing steps within 0 .. n_steps");
    }
    options.states = fields[8].cast<bool>();
    options.stop = read_stop(fields[9].cast<py::tuple>());
    if (!fields[12].is_none()) options.past = read_history(fields[12].cast<py::dict>(), p);
    if (options.past.step < 0 || options.past.step > options.n_steps)
        throw py::value_error("resume.at: expected a step within 0 .. n_steps");
    return options;
}

// X is the (n, d) inputs, or the (n) norms of orthogonal ones; then the represented dimension is n.
template <class Real>
EulerTask<Real> read_task(const py::tuple& fields) {
    const bool norms_only = py::cast<py::array>(fields[0]).ndim() == 1;
    const auto X = checked_array<Real>(fields[0], "X", norms_only ? 1 : 2),
               y = checked_array<Real>(fields[1], "y", 1);
    const auto W = checked_array<Real>(fields[2], "W", 2), a = checked_array<Real>(fields[3], "a", 1);
    const auto perp = checked_array<double>(fields[4], "w_perp_sq", 1);
    const Index n = X.shape(0), d = norms_only ? n : X.shape(1), p = W.shape(0);
    require_size(y.size(), n, "y");
    require_size(W.shape(1), d, "W's second dimension");
    require_size(a.size(), p, "a");
    require_size(perp.size(), p, "w_perp_sq");
    if (std::max({n, d, p}) > kMaxSize || n > kMaxSize / d || p > kMaxSize / d || n > kMaxSize / p ||
        p > std::numeric_limits<std::int32_t>::max())
        throw py::value_error("n, d, p: too large");
    require_finite(X, "X");
    if (norms_only && !std::all_of(X.data(), X.data() + n, [](Real norm) { return norm > 0; }))
        throw py::value_error("X: expected norms > 0");
    require_finite(y, "y");
    require_finite(W, "W");
    require_finite(a, "a");
    require_finite(perp, "w_perp_sq");
    EulerTask<Real> task;
    Problem<Real>& problem = task.problem;
    problem.n = n;
    problem.d = d;
    problem.p = p;
    (norms_only ? problem.norms : problem.X) = X.data();
    problem.y = y.data();
    problem.W = W.data();
    problem.a = a.data();
    problem.w_perp_sq = perp.data();
    problem.certifiable = fields[10].cast<bool>();
    problem.orthogonal = fields[11].cast<bool>() || norms_only;
    task.options = read_options(fields, p);
    return task;
}

AnyEulerTask read_any(const py::tuple& fields) {
    if (fields.size() != kTaskFields) throw py::value_error("task: expected 13 fields");
    if (!py::isinstance<py::array>(fields[0])) throw py::type_error("X: expected a NumPy array");
    if (fields[0].cast<py::array>().dtype().equal(py::dtype::of<float>())) return read_task<float>(fields);
    return read_task<double>(fields);
}

py::object step_or_none(Index step) {
    return step < 0 ? py::object(py::none()) : py::object(py::int_(step));
}

py::dict write_history(const History& seen) {
    py::dict fields;
    fields["at"] = seen.step;
    fields["invariants"] =
        to_array(std::vector<double>(seen.invariants), {static_cast<py::ssize_t>(seen.invariants.size())});
    fields["loss_start"] = seen.loss_start;
    fields["loss_least"] = seen.loss_least;
    fields["try_below"] = seen.try_below;
    fields["rises"] = seen.rises;
    fields["first_rise"] = step_or_none(seen.first_rise);
    fields["criterion_step"] = step_or_none(seen.criterion_step);
    fields["proved_step"] = step_or_none(seen.proved_step);
    return fields;
}

template <class Real>
py::object write_result(EulerTask<Real>& task) {
    EulerResult<Real>& r = task.result;
    if (!r.started) return py::none();
    const py::ssize_t rows = static_cast<py::ssize_t>(r.steps.size()), p = task.problem.p, d = task.problem.d;
    py::dict counters;
    counters["steps"] = r.history.step;
    counters["seconds"] = r.seconds;
    counters["first_rise"] = step_or_none(r.history.first_rise);
    counters["rises"] = r.history.rises;
    counters["criterion_step"] = step_or_none(r.history.criterion_step);
    counters["proved_step"] = step_or_none(r.history.proved_step);
    counters["loss_bound"] = r.loss_bound > 0 ? py::object(py::float_(r.loss_bound)) : py::object(py::none());
    py::dict out;
    out["status"] = static_cast<int>(r.status);
    out["steps"] = to_array(std::move(r.steps), {rows});
    out["loss"] = to_array(std::move(r.loss), {rows});
    out["velocity_sq"] = to_array(std::move(r.velocity_sq), {rows});
    out["n_active"] = to_array(std::move(r.n_active), {rows});
    out["invariant_drift"] = to_array(std::move(r.invariant_drift), {rows});
    out["W"] = to_array(std::move(r.W), {p, d});
    out["a"] = to_array(std::move(r.a), {p});
    out["W_saved"] =
        task.options.states ? py::object(to_array(std::move(r.W_saved), {rows, p, d})) : py::none();
    out["a_saved"] = task.options.states ? py::object(to_array(std::move(r.a_saved), {rows, p})) : py::none();
    out["counters"] = counters;
    out["resume"] = write_history(r.history);
    return std::move(out);
}

const Level& named_level(const std::optional<std::string>& name) {
    if (!name) return level();
    for (const Level& candidate : levels())
        if (candidate.name == *name) return candidate;
    throw py::value_error("level: '" + *name + "' is not available here");
}

py::tuple run(const py::sequence& items, int threads, const py::object& progress,
              const std::optional<std::string>& name) {
    const Level& chosen = named_level(name);
    std::vector<AnyEulerTask> tasks;
    std::vector<py::tuple>
        alive;  // the arrays that the tasks point into, whatever other threads do to `items`
    for (const py::handle item : items) {
        alive.push_back(item.cast<py::tuple>());
        tasks.push_back(read_any(alive.back()));
    }
    threads = usable_threads(threads);
    const bool interrupted =
        run_interruptibly(progress, static_cast<std::int64_t>(std::min(total_work(tasks), 9e18)),
                          [&](Control& control) { euler_ensemble(tasks, chosen, threads, control); });
    py::list results;
    for (AnyEulerTask& any : tasks)
        results.append(std::visit([](auto& task) { return write_result(task); }, any));
    return py::make_tuple(results, interrupted);
}

}  // namespace

void register_euler(py::module_& module) {
    module.def(
        "euler", &run, py::arg("tasks"), py::arg("threads"), py::arg("progress") = py::none(),
        py::arg("level") = py::none(),
        "Runs tasks of (X or the norms of orthogonal inputs, y, W, a, w_perp_sq, step, n_steps, "
        "save_steps, states, stop, certifiable, "
        "orthogonal, resume), stop being (criterion, loss, stall, wall_time, max_steps, rise) and resume "
        "None or the \"resume\" of the result whose end (W, a) is. Returns (list of dict or None, "
        "interrupted).");
}

}  // namespace pl
