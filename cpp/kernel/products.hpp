// Products of rows, for the matrices of a proof: the interface; products.inl is the body, once per level.
#pragma once

#include "kernel/kernel.hpp"

namespace pl {

// c[i, k] += sign * <a_i, b_k> for i < rows_a, k < rows_b. Rows start on 64-byte boundaries (strides are
// multiples of 8) and `width` is a multiple of 8, zero-padded. Sums are in any order: bounds on their
// rounding hold for all.
struct ProductArgs {
    const double* a;
    Index lda, rows_a;
    const double* b;
    Index ldb, rows_b;
    Index width;
    double sign;
    double* c;
    Index ldc;
};

struct ProductKernel {
    void (*add)(const ProductArgs&);
};

}  // namespace pl
