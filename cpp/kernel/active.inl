// Products of points with the sum of what is on at them, sum_j 1_ji <x_i, u_j>. As in gradient.inl the masks
// are bits: four neurons at a time there are sixteen possible sums of their u_j. They are tabulated once for
// all points, every point adds one row for each four neurons, and then there is one product left per point
// in place of one per pair: at p = 33, d = 60 a third of the time of all pre-activations and their sum.

constexpr int kGroupNeurons = kGroupPoints, kBatchTables = pl::kBatchNeurons / kGroupNeurons;
constexpr Index kTableFloats = Index{kBatchTables} * kTableRows * kRowReals<float, kVectorBytes>;
constexpr Index kSection = 16;  // blocks, whose sums stay in the second cache from chunk to chunk
constexpr int kTogether = 3;    // rows added without a question
constexpr float kOnes[pl::kBatchNeurons] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

// Transposes 64 by 64 bits: squares of J by J change places.
template <int J>
PLN_INLINE void exchange_bits(Word* rows, Word low) {
    for (int k = 0; k < 64; k += 2 * J)
        for (int l = k; l < k + J; ++l) {
            const Word differ = ((rows[l] >> J) ^ rows[l + J]) & low;
            rows[l] ^= differ << J;
            rows[l + J] ^= differ;
        }
}

void by_points(ByPointsArgs& s) {
    for (Index b = 0; b * kBatchNeurons < s.p; ++b)
        for (Index block = 0; block < s.blocks; ++block) {
            const Index left = s.p - b * kBatchNeurons, count = left < kBatchNeurons ? left : kBatchNeurons;
            Word rows[64] = {};
            for (Index l = 0; l < count; ++l) rows[l] = s.masks[block * s.p + b * kBatchNeurons + l];
            exchange_bits<32>(rows, 0x00000000FFFFFFFFU);
            exchange_bits<16>(rows, 0x0000FFFF0000FFFFU);
            exchange_bits<8>(rows, 0x00FF00FF00FF00FFU);
            exchange_bits<4>(rows, 0x0F0F0F0F0F0F0F0FU);
            exchange_bits<2>(rows, 0x3333333333333333U);
            exchange_bits<1>(rows, 0x5555555555555555U);
            Word* on = s.on + (b * s.blocks + block) * kBlockPoints;
            for (Index i = 0; i < kBlockPoints; ++i) on[i] = rows[i];
        }
}

// Of the points of one block the sums for one batch of neurons and one chunk of d, times the points'.
template <int Bytes, int C>
PLN_INLINE void add_active(const float* tables, int groups, const Word* on, const float* x, Index points,
                           float* sums) {
    constexpr Index L = kLanes<float, Bytes>;
    constexpr int R = kRowReals<float, Bytes>;
    constexpr Index kTable = Index{kTableRows} * R;
    for (Index i = 0; i < points; ++i) {
        Word bits = on[i];
        const float* table = tables;
        Vec<float, Bytes> sum[C] = {};
        int q = 0;
        for (; q + kTogether <= groups; q += kTogether, table += kTogether * kTable) {
#pragma GCC unroll 3
            for (Index g = 0; g < kTogether; ++g) {
                const float* row = table_row<R>(table + g * kTable, bits, static_cast<int>(g));
#pragma GCC unroll 2
                for (Index c = 0; c < C; ++c) sum[c] += load<Bytes>(row + c * L);
            }
            bits >>= kTogether * kGroupNeurons;
        }
        for (; q < groups; ++q, table += kTable, bits >>= kGroupNeurons) {
            const float* row = table_row<R>(table, bits, 0);
#pragma GCC unroll 2
            for (Index c = 0; c < C; ++c) sum[c] += load<Bytes>(row + c * L);
        }
        Vec<float, Bytes> so_far = load<Bytes>(sums + i * L);
#pragma GCC unroll 2
        for (Index c = 0; c < C; ++c) so_far = fma(sum[c], load<Bytes>(x + (i * C + c) * L), so_far);
        store(sums + i * L, so_far);
    }
}

// The chunk of C vectors of d that starts at k.
template <int Bytes, int C>
PLN_INLINE void active_chunk(const ActiveArgs& s, Index k) {
    constexpr Index L = kLanes<float, Bytes>;
    const Index stride = s.data.row_stride, blocks = (s.data.n + kBlockPoints - 1) / kBlockPoints;
    for (Index b = 0; b * kBatchNeurons < s.data.p && !s.cut(); ++b) {
        const Index left = (s.data.p - b * kBatchNeurons + kGroupNeurons - 1) / kGroupNeurons;
        const int groups = left < kBatchTables ? static_cast<int>(left) : kBatchTables;
        tabulate<float, Bytes, C>(s.U + b * kBatchNeurons * stride + k, stride, kOnes, s.tables, groups);
        for (Index block = s.first; block < s.last; ++block) {
            const Index start = block * kBlockPoints, more = s.data.n - start;
            add_active<Bytes, C>(s.tables, groups, s.on + b * blocks * kBlockPoints + start,
                                 s.data.rows + start * stride + k * kBlockPoints,
                                 more < kBlockPoints ? more : kBlockPoints, s.sums + start * L);
        }
    }
}

template <int Bytes>
PLN_INLINE void active_section(const ActiveArgs& s) {
    constexpr Index L = kLanes<float, Bytes>, width = kChunkVectors * L;
    const Index start = s.first * kBlockPoints, end = s.last * kBlockPoints;
    for (Index i = start * L; i < end * L; ++i) s.sums[i] = 0.0F;
    Index k = 0;
    for (; k + width <= s.data.row_stride; k += width) active_chunk<Bytes, kChunkVectors>(s, k);
    if (k < s.data.row_stride) active_chunk<Bytes, 1>(s, k);
    for (Index i = start; i < end; i += 4) {
        const float* sums = s.sums + i * L;
        store(s.out + i, sums_of_four(load<Bytes>(sums), load<Bytes>(sums + L), load<Bytes>(sums + 2 * L),
                                      load<Bytes>(sums + 3 * L)));
    }
}

template <int Bytes>
PLN_INLINE void active_rows(const ActiveArgs& s) {
    ActiveArgs part = s;
    for (part.first = s.first; part.first < s.last; part.first = part.last) {
        part.last = s.last - part.first < kSection ? s.last : part.first + kSection;
        active_section<Bytes>(part);
    }
}

void active_products(ActiveArgs& s) {
    [[maybe_unused]] const Index bytes = s.data.row_stride * static_cast<Index>(sizeof(float));
#if defined(__AVX2__)
    if (bytes == 16) return active_rows<16>(s);
#endif
#if defined(__AVX512F__)
    if (bytes == 32) return active_rows<32>(s);
#endif
    active_rows<kVectorBytes>(s);
}
