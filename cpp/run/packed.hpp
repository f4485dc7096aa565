// X and y in the kernel's layout (cpp/README.md), and how a pass is cut into superblocks. All of it a
// function of (n, d, p), the precision and the level, never of the number of threads.
#pragma once

#include <algorithm>

#include "parallel/parallel_for.hpp"
#include "run/buffer.hpp"
#include "run/problem.hpp"

namespace pl {

inline Index round_up(Index count, Index unit) {
    return (count + unit - 1) / unit * unit;
}
inline Index block_count(Index n) {
    return (n + kBlockPoints - 1) / kBlockPoints;
}

// A pass of more than kSuperblockFlops is cut, so that a team can share it and Ctrl-C is answered in time;
// the sums of the superblocks are added in index order. Their gradients may take kSuperblockBytes at most.
inline Index superblock_count(Index n, Index d, Index p, Index real_bytes) {
    constexpr double kSuperblockFlops = 5e7;  // about a millisecond on one core
    constexpr double kSuperblockBytes = 1 << 26;
    const double flops = 4.0 * static_cast<double>(n) * static_cast<double>(d) * static_cast<double>(p);
    const double gradient = static_cast<double>(d) * static_cast<double>(p) * static_cast<double>(real_bytes);
    const double count = std::min({flops / kSuperblockFlops, kSuperblockBytes / gradient, 1024.0});
    return std::clamp(static_cast<Index>(count), Index{1}, block_count(n));
}

template <class Real>
class PackedProblem {
  public:
    // A large X is packed by the team that will use it.
    PackedProblem(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads)
        : n_(problem.n),
          d_(problem.d),
          p_(problem.p),
          stride_(pl::row_stride<Real>(problem.d, kernel.lanes)),
          columns_(block_count(n_) * kBlockPoints * d_),
          rows_(block_count(n_) * kBlockPoints * stride_),
          y_(block_count(n_) * kBlockPoints) {
        std::copy_n(problem.y, n_, y_.data());
        const auto pack_share = [&](Index share) {
            const Index last = std::min((share + 1) * kSharePoints, n_);
            for (Index i = share * kSharePoints; i < last; ++i) pack_row(problem.X + i * d_, i, kernel.lanes);
            for (Index i = share * kSharePoints; i < last; i += kernel.panel)
                pack_panel(problem.X, i, kernel);
        };
        Control uncancelled;
        parallel_for((n_ + kSharePoints - 1) / kSharePoints, threads, uncancelled, pack_share);
    }

    PackedData<Real> view() const { return {n_, d_, p_, stride_, columns_.data(), rows_.data(), y_.data()}; }
    Index row_stride() const { return stride_; }

  private:
    static constexpr Index kSharePoints = 64 * kBlockPoints;

    void pack_row(const Real* x, Index i, Index lanes) {
        Real* block = rows_.data() + i / kBlockPoints * kBlockPoints * stride_;
        for (Index k = 0; k < d_; k += kChunkVectors * lanes) {
            const Index width = std::min(kChunkVectors * lanes, stride_ - k);
            std::copy_n(x + k, std::min(width, d_ - k), block + k * kBlockPoints + i % kBlockPoints * width);
        }
    }

    void pack_panel(const Real* X, Index first, const Kernel<Real>& kernel) {
        const Index points = std::min(kernel.panel, n_ - first), width = round_up(points, kernel.lanes);
        Real* panel = columns_.data() + first * d_;
        for (Index i = 0; i < points; ++i)
            for (Index k = 0; k < d_; ++k) panel[k * width + i] = X[(first + i) * d_ + k];
    }

    Index n_, d_, p_, stride_;
    Buffer<Real> columns_, rows_, y_;
};

}  // namespace pl
