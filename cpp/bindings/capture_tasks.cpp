// _core.capture: runs of the capture method.
#include <array>

#include "bindings/adaptive.hpp"
#include "bindings/past_record.hpp"
#include "bindings/register.hpp"
#include "capture/capture.hpp"

namespace pl {
namespace {

using Number = Field<CapturePast, double>;
constexpr std::array kNumbers{Number{"at", &CapturePast::t},
                              Number{"step", &CapturePast::step},
                              Number{"tolerance", &CapturePast::tolerance},
                              Number{"motion", &CapturePast::motion},
                              Number{"error", &CapturePast::error},
                              Number{"worst", &CapturePast::worst},
                              Number{"start", &CapturePast::start},
                              Number{"local", &CapturePast::local},
                              Number{"drift", &CapturePast::drift},
                              Number{"flips", &CapturePast::flips}};

using Count = Field<CapturePast, Index>;
constexpr std::array kCounts{Count{"accepted", &CapturePast::accepted},
                             Count{"rejected", &CapturePast::rejected}, Count{"rhs", &CapturePast::rhs},
                             Count{"restarts", &CapturePast::restarts},
                             Count{"stabilised_steps", &CapturePast::stabilised}};

CapturePast read_past(const py::dict& record, Index p, double t_end) {
    CapturePast past;
    if (unbegun(record)) return past;
    read_fields(record, past, kNumbers);
    read_fields(record, past, kCounts);
    // records of older files do not know
    if (record.contains("dependent_inputs")) past.dependent = record["dependent_inputs"].cast<Index>();
    if (record.contains("radius")) past.radius = record["radius"].cast<double>();
    past.seen = read_times(record);
    require_within(past.t, t_end);
    const bool none = past.step == 0.0 && past.tolerance == 0.0;  // another method brought the run here
    if (!none && !(past.step > 0.0 && past.tolerance > 0.0))
        throw py::value_error("resume.step, resume.tolerance: expected positive numbers");
    past.invariants = read_column(record, "invariants", p);
    return past;
}

struct CaptureMethod {
    using Work = pl::Work<CaptureOptions, CaptureResult>;

    static void read(const py::dict& task, Work& work) {
        read_common(task, work);
        if (task["resume"].is_none()) return;
        work.options.past =
            read_past(task["resume"].cast<py::dict>(), work.held.problem.p, work.options.t_end);
    }
    static double bytes(const Problem<double>& problem) { return capture_bytes(problem); }
    static CaptureResult run(const Work& work, int threads, const Poll& poll) {
        return capture(work.held.problem, work.options, threads, poll);
    }
    static py::dict written(Work& work) {
        CaptureResult& r = work.result;
        py::dict out = written_rows(r, work.held.problem, "t", work.options.saves.states), counters, record;
        write_kinks(out, r, work.held.problem, work.options.saves.states);
        write_fields(counters, r.past, kCounts);
        for (py::dict* facts : {&counters, &record}) (*facts)["dependent_inputs"] = r.past.dependent;
        write_outcome(counters, r);
        counters["sliding_end"] = r.sliding;
        if (work.held.problem.X != nullptr) {
            counters["close_passes"] = r.close_passes;
            counters["closest_pass"] = r.closest_pass;
            counters["branch_scatter"] = r.scatter;
            counters["branch_flips"] = r.past.flips;
        }
        counters["spectral_radius"] = r.past.radius;
        record["radius"] = r.past.radius;
        counters["loss_error"] = r.past.worst;
        counters["criterion_time"] = time_or_none(r.past.seen.criterion);
        write_proof(counters, r, r.past.seen);
        write_fields(record, r.past, kNumbers);
        write_fields(record, r.past, kCounts);
        write_times(record, r.past.seen);
        record["invariants"] = copied(r.past.invariants, {work.held.problem.p});
        out["counters"] = counters;
        out["resume"] = r.past.begins() ? unbegun_record(r.past.t) : record;
        out["switches"] = py::none();
        out["dense"] = py::none();
        return out;
    }
};

}  // namespace

void register_capture(py::module_& module) {
    module.def("capture", &run_adaptive<CaptureMethod>, py::arg("tasks"), py::arg("threads"),
               py::arg("progress") = py::none(),
               "Runs tasks of the capture method. Returns (list of dict or None, interrupted).");
}

}  // namespace pl
