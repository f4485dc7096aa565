// The interface of the kernel's projections off the inputs at which a neuron is held (held.inl; what they are
// for: capture/frozen.hpp).
#pragma once

#include "kernel/index.hpp"

namespace pl {

// The inputs x_l (count) of one neuron's held pairs. In single precision: rows have `width` places, a
// multiple of 16, zero-padded.
struct HeldArgs {
    static constexpr Index kRows = 4;  // taken together
    // Rows of the basis, so that whole groups may start anywhere.
    static constexpr Index rows(Index count) { return (count + 2 * kRows - 1) / kRows * kRows; }

    Index count, width;
    const float* const* x;
    float* basis;  // (rows(count), width): orthonormalise leaves rows that span those of x; zeros for a row
                   // that depends on those before it, and beyond count
    float* g;      // (width): project takes from it what lies in the span of the rows
};

struct HeldKernel {
    void (*orthonormalise)(HeldArgs&);
    void (*project)(HeldArgs&);
};

}  // namespace pl
