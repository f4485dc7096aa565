// _core.euler: runs of explicit Euler, in either precision.
#include <pybind11/stl.h>

#include <array>
#include <optional>
#include <variant>

#include "bindings/past_record.hpp"
#include "bindings/register.hpp"
#include "bindings/run_dict.hpp"
#include "bindings/signals.hpp"
#include "bindings/task.hpp"
#include "bindings/threads.hpp"
#include "euler/ensemble.hpp"

namespace pl {
namespace {

using Number = Field<EulerPast, double>;
constexpr std::array kNumbers{Number{"loss_start", &EulerPast::loss_start},
                              Number{"loss_least", &EulerPast::loss_least}};

using Count = Field<EulerPast, Index>;
constexpr std::array kCounts{Count{"at", &EulerPast::step}, Count{"rises", &EulerPast::rises}};

Index step_or_never(const py::handle& value) {
    return value.is_none() ? -1 : value.cast<Index>();
}
py::object step_or_none(Index step) {
    return step < 0 ? py::object(py::none()) : py::object(py::int_(step));
}

EulerPast read_past(const py::dict& record, Index p, Index n_steps) {
    EulerPast past;
    if (unbegun(record)) return past;
    read_fields(record, past, kCounts);
    read_fields(record, past, kNumbers);
    if (past.step < 0 || past.step > n_steps)
        throw py::value_error("resume.at: expected a step within 0 .. n_steps");
    past.invariants = read_column(record, "invariants", p);
    past.first_rise = step_or_never(record["first_rise"]);
    past.seen.criterion = static_cast<double>(step_or_never(record["criterion_step"]));
    past.seen.proved = static_cast<double>(step_or_never(record["proved_step"]));
    past.seen.try_below = record["try_below"].cast<double>();
    read_rates(record, past.seen);
    return past;
}

// First steps, in the counters of a run as in its record.
void write_steps(py::dict& fields, const EulerPast& past) {
    fields["rises"] = past.rises;
    fields["first_rise"] = step_or_none(past.first_rise);
    fields["criterion_step"] = step_or_none(static_cast<Index>(past.seen.criterion));
    fields["proved_step"] = step_or_none(static_cast<Index>(past.seen.proved));
}

py::dict written_past(const EulerPast& past) {
    if (past.fresh()) return unbegun_record(past.step);
    py::dict record;
    write_fields(record, past, kNumbers);
    write_fields(record, past, kCounts);
    write_steps(record, past);
    record["try_below"] = past.seen.try_below;
    write_rates(record, past.seen);
    record["invariants"] = copied(past.invariants, {static_cast<py::ssize_t>(past.invariants.size())});
    return record;
}

EulerOptions read_options(const py::dict& task, Index p) {
    constexpr Index kMostSteps = Index{1} << 40;
    EulerOptions options;
    options.step = read_positive(task, "step");
    options.n_steps = task["n_steps"].cast<Index>();
    if (options.n_steps < 0 || options.n_steps > kMostSteps)
        throw py::value_error("n_steps: expected 0 .. 2^40");
    options.saves = read_saves<Index>(task, options.n_steps);
    options.stop = read_stop(task);
    if (!task["resume"].is_none())
        options.past = read_past(task["resume"].cast<py::dict>(), p, options.n_steps);
    return options;
}

using AnyHeld = std::variant<HeldProblem<float>, HeldProblem<double>>;

template <class Real>
AnyEulerTask read_task(const py::dict& fields, std::vector<AnyHeld>& alive) {
    EulerTask<Real> task;
    HeldProblem<Real> held = read_problem<Real>(fields);
    task.problem = held.problem;
    task.options = read_options(fields, task.problem.p);
    alive.push_back(std::move(held));
    return task;
}

template <class Real>
py::object write_result(EulerTask<Real>& task) {
    EulerResult<Real>& r = task.result;
    if (!r.started) return py::none();
    py::dict out = written_rows(r, task.problem, "steps", task.options.saves.states), counters;
    counters["steps"] = r.past.step;
    write_steps(counters, r.past);
    write_outcome(counters, r);
    out["counters"] = counters;
    out["resume"] = written_past(r.past);
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
    std::vector<AnyHeld> alive;  // the arrays that the tasks point into, whatever other threads do to `items`
    for (const py::object item : items) {
        const py::dict fields = item.cast<py::dict>();
        tasks.push_back(in_single_precision(fields) ? read_task<float>(fields, alive)
                                                    : read_task<double>(fields, alive));
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
    module.def("euler", &run, py::arg("tasks"), py::arg("threads"), py::arg("progress") = py::none(),
               py::arg("level") = py::none(),
               "Runs tasks of explicit Euler. Returns (list of dict or None, interrupted).");
}

}  // namespace pl
