// The masked gradient g_j = sum_i r_i 1_ji x_i of one block. The masks are bits, so four points at a time
// there are only sixteen possible partial sums: they are tabulated once (11 additions) and every neuron then
// adds one row of the table instead of four masked products. At p = 37 this halves, at p = 400 it quarters
// the arithmetic of the dense product.

constexpr int kGroupPoints = 4, kTableRows = 16;
constexpr int kBatchGroups = 6;                                             // groups tabulated together
constexpr pl::Index kBatchPoints = pl::Index{kGroupPoints} * kBatchGroups;  // 24: a block is two batches

template <class Real, int Bytes>
constexpr int kRowReals = pl::kChunkVectors * kLanes<Real, Bytes>;

// Tables of `groups` groups for C vectors of d: row s of group g is the sum of r_i x_i over the points of s.
template <class Real, int Bytes, int C>
PLN_INLINE void tabulate(const Real* rows, pl::Index stride, const Real* r, Real* tables, int groups) {
    constexpr int L = kLanes<Real, Bytes>, R = kRowReals<Real, Bytes>;
    for (int g = 0; g < groups; ++g) {
        Real* table = tables + g * kTableRows * R;
#pragma GCC unroll 2
        for (int c = 0; c < C; ++c) {
            Vec<Real, Bytes> row[kGroupPoints], sum[kTableRows];
#pragma GCC unroll 4
            for (int q = 0; q < kGroupPoints; ++q) {
                const int i = g * kGroupPoints + q;
                row[q] = broadcast<Bytes>(r[i]) * load<Bytes>(rows + i * stride + c * L);
            }
            sum[0] = Vec<Real, Bytes>{};
#pragma GCC unroll 16
            for (int s = 1; s < kTableRows; ++s)
                sum[s] = sum[s & (s - 1)] + row[__builtin_ctz(static_cast<unsigned>(s))];
#pragma GCC unroll 16
            for (int s = 0; s < kTableRows; ++s) store(table + s * R + c * L, sum[s]);
        }
    }
}

// Row s of a table of rows of R Reals, s the bits of group q. With BMI2 the bits are brought to where they
// count bytes, so that an address takes two instructions (a rotation into another register and a mask), not
// six: 5 to 10 % of a pass. Without it a rotation needs a copy first, and this is 2 to 10 % slower
// than plain shifts.
template <int R, class Real>
PLN_INLINE const Real* table_row(const Real* table, pl::Word bits, int q) {
#if defined(__BMI2__)
    constexpr int kRowBytes = R * static_cast<int>(sizeof(Real)), shift = __builtin_ctz(kRowBytes);
    static_assert(kRowBytes == 1 << shift, "a power of two");
    const int right = (kGroupPoints * q - shift) & 63;
    const pl::Word bytes = (bits >> right | bits << (-right & 63)) & ((kTableRows - 1) << shift);
    return reinterpret_cast<const Real*>(reinterpret_cast<const char*>(table) + bytes);
#else
    return table + static_cast<int>(bits >> (q * kGroupPoints) & (kTableRows - 1)) * R;
#endif
}

// Adds one table row of every group to the C vectors of every g_j; masks: words of the block, `shift` the
// batch's first bit.
template <class Real, int Bytes, int C>
PLN_INLINE void gather(const Real* tables, const pl::Word* masks, int shift, int groups, pl::Index p, Real* G,
                       pl::Index stride) {
    constexpr int L = kLanes<Real, Bytes>, R = kRowReals<Real, Bytes>;
    for (pl::Index j = 0; j < p; ++j) {
        const pl::Word bits = masks[j] >> shift;
        Real* g = G + j * stride;
        Vec<Real, Bytes> sum[C];
#pragma GCC unroll 2
        for (int c = 0; c < C; ++c) sum[c] = load<Bytes>(g + c * L);
#pragma GCC unroll 6
        for (int q = 0; q < groups; ++q) {
            const Real* row = table_row<R>(tables + q * kTableRows * R, bits, q);
#pragma GCC unroll 2
            for (int c = 0; c < C; ++c) sum[c] += load<Bytes>(row + c * L);
        }
#pragma GCC unroll 2
        for (int c = 0; c < C; ++c) store(g + c * L, sum[c]);
    }
}

