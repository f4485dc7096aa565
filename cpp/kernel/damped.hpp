// The interface of the kernel's damped Adams-Bashforth steps (damped.inl; the method: capture/adams.hpp).
#pragma once

#include "kernel/kernel.hpp"

namespace pl {

// Points in a row, everything of length `size`. N is what is left of r(Q) beside r - D Q.
struct DampedArgs {
    Index size;
    double h, h_before;
    int doublings;  // D h <= 2^doublings
    const double *r, *before, *q_before, *damping;
    const double* bend;  // N'' of the last step, or null
    double* q;           // of this step: out of impulse, into judge
    const double* next;  // judge: r after the step
    double* bend_next;   // judge, out: N'' over the step
    double squares;      // judge, out: sum of what N'' - bend does to q / h, squared
};

struct DampedKernel {
    void (*impulse)(DampedArgs&);
    void (*judge)(DampedArgs&);
};

}  // namespace pl
