// The kernel's interface: plain structs and a table of function pointers, one table per instruction-set level
// and precision. Nothing here owns memory or throws. Layouts are drawn in cpp/README.md.
#pragma once

#include "kernel/cut_off.hpp"
#include "kernel/index.hpp"

namespace pl {

using Word = std::uint64_t;

// Points per block at every level: the masks of one neuron on one block are one Word, and a block's rows are
// summed in twelve groups of four, so the order of the gradient's sum is the same at every level.
constexpr Index kBlockPoints = 48;

// Vectors of d that the gradient takes at a time. Rows are stored a block at a time in chunks of so many
// vectors, point after point, so that they are read in order: row by row, d = 1024 would put every point on
// the same cache set.
constexpr int kChunkVectors = 2;

// With p d beyond this the gradient reads rows at every level, never panels.
constexpr Index kFewSumsLimit = 96;

// A problem packed for one level (see problem/packed.hpp). Lanes and rows beyond n and d hold zeros.
template <class Real>
struct PackedData {
    Index n, d, p;
    Index row_stride;     // Reals per row of rows, W and G: d rounded up, see row_stride()
    const Real* columns;  // X for the pre-activations: per panel, d times the panel's points; null: see rows
    const Real* rows;     // X for the gradient: per block, per chunk of d, kBlockPoints short rows. The only
                          // layout where columns is null (pass only); its rows are then whole vectors
    const Real* y;        // (blocks * kBlockPoints)
    bool large;           // X is beyond the caches: what is needed next is asked for, see ahead.inl
};

// One evaluation over the blocks [first, last): residuals, loss, masks and the gradient
//     g_j = sum_i r_i 1_ji x_i,     so that   dw_j/dt = (a_j / n) g_j   and   da_j/dt = <w_j, g_j> / n.
template <class Real>
struct PassArgs {
    PackedData<Real> data;
    Index first, last;
    const Real* W;  // (p, row_stride)
    const Real* a;  // (p)
    Real* G;        // (p, row_stride), overwritten
    Word* masks;    // (blocks, p): bit l of word (b, j) is 1 where z_ji > 0, i = b * kBlockPoints + l
    Real* scratch;  // scratch_size Reals, aligned; see gradient.inl
    Real* panel;    // where columns is null: (row_stride, points of a panel), scratch
    double sum_r2;  // out: sum of r_i^2
    CutOff cut = {};
};

// The two halves of a pass on their own, for the capture method: pre-activations in memory, and the gradient
// for any weights in place of the residuals. Rows of z are whole blocks: (p, blocks * kBlockPoints).
template <class Real>
struct HalvesArgs {
    PackedData<Real> data;  // p: neurons in W, z, masks and G, any number
    Index first, last;      // blocks; the gradient sums over these
    const Real* W;          // (p, row_stride)
    Real* z;                // preactivations: out
    const Real* weights;    // (blocks * kBlockPoints), zero beyond n
    const Word* masks;      // (blocks, p)
    Real* G;                // gradient: sum_i weights_i 1_ji x_i, overwritten
    Real* scratch;
    CutOff cut = {};  // gradient
};

// From pre-activations: masks, residuals and the sum of their squares.
template <class Real>
struct OutputsArgs {
    Index n, p, blocks;
    const Real *z, *a, *y;
    Word* masks;
    Real* r;        // (blocks * kBlockPoints)
    double sum_r2;  // out
};

// What is on, summed over the neurons of each point: out_i = sum_j 1_ji z_ji.
template <class Real>
struct MaskedSumsArgs {
    Index p, blocks;
    const Real* z;      // (p, blocks * kBlockPoints)
    const Word* masks;  // (blocks, p)
    Real* out;          // (blocks * kBlockPoints)
};

// One explicit Euler step, and the squared speed at its start.
template <class Real>
struct UpdateArgs {
    Index n, p, row_stride;
    Real step;
    const Real *W, *a, *G;
    Real *W_next, *a_next;
    double velocity_sq;  // out: sum_j |dw_j/dt|^2 + (da_j/dt)^2; NaN or infinite if anything in W, a or G is
};

// Orthogonal inputs (orthogonal_steps.inl): blocks of `tile` points, padded with zeros beyond n. A tile is
// one neuron on one block.
template <class Real>
struct OrthogonalArgs {
    Index first, last;  // blocks
    Index p;
    Real step_over_n;
    const Real *y, *norms;   // (points)
    const Real *a, *a_next;  // (p): outer weights now, and those the outputs are taken with
    Real* W;                 // the tiles of these blocks: live ones by block and neuron, then dead ones
    std::int32_t* neurons;   // of each of these tiles its neuron,
    std::int32_t* homes;     // and its block
    std::int32_t* live;      // (blocks): live tiles of each block
    Real* push;              // (points): norm_i r_i, read by a step, then overwritten
    Real* sums;              // (p, lanes): of a sweep, still by lane
    double sum_r2;           // out
};

// Arrays of orthogonal_rates are whole groups of so many neurons.
constexpr Index kRateLanes = 16;

// Rows are whole vectors; a row shorter than one vector takes the shortest of 16, 32, 64 bytes that holds it.
template <class Real>
constexpr Index row_stride(Index d, Index lanes) {
    for (Index narrow = 16 / static_cast<Index>(sizeof(Real)); narrow < lanes; narrow *= 2)
        if (d <= narrow) return narrow;
    return (d + lanes - 1) / lanes * lanes;
}

template <class Real>
struct Kernel {
    Index lanes;         // Reals per vector
    Index panel;         // points per panel; divides kBlockPoints
    Index scratch_size;  // Reals of scratch that pass needs
    void (*pass)(PassArgs<Real>&);
    void (*update)(UpdateArgs<Real>&);
    void (*preactivations)(HalvesArgs<Real>&);
    void (*gradient)(HalvesArgs<Real>&);
    // Bit l of bits[b * stride] is 1 where z > 0 at place b * kBlockPoints + l of one neuron's row.
    void (*signs)(const Real* z, Index blocks, Word* bits, Index stride);
    void (*outputs)(OutputsArgs<Real>&);
    void (*masked_sums)(MaskedSumsArgs<Real>&);
    Index tile;  // points per block of the orthogonal functions
    void (*orthogonal_evaluate)(OrthogonalArgs<Real>&);
    void (*orthogonal_step)(OrthogonalArgs<Real>&);
    void (*orthogonal_speed)(OrthogonalArgs<Real>&);
    void (*orthogonal_prune)(OrthogonalArgs<Real>&);
    void (*orthogonal_totals)(const Real* sums, Index p, double* totals);
    double (*orthogonal_rates)(const double* totals, Index n, Index p, const Real* a, Real* rate);
    double (*fma_loop)(Index iterations);  // register-only yardstick, see peak.inl
    Index fma_flops;                       // operations of one of its iterations
};

}  // namespace pl
