// _core.capture: runs of the capture method, dictionaries of plain arrays in and out.
#include "capture/capture.hpp"

#include <array>

#include "bindings/flow_task.hpp"
#include "bindings/register.hpp"
#include "bindings/signals.hpp"
#include "bindings/threads.hpp"
#include "parallel/parallel_for.hpp"
#include "run/memory.hpp"

namespace pl {
namespace {

struct CaptureWork : HeldProblem {
    CaptureOptions options;
    CaptureResult result;
    bool started = false;
};

struct Number {
    const char* name;
    double CapturePast::* value;
};
constexpr std::array kNumbers{Number{"at", &CapturePast::t},
                              Number{"step", &CapturePast::step},
                              Number{"tolerance", &CapturePast::tolerance},
                              Number{"error", &CapturePast::error},
                              Number{"worst", &CapturePast::worst},
                              Number{"start", &CapturePast::start},
                              Number{"criterion_time", &CapturePast::criterion_time},
                              Number{"proved_time", &CapturePast::proved_time}};

struct Count {
    const char* name;
    std::int64_t CapturePast::* value;
};
constexpr std::array kCounts{Count{"accepted", &CapturePast::accepted},
                             Count{"rejected", &CapturePast::rejected}, Count{"rhs", &CapturePast::rhs},
                             Count{"restarts", &CapturePast::restarts},
                             Count{"stabilised_steps", &CapturePast::stabilised}};

CapturePast read_past(const py::dict& fields, const FlowProblem& problem, double t_end) {
    CapturePast past;
    for (const Number& number : kNumbers) past.*number.value = fields[number.name].cast<double>();
    for (const Count& count : kCounts) past.*count.value = fields[count.name].cast<std::int64_t>();
    if (!(past.t >= 0.0 && past.t <= t_end)) throw py::value_error("at: expected a time within [0, t_end]");
    if (!(past.step > 0.0 && past.tolerance > 0.0))
        throw py::value_error("step, tolerance: expected positive numbers");
    const auto invariants = checked_array<double>(fields["invariants"], "invariants", 1);
    require_size(invariants.size(), problem.p, "invariants");
    past.invariants.assign(invariants.data(), invariants.data() + invariants.size());
    return past;
}

py::dict written_past(const CapturePast& past) {
    py::dict fields;
    for (const Number& number : kNumbers) fields[number.name] = past.*number.value;
    for (const Count& count : kCounts) fields[count.name] = past.*count.value;
    fields["invariants"] = copied(past.invariants, {static_cast<py::ssize_t>(past.invariants.size())});
    return fields;
}

py::dict counters(const CaptureResult& r) {
    py::dict out;
    for (const Count& count : kCounts) out[count.name] = r.past.*count.value;
    out["sliding_end"] = r.sliding;
    out["spectral_radius"] = r.radius;
    out["loss_error"] = r.past.worst;
    out["seconds"] = r.seconds;
    out["criterion_time"] = time_or_none(r.past.criterion_time);
    out["proved_time"] = time_or_none(r.past.proved_time);
    out["loss_bound"] = time_or_none(r.loss_bound);
    return out;
}

py::object write_result(CaptureWork& work) {
    if (!work.started) return py::none();
    py::dict out = written_rows(work.result, work.problem, work.options.states);
    out["counters"] = counters(work.result);
    out["switches"] = py::none();
    out["dense"] = py::none();
    out["resume"] = written_past(work.result.past);
    return std::move(out);
}

void read_work(const py::dict& task, CaptureWork& work) {
    read_problem(task, work);
    const FlowOptions o = read_options(task);
    work.options = {o.t_end, o.rtol, o.atol, o.save, o.states, o.stop, {}};
    if (!task["resume"].is_none())
        work.options.past = read_past(task["resume"].cast<py::dict>(), work.problem, o.t_end);
}

py::tuple run_capture(const py::sequence& items, int threads, const py::object& progress) {
    std::vector<CaptureWork> works(items.size());
    double bytes = 0;
    for (std::size_t k = 0; k < works.size(); ++k) {
        read_work(items[k].cast<py::dict>(), works[k]);
        bytes = std::max(bytes, capture_bytes(works[k].problem));
    }
    threads = usable_threads(threads);
    const std::int64_t total = static_cast<std::int64_t>(works.size());
    const int each = total == 1 ? threads : 1;  // one run is the team's, many are a thread's each
    const auto compute = [&](Control& control) {
        require_bytes(bytes * std::min<double>(threads, static_cast<double>(total)));
        parallel_for(total, threads, control, [&](std::int64_t k) {
            CaptureWork& work = works[static_cast<std::size_t>(k)];
            work.result = capture(work.problem, work.options, each, [&control] { return control.check(); });
            work.started = true;
            control.add_done(1);
        });
    };
    const bool interrupted = run_interruptibly(progress, total, compute);
    py::list results;
    for (CaptureWork& work : works) results.append(write_result(work));
    return py::make_tuple(results, interrupted);
}

}  // namespace

void register_capture(py::module_& module) {
    module.def("capture", &run_capture, py::arg("tasks"), py::arg("threads"),
               py::arg("progress") = py::none(),
               "Runs tasks (dictionaries, see backends/flow_task.py) of the capture method. Returns (list of "
               "dict or None, interrupted).");
}

}  // namespace pl
