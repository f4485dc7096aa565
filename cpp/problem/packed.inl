#include <algorithm>

namespace pl {

template <class Real>
bool rows_suffice(Index d, Index p, const Kernel<Real>& kernel) {
    return pl::row_stride<Real>(d, kernel.lanes) % kernel.lanes == 0 && p * d > kFewSumsLimit;
}

template <class Real>
bool is_large(Index n, Index d, Index row_stride) {
    constexpr double kLargeBytes = 4e6;
    return static_cast<double>(n) * static_cast<double>(d + row_stride) * sizeof(Real) > kLargeBytes;
}

template <class Real>
Layouts layouts_for(Index n, Index d, Index p, const Kernel<Real>& kernel) {
    constexpr Index kPanelBytes = 1 << 15, kManyNeurons = 24;
    const Index stride = pl::row_stride<Real>(d, kernel.lanes);
    const Index panel_bytes = kernel.panel * stride * static_cast<Index>(sizeof(Real));
    const bool pays = is_large<Real>(n, d, stride) && p >= kManyNeurons && panel_bytes <= kPanelBytes;
    return pays && rows_suffice(d, p, kernel) ? Layouts::kRows : Layouts::kBoth;
}

template <class Real>
PackedProblem<Real>::PackedProblem(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
                                   Layouts layouts, const std::function<bool()>& cut)
    : layouts_(layouts),
      n_(problem.n),
      d_(problem.d),
      p_(problem.p),
      stride_(pl::row_stride<Real>(problem.d, kernel.lanes)),
      columns_(layouts == Layouts::kBoth ? block_count(n_) * kBlockPoints * d_ : 0),
      rows_(block_count(n_) * kBlockPoints * stride_),
      y_(block_count(n_) * kBlockPoints) {
    std::copy_n(problem.y, n_, y_.data());
    const Index points = share_points();
    const auto pack_share = [&](Index share) {
        if (cut && cut()) return;
        const Index last = std::min((share + 1) * points, n_);
        for (Index i = share * points; i < last; ++i) pack_row(problem.X + i * d_, i, kernel.lanes);
        for (Index i = share * points; i < last && layouts == Layouts::kBoth; i += kernel.panel)
            pack_panel(problem.X, i, kernel);
    };
    parallel_for((n_ + points - 1) / points, threads, pack_share);
}

// Whole blocks.
template <class Real>
Index PackedProblem<Real>::share_points() const {
    return std::max<Index>(kShareNumbers / (kBlockPoints * d_), 1) * kBlockPoints;
}

template <class Real>
PackedData<Real> PackedProblem<Real>::view() const {
    const Real* columns = layouts_ == Layouts::kBoth ? columns_.data() : nullptr;
    return {n_, d_, p_, stride_, columns, rows_.data(), y_.data(), is_large<Real>(n_, d_, stride_)};
}

template <class Real>
void PackedProblem<Real>::pack_row(const Real* x, Index i, Index lanes) {
    Real* block = rows_.data() + i / kBlockPoints * kBlockPoints * stride_;
    for (Index k = 0; k < d_; k += kChunkVectors * lanes) {
        const Index width = std::min(kChunkVectors * lanes, stride_ - k);
        std::copy_n(x + k, std::min(width, d_ - k), block + k * kBlockPoints + i % kBlockPoints * width);
    }
}

template <class Real>
void PackedProblem<Real>::pack_panel(const Real* X, Index first, const Kernel<Real>& kernel) {
    const Index points = std::min(kernel.panel, n_ - first), width = round_up(points, kernel.lanes);
    Real* panel = columns_.data() + first * d_;
    for (Index i = 0; i < points; ++i)
        for (Index k = 0; k < d_; ++k) panel[k * width + i] = X[(first + i) * d_ + k];
}

}  // namespace pl
