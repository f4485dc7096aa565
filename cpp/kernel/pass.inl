// One evaluation of a network: residuals, loss, masks and gradient of a block at a time, in one sweep over X.

// What to ask for while the panel of points `first` .. of a block is at work: of a large X the next panel,
// or, where panels are made from rows, as much of the next block.
template <class Real>
PLN_INLINE Ahead after(const PassArgs<Real>& s, Index block, Index first) {
    if (!s.data.large || block + 1 >= s.last) return {nullptr, 0};
    constexpr Index panel = kTileVectors * kLanes<Real>, real = sizeof(Real);
    const Index point = block * kBlockPoints + first, d = s.data.d, stride = s.data.row_stride;
    if (s.data.columns != nullptr)
        return {reinterpret_cast<const char*>(s.data.columns + (point + panel) * d), panel * d * real};
    return {reinterpret_cast<const char*>(s.data.rows + (point + kBlockPoints) * stride),
            panel * stride * real};
}

// Points `first` .. of a block: their residuals into r, their bits into the masks.
template <class Real>
PLN_INLINE void residuals(const PassArgs<Real>& s, Index block, Index first, int vectors, Real* r,
                          Word* masks) {
    constexpr int L = kLanes<Real>;
    const Real inverse_p = Real{1} / static_cast<Real>(s.data.p);
    Vec<Real> h[kTileVectors] = {};
    forward_vectors<Real>(s, vectors, block, first, h, masks, after(s, block, first));
    const Real* y = s.data.y + block * kBlockPoints + first;
    for (int v = 0; v < vectors; ++v) store(r + first + v * L, load(y + v * L) - h[v] * broadcast(inverse_p));
}

// Of many neurons the first to write there takes the pages, too: 0.16 s at 10^6.
template <class Real>
void clear(const PassArgs<Real>& s, Real* numbers, Index count) {
    constexpr Index kAsked = Index{1} << 19;
    for (Index from = 0; from < count && !s.cut(); from += kAsked) {
        const Index to = count - from < kAsked ? count : from + kAsked;
        for (Index k = from; k < to; ++k) numbers[k] = 0;
    }
}

template <class Real>
void pass(PassArgs<Real>& s) {
    constexpr int L = kLanes<Real>, panel = kTileVectors * L;
    static_assert(kBlockPoints % panel == 0, "a block is whole panels");
    static_assert(kBlockPoints % kBatchPoints == 0, "a block is whole batches");
    // with more neurons a block takes long: 60 ms at 2*10^6
    constexpr Index kManyNeurons = Index{1} << 17;
    const Index p = s.data.p, sums = p * s.data.d * L;
    const bool by_points = few_sums(s.data);
    double squares[kBlockPoints] =
        {};  // by position in the block: elementwise, so that whole vectors may be used
    alignas(kVectorBytes) Real r[kBlockPoints] = {};
    clear(s, s.G, p * s.data.row_stride);
    if (by_points) clear(s, s.scratch, sums);

    for (Index b = s.first; b < s.last && !s.cut(); ++b) {
        const Index start = b * kBlockPoints;
        const Index points = s.data.n - start < kBlockPoints ? s.data.n - start : kBlockPoints;
        Word* masks = s.masks + b * p;
        for (Index j = 0; j < p; ++j) masks[j] = 0;
        for (Index i = 0; i < points; i += panel) {
            if (p > kManyNeurons && s.cut()) return;
            const Index left = (points - i + L - 1) / L;
            const int vectors = left < kTileVectors ? static_cast<int>(left) : kTileVectors;
            residuals<Real>(s, b, i, vectors, r, masks);
            if (by_points)
                gradient_by_points<Real>(s, s.data.columns + (start + i) * s.data.d, vectors, r + i, masks,
                                         static_cast<int>(i));
        }
        for (Index i = points; i < kBlockPoints; ++i) r[i] = 0;
        for (Index i = 0; i < kBlockPoints; ++i)
            squares[i] += static_cast<double>(r[i]) * static_cast<double>(r[i]);
        if (!by_points) gradient_block<Real>(s, s.data.rows + start * s.data.row_stride, r, masks, points);
    }
    s.sum_r2 = 0;
    for (Index i = 0; i < kBlockPoints; ++i) s.sum_r2 += squares[i];
    if (by_points)
        for (Index j = 0; j < p; ++j)
            for (Index k = 0; k < s.data.d; ++k)
                s.G[j * s.data.row_stride + k] = sum_lanes<Real>(load(s.scratch + (j * s.data.d + k) * L));
}
