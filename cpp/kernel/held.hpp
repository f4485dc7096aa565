// The interface of the kernel's projections off the inputs at which a neuron is held (held.inl; what they are
// for: capture/frozen.hpp).
#pragma once

#include "kernel/index.hpp"

namespace pl {

// The inputs x_l (count) of one neuron's held pairs. In single precision: rows of x have `width` places,
// those of `gram` ld, both multiples of 16 and zero-padded.
struct HeldArgs {
    int count;
    Index ld, width;
    const float* const* x;
    float* gram;  // (count, ld): Gram matrix; factor leaves its Cholesky factor below the diagonal, else 0
    float*
        inverse;  // (ld): of the factor's diagonal; 0: that row depends on those before it, and is left out
    float* weights;  // (ld): scratch
    float* g;        // (width): project takes from it what lies in the span of the rows
};

struct HeldKernel {
    void (*factor)(HeldArgs&);
    void (*project)(HeldArgs&);
};

}  // namespace pl
