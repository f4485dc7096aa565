// The masked gradient g_j = sum_i r_i 1_ji x_i of one block. The masks are bits, so four points at a time
// there are only sixteen possible partial sums: they are tabulated once (11 additions) and every neuron then
// adds one row of the table instead of four masked products. At p = 37 this halves, at p = 400 it quarters
// the arithmetic of the dense product.
#pragma once

constexpr int kGroupPoints = 4, kTableRows = 16;
constexpr int kBatchGroups = 6;  // groups tabulated together: 24 points
constexpr int kBlockBatches = pl::kBlockPoints / (kGroupPoints * kBatchGroups);
constexpr int kChunkVectors = 2;  // vectors of d in one table row

template <class Real>
constexpr int kRowReals = kChunkVectors * kLanes<Real>;

template <class Real>
constexpr pl::Index kTableReals = pl::Index{kBatchGroups} * kTableRows * kRowReals<Real>;

// Tables of one batch for C vectors of d: row s of group g is the sum of r_i x_i over the points of s.
template <class Real, int C>
PLN_INLINE void tabulate(const Real* rows, pl::Index stride, const Real* r, Real* tables) {
    constexpr int L = kLanes<Real>, R = kRowReals<Real>;
    for (int g = 0; g < kBatchGroups; ++g) {
        Real* table = tables + g * kTableRows * R;
#pragma GCC unroll 2
        for (int c = 0; c < C; ++c) {
            Vec<Real> row[kGroupPoints], sum[kTableRows];
#pragma GCC unroll 4
            for (int q = 0; q < kGroupPoints; ++q) {
                const int i = g * kGroupPoints + q;
                row[q] = broadcast(r[i]) * load(rows + i * stride + c * L);
            }
            sum[0] = Vec<Real>{};
#pragma GCC unroll 16
            for (int s = 1; s < kTableRows; ++s)
                sum[s] = sum[s & (s - 1)] + row[__builtin_ctz(static_cast<unsigned>(s))];
#pragma GCC unroll 16
            for (int s = 0; s < kTableRows; ++s) store(table + s * R + c * L, sum[s]);
        }
    }
}

// Adds one batch's table rows to the C vectors of every g_j; masks: words of the block, `shift` the batch's
// first bit.
template <class Real, int C>
PLN_INLINE void gather(const Real* tables, const pl::Word* masks, int shift, pl::Index p, Real* G,
                       pl::Index stride) {
    constexpr int L = kLanes<Real>, R = kRowReals<Real>;
    for (pl::Index j = 0; j < p; ++j) {
        pl::Word bits = masks[j] >> shift;
        Real* g = G + j * stride;
        Vec<Real> sum[C];
#pragma GCC unroll 2
        for (int c = 0; c < C; ++c) sum[c] = load(g + c * L);
#pragma GCC unroll 6
        for (int q = 0; q < kBatchGroups; ++q) {
            const Real* row = tables + (q * kTableRows + static_cast<int>(bits & (kTableRows - 1))) * R;
            bits >>= kGroupPoints;
#pragma GCC unroll 2
            for (int c = 0; c < C; ++c) sum[c] += load(row + c * L);
        }
#pragma GCC unroll 2
        for (int c = 0; c < C; ++c) store(g + c * L, sum[c]);
    }
}

template <class Real, int C>
PLN_INLINE void gradient_chunk(const pl::PassArgs<Real>& s, const Real* rows, const Real* r,
                               const pl::Word* masks, pl::Index k, int batches) {
    for (int b = 0; b < batches; ++b) {
        const int i = b * kBatchGroups * kGroupPoints;
        tabulate<Real, C>(rows + i * s.data.row_stride + k, s.data.row_stride, r + i, s.tables);
        gather<Real, C>(s.tables, masks, i, s.data.p, s.G + k, s.data.row_stride);
    }
}

// rows, r: the block's kBlockPoints points, of which the first `points` are not padding.
template <class Real>
PLN_INLINE void gradient_block(const pl::PassArgs<Real>& s, const Real* rows, const Real* r,
                               const pl::Word* masks, pl::Index points) {
    constexpr pl::Index L = kLanes<Real>, batch = kBatchGroups * kGroupPoints;
    const int batches = static_cast<int>((points + batch - 1) / batch);
    pl::Index k = 0;
    for (; k + kChunkVectors * L <= s.data.row_stride; k += kChunkVectors * L)
        gradient_chunk<Real, kChunkVectors>(s, rows, r, masks, k, batches);
    if (k < s.data.row_stride) gradient_chunk<Real, 1>(s, rows, r, masks, k, batches);
}
