// Pre-activations of one panel, register-tiled, with mask and output taken while z is still in registers.
// Lanes run along the points, so no lane is wasted on neurons or dimensions, whatever p and d are.

// z for J neurons by V vectors of points; x: (d, V * lanes); w: J rows of stride ldw.
template <class Real, int J, int V>
PLN_INLINE void products(const Real* x, const Real* w, pl::Index ldw, pl::Index d, Vec<Real> (&z)[J][V]) {
    constexpr int L = kLanes<Real>;
    for (pl::Index k = 0; k < d; ++k) {
        Vec<Real> xk[V];
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) xk[v] = load(x + (k * V + v) * L);
#pragma GCC unroll 8
        for (int j = 0; j < J; ++j) {
            const Vec<Real> wk = broadcast(w[j * ldw + k]);
#pragma GCC unroll 8
            for (int v = 0; v < V; ++v) z[j][v] = fma(wk, xk[v], z[j][v]);
        }
    }
}

// Adds a_j max(z_ji, 0) to h and sets the neurons' mask bits from bit `shift` on.
template <class Real, int J, int V>
PLN_INLINE void forward_tile(const Real* x, const Real* w, pl::Index ldw, pl::Index d, const Real* a,
                             Vec<Real>* h, pl::Word* masks, int shift) {
    constexpr int L = kLanes<Real>;
    Vec<Real> z[J][V] = {};
    products<Real, J, V>(x, w, ldw, d, z);
#pragma GCC unroll 8
    for (int j = 0; j < J; ++j) {
        pl::Word bits = 0;
        const Vec<Real> aj = broadcast(a[j]);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
            bits |= positive_bits(z[j][v]) << (v * L);
            h[v] = fma(aj, positive_part<Real>(z[j][v]), h[v]);
        }
        masks[j] |= bits << shift;
    }
}

// All neurons on one panel of V vectors. p is cut into tiles as equal as can be, so a width of 37 is 8 8 7 7
// 7, not 5 * 8.
template <class Real, int V>
PLN_INLINE void forward_panel(const pl::PassArgs<Real>& s, const Real* x, Vec<Real>* h, pl::Word* masks,
                              int shift, const Ahead& ahead) {
    const pl::Index p = s.data.p, ldw = s.data.row_stride, d = s.data.d;
    const pl::Index tiles = (p + kTileNeurons - 1) / kTileNeurons, small = p / tiles, large = p % tiles;
    pl::Index j = 0;
    for (pl::Index t = 0; t < tiles; ++t) {
        const pl::Index width = small + (t < large ? 1 : 0);
        const Real *w = s.W + j * ldw, *a = s.a + j;
        ask<kSecondLevel>(ahead, t, tiles);
        switch (width) {
#define PLN_TILE(J)                                                     \
    case J:                                                             \
        forward_tile<Real, J, V>(x, w, ldw, d, a, h, masks + j, shift); \
        break;
            PLN_TILE(1)
            PLN_TILE(2)
            PLN_TILE(3)
            PLN_TILE(4)
#if defined(__AVX512F__) || defined(__aarch64__)
            PLN_TILE(5)
            PLN_TILE(6)
#endif
#if defined(__AVX512F__)
            PLN_TILE(7)
            PLN_TILE(8)
#endif
#undef PLN_TILE
            default:
                __builtin_unreachable();
        }
        j += width;
    }
}

// All neurons on points `first` .. of a block. Its panel is read where it lies, or made from
// the block's rows.
template <class Real, int V>
PLN_INLINE void forward_points(const pl::PassArgs<Real>& s, pl::Index block, pl::Index first, Vec<Real>* h,
                               pl::Word* masks, const Ahead& ahead) {
    const pl::Index start = block * pl::kBlockPoints;
    const Real* x = s.panel;
    if (s.data.columns != nullptr)
        x = s.data.columns + (start + first) * s.data.d;
    else
        panel_from_rows<Real, V>(s.data.rows + start * s.data.row_stride, first, s.data.row_stride, s.panel);
    forward_panel<Real, V>(s, x, h, masks, static_cast<int>(first), ahead);
}

template <class Real>
PLN_INLINE void forward_vectors(const pl::PassArgs<Real>& s, int vectors, pl::Index block, pl::Index first,
                                Vec<Real>* h, pl::Word* masks, const Ahead& ahead) {
    switch (vectors) {
        case 1:
            forward_points<Real, 1>(s, block, first, h, masks, ahead);
            break;
        case 2:
            forward_points<Real, 2>(s, block, first, h, masks, ahead);
            break;
#if defined(__AVX2__) || defined(__aarch64__)
        case 3:
            forward_points<Real, 3>(s, block, first, h, masks, ahead);
            break;
#endif
#if defined(__aarch64__)
        case 4:
            forward_points<Real, 4>(s, block, first, h, masks, ahead);
            break;
#endif
        default:
            __builtin_unreachable();
    }
}
