// The interface of the kernel's paths through kinks (kinks.inl; the method: capture/neuron.hpp).
#pragma once

#include "kernel/cut_off.hpp"
#include "kernel/index.hpp"

namespace pl {

// How well shares are found. Every event has a sweep over the held pairs, and the path `spare` more: a path
// with few events, of a short step, is followed to the tolerance, while on one with many the next event's
// sweep goes on where this stopped. Without them the error falls with the step's power 1.6, with three more
// at each event a step costs 1.28 times.
struct KinkSweeps {
    float tolerance = 0.002F;  // held pairs whose share would move by less keep it until the next event
    int spare = 6;
};

// Pairs of one neuron that meet their kinks in a step. Arrays of pairs have ld places, a multiple
// of 16 and at least count, zero beyond count; z, v and share are changed.
struct KinkArgs {
    int count;              // pairs
    Index ld, width;        // width: of a row of x, a multiple of 16, zero-padded
    const float* const* x;  // (count): rows
    float* gram;            // (count, ld)
    const float* push;      // what being on adds to v, over K
    const float* early;     // the same of held pairs, had it not changed since the start of the path
    float* z;               // pre-activations
    float* v;               // their velocities over the path under the shares given
    float* share;           // in: at the start of the path; out: at its end
    float* side;            // 1 on, -1 off, 0 held at the kink; in: at the start, out: at the end
    float* mean;            // out: of the share over the path; in: zero
    float *due, *per_drop;  // scratch
    float* start;           // scratch: of held pairs, pushed_up()
    int* order;             // (count): scratch, the held pairs
    int held;               // how many
    int most;               // out: how many at most, on the path
    int known;              // the first of the pairs that were found to switch once the others were followed
    int made;               // so many pairs' products with each other are in gram already
    const float* changed;   // (known): mean - share of those others, as followed before
    bool opposite;          // whether inputs may be
    KinkSweeps sweeps = {};
    CutOff cut = {};
};

struct KinkKernel {
    void (*gram)(KinkArgs&);    // what is not made yet
    void (*follow)(KinkArgs&);  // the whole path
    // sum += sum_l weight_l x_l; width a multiple of 8, rows and sum aligned.
    void (*add_rows)(const double* const* x, const double* weight, int count, Index width, double* sum);
};

}  // namespace pl
