#include <pybind11/pybind11.h>

namespace pl {
void bind_flow(pybind11::module_& m);
}

PYBIND11_MODULE(_core, m) {
    pl::bind_flow(m);
}
