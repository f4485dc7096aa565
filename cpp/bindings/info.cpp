// What this build is and what it runs on.
#include <pybind11/stl.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "bindings/register.hpp"
#include "bindings/signals.hpp"
#include "kernel/dispatch.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/memory.hpp"
#include "problem/status.hpp"

namespace pl {

namespace py = pybind11;

namespace {

py::dict status_table() {
    py::dict table;
    for (const auto& [name, status] : kStatusTable) table[name] = static_cast<int>(status);
    return table;
}

std::vector<std::string> level_names() {
    std::vector<std::string> names;
    for (const Level& candidate : levels()) names.push_back(candidate.name);
    return names;
}

// False when denormals are flushed to zero on this thread, which another library's start-up code
// may have arranged.
bool denormals_kept() {
    volatile double tiny = std::numeric_limits<double>::min();
    volatile double half = tiny / 2;
    return half > 0;
}

py::dict build_info() {
    py::dict info;
    info["version"] = PLN_VERSION;
    info["compiler"] = PLN_COMPILER;
    info["fp_flags"] = PLN_FLAGS;
    info["build_type"] = PLN_BUILD_TYPE;
    info["parallel_runtime"] = parallel_runtime();
    return info;
}

// Iterations of fma_loop between two looks at the clock: 10 to 100 microseconds.
constexpr Index kPeakChunk = 2000;

// Every thread runs the loop until one common deadline, so a late or doubled-up thread lowers the figure.
template <class Real>
double measured_peak(int threads, double seconds, Control& control) {
    using Clock = std::chrono::steady_clock;
    const Kernel<Real>& chosen = kernel<Real>();
    const Clock::time_point start = Clock::now(),
                            deadline = start + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
    std::atomic<Index> chunks{0};
    std::atomic<bool> finite{true};
    parallel_for(threads, threads, control, [&](Index) {
        Index mine = 0;
        bool ok = true;
        while (Clock::now() < deadline && !control.check()) {
            ok = std::isfinite(chosen.fma_loop(kPeakChunk)) && ok;  // a use: the loop cannot be left out
            ++mine;
        }
        chunks += mine;
        if (!ok) finite = false;
    });
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    const double flops = static_cast<double>(chunks) * static_cast<double>(kPeakChunk * chosen.fma_flops);
    return finite ? flops / elapsed * 1e-9 : std::numeric_limits<double>::quiet_NaN();
}

double fma_peak(int threads, double seconds, bool float32) {
    if (threads < 1 || threads > 4096)
        throw py::value_error("threads: expected 1 .. 4096, got " + std::to_string(threads));
    if (!(seconds > 0 && seconds <= 60))
        throw py::value_error("seconds: expected a number in (0, 60], got " + std::to_string(seconds));
    double peak = 0;
    const bool interrupted = run_interruptibly(py::none(), 0, [&](Control& control) {
        peak = float32 ? measured_peak<float>(threads, seconds, control)
                       : measured_peak<double>(threads, seconds, control);
    });
    if (interrupted) {
        PyErr_SetNone(PyExc_KeyboardInterrupt);
        throw py::error_already_set();
    }
    return peak;
}

}  // namespace

void register_info(py::module_& module) {
    module.def("status_table", &status_table, "Name -> code of every outcome.");
    module.def("levels", &level_names, "Instruction-set levels built in and runnable here, lowest first.");
    module.def(
        "level", [] { return level().name; }, "The chosen level; ValueError if PL_NATIVE_ISA names none.");
    module.def("default_threads", &default_threads, "Threads used when none are asked for.");
    module.def("forked", &forked, "True in a child of fork(): calls run serially there.");
    module.def("denormals_kept", &denormals_kept, "False if this thread flushes denormals to zero.");
    module.def("available_bytes", &available_bytes, "Memory that a call may ask for.");
    module.def("build_info", &build_info, "How this module was built.");
    module.def("fma_peak", &fma_peak, py::arg("threads"), py::arg("seconds"), py::arg("float32"),
               "GFLOP/s of a register-only loop of multiply-adds at the chosen level, all threads together.");
}

}  // namespace pl
