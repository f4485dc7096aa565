// Table of contents of pl_native._core. Private: use the package, which checks and explains.
#include <string>

#include "bindings/gil.hpp"
#include "bindings/register.hpp"
#include "problem/memory.hpp"

PYBIND11_MODULE(_core_of_the_main_interpreter, module, pybind11::mod_gil_not_used(),
                pybind11::multiple_interpreters::not_supported()) {
    module.doc() = "Native core of pl_native; private.";
    // NOLINTNEXTLINE(performance-unnecessary-value-param): the signature that pybind11 asks for
    pybind11::register_exception_translator([](std::exception_ptr error) {
        try {
            if (error) std::rethrow_exception(error);
        } catch (const pl::MemoryBudget& budget) {
            PyErr_SetString(PyExc_MemoryError, budget.what());
        } catch (const pybind11::cast_error& wrong) {  // else a RuntimeError, which no caller expects
            const std::string words = "task: expected fields of the types in _core.pyi, got another";
            PyErr_SetString(PyExc_TypeError, (words + " (" + wrong.what() + ")").c_str());
        }
    });
    pl::keep_freed_pages();
    pl::watch_for_the_end();
    pl::register_euler(module);
    pl::register_flow(module);
    pl::register_capture(module);
    pl::register_proof(module);
    pl::register_info(module);
}

// What Python calls. In a sub-interpreter pybind11 would wait for ever for the lock of the main one, whatever
// the slot says, so that this is asked before anything of pybind11 runs.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is Python's
extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
    if (PyInterpreterState_Get() == PyInterpreterState_Main()) return PyInit__core_of_the_main_interpreter();
    PyErr_SetString(PyExc_ImportError, "pl_native._core can be imported in the main interpreter only");
    return nullptr;
}
