// The interface of the kernel's sums of rows in double precision, the inner loops of the flow's
// dense field (sums.inl).
#pragma once

#include "kernel/index.hpp"

namespace pl {

// Row lengths are multiples of 8, zero-padded, but for the vectors that `strip` changes.
struct SumKernel {
    // < x, sum_{k in list} base[k] >
    double (*gather_dot)(const double* base, Index stride, const int* list, int count, const double* x);
    // out = sum_{k in list} weight[k] base[k]
    void (*gather_sum)(const double* base, Index stride, const int* list, int count, const double* weight,
                       double* out);
    // out = sum_m weight[m] rows[m], each row `width` long
    void (*combine)(const double* const* rows, const double* weight, int count, Index width, double* out);
    double (*dot)(const double* u, const double* v, Index width);
    // v <- v - sum_m coeff[m] q_m with coeff[m] = <q_m, v>, of `count` rows q_m; v is `width` long, no more
    // is touched. Returns the squared norm of what is left.
    double (*strip)(const double* rows, Index stride, int count, double* v, Index width, double* coeff);
};

}  // namespace pl
