// Ctrl-C and progress during a native call: the calling thread takes the GIL now and then.
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/gil.hpp"
#include "bindings/threads.hpp"
#include "parallel/control.hpp"

namespace pl {

// Runs `compute(control)` without the GIL. Between blocks the calling thread looks for signals (Python runs
// their handlers in the main thread only) and calls `progress(done, total)` unless that is None. Returns true
// when a KeyboardInterrupt came: it is swallowed here, because the caller returns what was finished. Any
// other exception of a handler or of `progress` stops the computation and is raised.
template <class Compute>
bool run_interruptibly(const pybind11::object& progress, std::int64_t total, const Compute& compute) {
    pybind11::object error;  // the exception instance that stopped the computation
    Control control([&](std::int64_t done) {
        if (python_ends()) return true;  // nobody is left to take what comes
        const TakenGil gil;
        if (PyErr_CheckSignals() == 0) {
            if (progress.is_none()) return false;
            PyObject* answer = PyObject_CallFunction(progress.ptr(), "LL", static_cast<long long>(done),
                                                     static_cast<long long>(total));
            if (answer != nullptr) {
                Py_DECREF(answer);
                return false;
            }
        }
        PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
        PyErr_Fetch(&type, &value, &trace);
        PyErr_NormalizeException(&type, &value, &trace);
        if (trace != nullptr) PyException_SetTraceback(value, trace);
        Py_XDECREF(type);
        Py_XDECREF(trace);
        error = pybind11::reinterpret_steal<pybind11::object>(value);
        return true;
    });
    {
        const ReleasedGil release;
        compute(control);
    }
    tell_refused_threads();
    if (!error) return false;
    if (PyErr_GivenExceptionMatches(error.ptr(), PyExc_KeyboardInterrupt)) return true;
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
    throw pybind11::error_already_set();
}

}  // namespace pl
