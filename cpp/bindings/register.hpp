// One function per binding file; module.cpp calls them.
#pragma once

#include <pybind11/pybind11.h>

namespace pl {

void register_euler(pybind11::module_& module);
void register_flow(pybind11::module_& module);
void register_capture(pybind11::module_& module);
void register_proof(pybind11::module_& module);
void register_info(pybind11::module_& module);

}  // namespace pl
