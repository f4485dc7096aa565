// What this build is and what it runs on.
#include <pybind11/stl.h>

#include <cmath>
#include <limits>

#include "bindings/register.hpp"
#include "kernel/dispatch.hpp"
#include "parallel/parallel_for.hpp"
#include "run/memory.hpp"
#include "status.hpp"

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

// False when denormals are flushed to zero on this thread, which another library's start-up code may have
// arranged.
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
}

}  // namespace pl
