// The interface of the kernel's capture steps on orthogonal inputs (live_steps.inl): live pairs only,
// packed. Points come in blocks of 64. Of one block and neuron, bit l of a word is 1 where pair l is live
// (w_ji > 0), and the values of the live ones follow each other; words and values are ordered by block, then
// by neuron. Half of the pairs are dead at the start and three quarters soon after, so this takes half to a
// quarter of the memory and traffic of W.
#pragma once

#include "kernel/kernel.hpp"

namespace pl {

constexpr Index kWordPoints = 64;

// Functions read a whole vector at a time: so many values must be readable beyond the last.
constexpr Index kValuesPad = 8;

// Neurons of one block, a million pairs, after which it is asked whether to stop.
constexpr Index kAskedNeurons = 1 << 14;

// A move that was accepted and not yet made.
struct LastMove {
    const double* push;  // (64 blocks)
    const double* abar;  // (p)
};

// Consecutive blocks of points. A move takes a live pair from w_ji to max(0, w_ji + abar_j push_i).
struct LiveArgs {
    Index blocks, p;
    Word* live;                     // (blocks, p)
    const double* w;                // values; in: the first of these blocks, out: one beyond their last
    double* to;                     // write: in and out, as w; may equal it
    LastMove last;                  // what write makes
    const double* push;             // (64 blocks): norms_i Q_i / n, zero beyond n
    const double* abar;             // (p)
    const double* a;                // (p): outer weights that the outputs are taken with
    const double* escape;           // (p): -1 / abar_j, or 0 where that is not finite
    const unsigned char* crossing;  // (p): whether norms takes the products of neuron j
    double* h;                      // (64 blocks), out of outputs: sum_j a_j w'_ji; out of weigh: sum_j a_j
    double* squares;                // (p, lanes), added to
    double* products;               // (p, lanes), added to
    double travel;                  // added to by norms: sum of (w'_ji - w_ji)^2
    bool deaths;                    // set by outputs if the move ends a pair
    CutOff cut = {};                // norms, outputs, write_norms, of many neurons
};

struct LiveKernel {
    Index lanes;
    // squares: w'_ji^2; products of crossing neurons: (w_ji + w'_ji)/2 times the push received, all of
    // push_i or the part until death.
    void (*norms)(LiveArgs&);
    void (*outputs)(LiveArgs&);
    // The last move: values and bits of the pairs that are still live.
    void (*write)(LiveArgs&);
    // Both, the norms of the move that follows, at the price of one pass over memory. Cut off, it still makes
    // all of the last move.
    void (*write_norms)(LiveArgs&);
    // Without a move. squares: push_i^2 on live pairs; products: push_i w_ji.
    void (*rates)(LiveArgs&);
    // Of the bits alone: the sum of a_j over live pairs.
    void (*weigh)(LiveArgs&);
};

}  // namespace pl
