// The two halves of a pass on their own, and what lies between them: z in memory instead of in registers, and
// weights in place of residuals. The capture method needs both ends of a step at once.

template <class Real, int J, int V>
PLN_INLINE void store_tile(const Real* x, const Real* w, pl::Index ldw, pl::Index d, Real* to,
                           pl::Index ldz) {
    Vec<Real> z[J][V] = {};
    products<Real, J, V>(x, w, ldw, d, z);
    for (int j = 0; j < J; ++j)
        for (int v = 0; v < V; ++v) store(to + j * ldz + v * kLanes<Real>, z[j][v]);
}

// All neurons on one panel of V vectors, whole tiles first.
template <class Real, int V>
PLN_INLINE void store_panel(const pl::HalvesArgs<Real>& s, const Real* x, Real* to, pl::Index ldz) {
    const pl::Index p = s.data.p, ldw = s.data.row_stride, d = s.data.d;
    pl::Index j = 0;
    for (; j + kTileNeurons <= p; j += kTileNeurons)
        store_tile<Real, kTileNeurons, V>(x, s.W + j * ldw, ldw, d, to + j * ldz, ldz);
    for (; j + kTileNeurons / 2 <= p; j += kTileNeurons / 2)
        store_tile<Real, kTileNeurons / 2, V>(x, s.W + j * ldw, ldw, d, to + j * ldz, ldz);
    for (; j < p; ++j) store_tile<Real, 1, V>(x, s.W + j * ldw, ldw, d, to + j * ldz, ldz);
}

template <class Real>
void preactivations(HalvesArgs<Real>& s) {
    constexpr Index L = kLanes<Real>, panel = kTileVectors * L;
    const Index blocks = (s.data.n + kBlockPoints - 1) / kBlockPoints, ldz = blocks * kBlockPoints;
    const Index end = s.last * kBlockPoints < s.data.n ? s.last * kBlockPoints : s.data.n;
    for (Index i = s.first * kBlockPoints; i < end; i += panel) {
        // panels are packed from every multiple of `panel`, which divides a block
        const Real* x = s.data.columns + i * s.data.d;
        const Index vectors = (end - i + L - 1) / L;
        switch (vectors < kTileVectors ? vectors : kTileVectors) {
            case 1:
                store_panel<Real, 1>(s, x, s.z + i, ldz);
                break;
            case 2:
                store_panel<Real, 2>(s, x, s.z + i, ldz);
                break;
#if defined(__AVX2__) || defined(__aarch64__)
            case 3:
                store_panel<Real, 3>(s, x, s.z + i, ldz);
                break;
#endif
#if defined(__aarch64__)
            case 4:
                store_panel<Real, 4>(s, x, s.z + i, ldz);
                break;
#endif
            default:
                __builtin_unreachable();
        }
    }
}

template <class Real>
void gradient(HalvesArgs<Real>& s) {
    const Index p = s.data.p, stride = s.data.row_stride;
    PassArgs<Real> pass_args{};
    pass_args.data = s.data;
    pass_args.G = s.G;
    pass_args.scratch = s.scratch;
    for (Index k = 0; k < p * stride; ++k) s.G[k] = 0;
    for (Index start = s.first * kBlockPoints; start < s.last * kBlockPoints && !s.cut();
         start += kBlockPoints) {
        const Index points = s.data.n - start < kBlockPoints ? s.data.n - start : kBlockPoints;
        gradient_block<Real>(pass_args, s.data.rows + start * stride, s.weights + start,
                             s.masks + start / kBlockPoints * p, points);
    }
}

template <class Real>
void signs(const Real* z, Index blocks, Word* bits, Index stride) {
    constexpr Index L = kLanes<Real>;
    for (Index b = 0; b < blocks; ++b) {
        Word word = 0;
        for (Index v = 0; v < kBlockPoints / L; ++v)
            word |= positive_bits(load(z + b * kBlockPoints + v * L)) << (v * L);
        bits[b * stride] = word;
    }
}

// r of the first V vectors of block b, and its masks.
template <class Real, Index V>
PLN_INLINE void block_residuals(const OutputsArgs<Real>& s, Index b) {
    constexpr Index L = kLanes<Real>;
    const Vec<Real> inverse_p = broadcast(Real{1} / static_cast<Real>(s.p));
    const Index ldz = s.blocks * kBlockPoints, start = b * kBlockPoints;
    Vec<Real> h[V] = {};
    for (Index j = 0; j < s.p; ++j) {
        const Real* z = s.z + j * ldz + start;
        Word bits = 0;
        for (Index v = 0; v < V; ++v) {
            const Vec<Real> zv = load(z + v * L);
            bits |= positive_bits(zv) << (v * L);
            h[v] = fma(broadcast(s.a[j]), positive_part<Real>(zv), h[v]);
        }
        s.masks[b * s.p + j] = bits;
    }
    for (Index v = 0; v < V; ++v) store(s.r + start + v * L, load(s.y + start + v * L) - h[v] * inverse_p);
}

// Of few points only one vector of each row is read: 10^6 rows of whole blocks are not soon read.
template <class Real>
void outputs(OutputsArgs<Real>& s) {
    constexpr Index L = kLanes<Real>;
    double squares[kBlockPoints] = {};
    for (Index b = 0; b < s.blocks; ++b) {
        const Index start = b * kBlockPoints;
        const Index points = s.n - start < kBlockPoints ? s.n - start : kBlockPoints;
        if (points <= L)
            block_residuals<Real, 1>(s, b);
        else
            block_residuals<Real, kBlockPoints / L>(s, b);
        Real* r = s.r + start;
        for (Index i = points; i < kBlockPoints; ++i) r[i] = 0;
        for (Index i = 0; i < kBlockPoints; ++i)
            squares[i] += static_cast<double>(r[i]) * static_cast<double>(r[i]);
    }
    s.sum_r2 = 0;
    for (double square : squares) s.sum_r2 += square;
}

template <class Real>
void masked_sums(MaskedSumsArgs<Real>& s) {
    constexpr Index L = kLanes<Real>, V = kBlockPoints / L;
    const Index ldz = s.blocks * kBlockPoints;
    for (Index b = 0; b < s.blocks; ++b) {
        Vec<Real> sum[V] = {};
        for (Index j = 0; j < s.p; ++j) {
            const Real* z = s.z + j * ldz + b * kBlockPoints;
            const Word bits = s.masks[b * s.p + j];
            for (Index v = 0; v < V; ++v) sum[v] += select<Real>(bits >> (v * L), load(z + v * L));
        }
        for (Index v = 0; v < V; ++v) store(s.out + b * kBlockPoints + v * L, sum[v]);
    }
}
