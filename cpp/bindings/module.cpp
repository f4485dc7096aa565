// Table of contents of pl_native._core. Private: use the package, which checks and explains.
#include "bindings/register.hpp"
#include "problem/memory.hpp"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
    module.doc() = "Native core of pl_native; private.";
    // NOLINTNEXTLINE(performance-unnecessary-value-param): the signature that pybind11 asks for
    pybind11::register_exception_translator([](std::exception_ptr error) {
        try {
            if (error) std::rethrow_exception(error);
        } catch (const pl::MemoryBudget& budget) {
            PyErr_SetString(PyExc_MemoryError, budget.what());
        }
    });
    pl::register_euler(module);
    pl::register_flow(module);
    pl::register_capture(module);
    pl::register_info(module);
}
