// The explicit Euler step, and the squared speed at its start.

template <class Real, int Bytes>
void update_rows(UpdateArgs<Real>& s) {
    constexpr int L = kLanes<Real, Bytes>;
    const double n = static_cast<double>(s.n);
    s.velocity_sq = 0;
    for (Index j = 0; j < s.p; ++j) {
        const Real *w = s.W + j * s.row_stride, *g = s.G + j * s.row_stride;
        Real* next = s.W_next + j * s.row_stride;
        const Vec<Real, Bytes> scale = broadcast<Bytes>(s.step * s.a[j] / static_cast<Real>(s.n));
        Vec<Real, Bytes> wg = {}, gg = {};
        for (Index k = 0; k < s.row_stride; k += L) {
            const Vec<Real, Bytes> wk = load<Bytes>(w + k), gk = load<Bytes>(g + k);
            wg = fma(wk, gk, wg);
            gg = fma(gk, gk, gg);
            store(next + k, fma(scale, gk, wk));
        }
        const Real da = sum_lanes<Real, Bytes>(wg) / static_cast<Real>(s.n);
        s.a_next[j] = s.a[j] + s.step * da;
        const double aj = static_cast<double>(s.a[j]) / n;
        s.velocity_sq += aj * aj * static_cast<double>(sum_lanes<Real, Bytes>(gg)) +
                         static_cast<double>(da) * static_cast<double>(da);
    }
}

template <class Real>
void update(UpdateArgs<Real>& s) {
    const Index bytes = s.row_stride * static_cast<Index>(sizeof(Real));
#if defined(__AVX2__)
    if (bytes == 16) return update_rows<Real, 16>(s);
#endif
#if defined(__AVX512F__)
    if (bytes == 32) return update_rows<Real, 32>(s);
#endif
    if (bytes > 0) update_rows<Real, kVectorBytes>(s);
}
