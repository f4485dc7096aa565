// The interface of the kernel's search for pairs that come near their kinks and turn back (turns.inl; what it
// is for: capture/passes.hpp).
#pragma once

#include "kernel/kernel.hpp"

namespace pl {

// One neuron over a step, whole blocks, of which nothing beyond the vector of the last point is read: z
// before and after, and below what abs(z) a pair is close to its kink.
struct TurnArgs {
    Index n;
    const double *z, *next, *near;  // (blocks * kBlockPoints)
    double scale;                   // of near
    Word* nearing;  // (blocks): the pairs that came nearer; in: in the step before, out: in this
    Word* turned;   // (blocks), out: those that were close between the two, and go away
};

struct TurnKernel {
    void (*find)(TurnArgs&);
};

}  // namespace pl
