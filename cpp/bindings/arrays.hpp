// NumPy arrays in, NumPy arrays out: the second wall. Python's checks explain; these only make sure that
// nonsense given to the native module directly raises and never reads out of bounds.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernel/kernel.hpp"

namespace pl {

namespace py = pybind11;

// A C-contiguous, aligned array of exactly T and `rank` dimensions, none of them empty.
template <class T>
py::array_t<T> checked_array(const py::handle& object, const char* name, int rank) {
    if (!py::isinstance<py::array>(object))
        throw py::type_error(std::string(name) + ": expected a NumPy array");
    const auto array = py::reinterpret_borrow<py::array>(object);
    if (!py::dtype::of<T>().equal(array.dtype()))
        throw py::type_error(std::string(name) + ": expected dtype " +
                             std::string(py::str(static_cast<py::object>(py::dtype::of<T>()))) + ", got " +
                             std::string(py::str(static_cast<py::object>(array.dtype()))));
    if (array.ndim() != rank)
        throw py::value_error(std::string(name) + ": expected " + std::to_string(rank) + " dimensions, got " +
                              std::to_string(array.ndim()));
    if (array.size() == 0) throw py::value_error(std::string(name) + ": expected at least one entry");
    constexpr int wanted = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    if ((array.flags() & wanted) != wanted)
        throw py::value_error(std::string(name) + ": expected a C-contiguous, aligned array");
    return py::reinterpret_borrow<py::array_t<T>>(array);
}

// Branch-free over stretches, so that it runs at the speed of memory: it is serial, while other threads wait.
template <class T>
void require_finite(const py::array_t<T>& array, const char* name) {
    constexpr py::ssize_t kStretch = 1024;
    constexpr T kLargest = std::numeric_limits<T>::max();
    const T* data = array.data();
    const py::ssize_t size = array.size();
    for (py::ssize_t first = 0; first < size; first += kStretch) {
        int wrong = 0;
        for (py::ssize_t k = first; k < std::min(first + kStretch, size); ++k)
            wrong |= !(std::abs(data[k]) <= kLargest);
        if (wrong != 0) throw py::value_error(std::string(name) + ": expected finite numbers");
    }
}

inline void require_size(py::ssize_t got, Index expected, const char* name) {
    if (got != expected)
        throw py::value_error(std::string(name) + ": expected length " + std::to_string(expected) + ", got " +
                              std::to_string(got));
}

// Hands a vector's memory to NumPy without a copy.
template <class T, class Allocator>
py::array_t<T> to_array(std::vector<T, Allocator>&& values, std::vector<py::ssize_t> shape) {
    using Values = std::vector<T, Allocator>;
    auto* owned = new Values(std::move(values));
    const py::capsule owner(owned, [](void* v) { delete static_cast<Values*>(v); });
    return py::array_t<T>(std::move(shape), owned->data(), owner);
}

template <class T>
py::array_t<T> copied(const std::vector<T>& values, std::vector<py::ssize_t> shape) {
    return to_array(std::vector<T>(values), std::move(shape));
}

}  // namespace pl
