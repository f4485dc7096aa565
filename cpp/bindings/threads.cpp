#include "bindings/threads.hpp"

#include <pybind11/pybind11.h>

#include <atomic>
#include <string>

#include "parallel/parallel_for.hpp"

namespace pl {

namespace py = pybind11;

int usable_threads(int threads) {
    if (threads < 1) throw py::value_error("threads: expected at least 1, got " + std::to_string(threads));
    if (!forked() || threads == 1) return threads;
    static std::atomic<bool> warned{false};  // a process warns once; it has no effect on any result
    if (!warned.exchange(true) &&
        PyErr_WarnEx(
            PyExc_RuntimeWarning,
            "pl_native runs serially in a child of fork(): start processes with 'spawn' or 'forkserver'",
            1) != 0)
        throw py::error_already_set();
    return 1;
}

void tell_refused_threads() {
    static std::atomic<bool> warned{false};
    if (!threads_refused() || warned.exchange(true)) return;
    if (PyErr_WarnEx(PyExc_RuntimeWarning,
                     "threads: the system refused to make as many as were asked for (a limit on processes or "
                     "on address space); runs go on with those there are",
                     1) != 0)
        PyErr_WriteUnraisable(nullptr);
}

}  // namespace pl