// rows: the chunk of C vectors that starts at k, of all points of the block one after another; r: their
// residuals, the first `points` of which are not padding.
template <class Real, int Bytes, int C>
PLN_INLINE void gradient_chunk(const pl::PassArgs<Real>& s, const Real* rows, const Real* r,
                               const pl::Word* masks, pl::Index k, pl::Index points) {
    constexpr pl::Index width = C * kLanes<Real, Bytes>;
    const pl::Index stride = s.data.row_stride;
    constexpr pl::Index batch_bytes = kBatchPoints * width * static_cast<pl::Index>(sizeof(Real));
    for (pl::Index i = 0; i < points; i += kBatchPoints) {
        const int shift = static_cast<int>(i);
        if (points - i >= kBatchPoints) {  // the usual case has its loops unrolled
            tabulate<Real, Bytes, C>(rows + i * width, width, r + i, s.scratch, kBatchGroups);
            // the next batch, often from the second-level cache: 2 % of a pass
            if (s.data.large) {
                const Real* next = rows + (i + kBatchPoints) * width;
                ask<kNearest>(Ahead{reinterpret_cast<const char*>(next), batch_bytes}, 0, 1);
            }
            gather<Real, Bytes, C>(s.scratch, masks, shift, kBatchGroups, s.data.p, s.G + k, stride);
        } else {
            const int groups = static_cast<int>((points - i + kGroupPoints - 1) / kGroupPoints);
            tabulate<Real, Bytes, C>(rows + i * width, width, r + i, s.scratch, groups);
            gather<Real, Bytes, C>(s.scratch, masks, shift, groups, s.data.p, s.G + k, stride);
        }
    }
}

template <class Real, int Bytes>
PLN_INLINE void gradient_tabulated(const pl::PassArgs<Real>& s, const Real* rows, const Real* r,
                                   const pl::Word* masks, pl::Index points) {
    constexpr pl::Index L = kLanes<Real, Bytes>;
    pl::Index k = 0;
    for (; k + pl::kChunkVectors * L <= s.data.row_stride; k += pl::kChunkVectors * L)
        gradient_chunk<Real, Bytes, pl::kChunkVectors>(s, rows + k * pl::kBlockPoints, r, masks, k, points);
    if (k < s.data.row_stride)
        gradient_chunk<Real, Bytes, 1>(s, rows + k * pl::kBlockPoints, r, masks, k, points);
}

// Few neurons in few dimensions: a table would cost more than it saves (4 times at d = 2, p = 3). Lanes run
// along the points instead, with one vector of sums per (j, k), kept over the whole pass and added up
// at its end.
#if defined(__AVX2__) || defined(__aarch64__)
constexpr pl::Index kFewSums = 96;
#else
constexpr pl::Index kFewSums = 24;  // masks cost more here: at d = 1, p = 50 tables are twice as fast
#endif
static_assert(kFewSums <= pl::kFewSumsLimit, "one layout may leave the panels out");

template <class Real>
PLN_INLINE bool few_sums(const pl::PackedData<Real>& data) {
    return data.p * data.d <= kFewSums;
}

template <class Real>
PLN_INLINE void gradient_by_points(const pl::PassArgs<Real>& s, const Real* x, int vectors, const Real* r,
                                   const pl::Word* masks, int shift) {
    constexpr int L = kLanes<Real>;
    for (pl::Index j = 0; j < s.data.p; ++j) {
        Vec<Real> rj[kTileVectors] = {};
        for (int v = 0; v < vectors; ++v) rj[v] = select<Real>(masks[j] >> (shift + v * L), load(r + v * L));
        Real* sums = s.scratch + j * s.data.d * L;
        for (pl::Index k = 0; k < s.data.d; ++k) {
            Vec<Real> sum = load(sums + k * L);
            for (int v = 0; v < vectors; ++v) sum = fma(rj[v], load(x + (k * vectors + v) * L), sum);
            store(sums + k * L, sum);
        }
    }
}

// The gradient of a block, by whichever way suits d and p.
template <class Real>
PLN_INLINE void gradient_block(const pl::PassArgs<Real>& s, const Real* rows, const Real* r,
                               const pl::Word* masks, pl::Index points) {
    const pl::Index bytes = s.data.row_stride * static_cast<pl::Index>(sizeof(Real));
#if defined(__AVX2__)
    if (bytes == 16) return gradient_tabulated<Real, 16>(s, rows, r, masks, points);
#endif
#if defined(__AVX512F__)
    if (bytes == 32) return gradient_tabulated<Real, 32>(s, rows, r, masks, points);
#endif
    if (bytes > 0) gradient_tabulated<Real, kVectorBytes>(s, rows, r, masks, points);
}

template <class Real>
constexpr pl::Index kScratchReals =
    pl::Index{kBatchGroups} * kTableRows * kRowReals<Real, kVectorBytes> > kFewSums* kLanes<Real>
        ? pl::Index{kBatchGroups} * kTableRows * kRowReals<Real, kVectorBytes>
        : kFewSums * kLanes<Real>;
