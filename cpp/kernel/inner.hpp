// Inner products of rows of any length, in the order of their entries. The kernels' own (kernel/sums.hpp)
// take padded rows, and add in another order.
#pragma once

#include <cmath>

#include "kernel/index.hpp"

namespace pl {

inline double inner(const double* u, const double* v, Index size) {
    double sum = 0.0;
    for (Index k = 0; k < size; ++k) sum += u[k] * v[k];
    return sum;
}

inline double norm_sq(const double* u, Index size) {
    return inner(u, u, size);
}

inline double norm_of(const double* u, Index size) {
    return std::sqrt(norm_sq(u, size));
}

}  // namespace pl
