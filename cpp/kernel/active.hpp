// The interface of the kernel's products of points with what is on at them (active.inl; what they are for:
// capture/moves.hpp).
#pragma once

#include "kernel/cut_off.hpp"
#include "kernel/kernel.hpp"

namespace pl {

// Neurons per word of a point's bits, as points per word of a neuron's.
constexpr Index kBatchNeurons = kBlockPoints;

inline constexpr Index batch_count(Index p) {
    return (p + kBatchNeurons - 1) / kBatchNeurons;
}

// The masks by points: bit l of on[b * blocks * kBlockPoints + i] is bit i of neuron b * kBatchNeurons + l.
struct ByPointsArgs {
    Index p, blocks;
    const Word* masks;  // (blocks, p)
    Word* on;           // (batch_count(p), blocks * kBlockPoints)
};

// out_i = <x_i, sum_j 1_ji u_j> for the points of the blocks [first, last).
struct ActiveArgs {
    PackedData<float> data;  // p: neurons
    Index first, last;
    const Word* on;  // as above
    const float* U;  // (batch_count(p) * kBatchNeurons, row_stride): zeros beyond p, d
    float* tables;   // scratch, of ActiveKernel::tables
    float* sums;     // scratch (blocks * kBlockPoints, lanes)
    float* out;      // (blocks * kBlockPoints)
    CutOff cut = {};
};

struct ActiveKernel {
    Index tables;  // floats
    Index lanes;
    void (*by_points)(ByPointsArgs&);
    void (*products)(ActiveArgs&);
};

}  // namespace pl
