// X and y in the kernel's layout (cpp/README.md): a function of (n, d, p), the precision and the level, never
// of the number of threads.
#pragma once

#include <functional>

#include "parallel/parallel_for.hpp"
#include "problem/blocks.hpp"
#include "problem/buffer.hpp"
#include "problem/problem.hpp"

namespace pl {

enum class Layouts { kBoth, kRows };

// Whether a pass can do without the panels: rows are whole vectors, and the gradient reads rows.
template <class Real>
bool rows_suffice(Index d, Index p, const Kernel<Real>& kernel);

// Whether X in both layouts is beyond the caches.
template <class Real>
bool is_large(Index n, Index d, Index row_stride);

// A pass over a large X waits for memory: rows alone are half the bytes, and each panel is made from them
// when its turn comes (transpose.inl). (n, d, p) = (20 000, 100, 37), float32, takes 0.78 to 0.92 of the
// time. Not for few neurons, which the transposes would cost more, nor where a panel would leave
// the nearest caches.
template <class Real>
Layouts layouts_for(Index n, Index d, Index p, const Kernel<Real>& kernel);

template <class Real>
class PackedProblem {
  public:
    // A large X is packed by the team that will use it. `cut` is asked before every share: once it says
    // true, the others are left as they are, zeros.
    PackedProblem(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
                  Layouts layouts = Layouts::kBoth, const std::function<bool()>& cut = nullptr);
    PackedData<Real> view() const;
    Layouts layouts() const { return layouts_; }
    Index row_stride() const { return stride_; }

  private:
    static constexpr Index kShareNumbers = 1 << 18;  // of X in a share, about a millisecond

    Index share_points() const;
    void pack_row(const Real* x, Index i, Index lanes);
    void pack_panel(const Real* X, Index first, const Kernel<Real>& kernel);

    Layouts layouts_;
    Index n_, d_, p_, stride_;
    Buffer<Real> columns_, rows_, y_;
};

}  // namespace pl

#include "problem/packed.inl"
