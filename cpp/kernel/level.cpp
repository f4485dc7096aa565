// One instruction-set level of the kernel: this file is compiled once per level with PLN_LEVEL naming its
// namespace. Raw pointers only: no standard-library template may be instantiated here, or the linker could
// keep this level's copy for all.
#include "kernel/damped.hpp"
#include "kernel/kernel.hpp"
#include "kernel/live_pairs.hpp"
#include "kernel/products.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace pl {
namespace PLN_LEVEL {

#include "kernel/simd.hpp"
//
#include "kernel/ahead.hpp"
#include "kernel/transpose.hpp"
//
#include "kernel/damped_steps.hpp"
#include "kernel/forward.hpp"
#include "kernel/gradient.hpp"
#include "kernel/kinks.hpp"
#include "kernel/orthogonal.hpp"
#include "kernel/orthogonal_capture.hpp"
#include "kernel/peak.hpp"
#include "kernel/products.inl"
#include "kernel/sums.hpp"

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

template <class Real>
void pass(PassArgs<Real>& s) {
    constexpr int L = kLanes<Real>, panel = kTileVectors * L;
    static_assert(kBlockPoints % panel == 0, "a block is whole panels");
    static_assert(kBlockPoints % kBatchPoints == 0, "a block is whole batches");
    const Index p = s.data.p, sums = p * s.data.d * L;
    const bool by_points = few_sums(s.data);
    double squares[kBlockPoints] =
        {};  // by position in the block: elementwise, so that whole vectors may be used
    alignas(kVectorBytes) Real r[kBlockPoints] = {};
    for (Index k = 0; k < p * s.data.row_stride; ++k) s.G[k] = 0;
    if (by_points)
        for (Index k = 0; k < sums; ++k) s.scratch[k] = 0;

    for (Index b = s.first; b < s.last; ++b) {
        const Index start = b * kBlockPoints;
        const Index points = s.data.n - start < kBlockPoints ? s.data.n - start : kBlockPoints;
        Word* masks = s.masks + b * p;
        for (Index j = 0; j < p; ++j) masks[j] = 0;
        for (Index i = 0; i < points; i += panel) {
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

#include "kernel/halves.hpp"

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

template <class Real>
constexpr Kernel<Real> table() {
    return {kLanes<Real>,
            kTileVectors * kLanes<Real>,
            kScratchReals<Real>,
            pass<Real>,
            update<Real>,
            preactivations<Real>,
            gradient<Real>,
            signs<Real>,
            outputs<Real>,
            kTileOfPoints<Real>,
            orthogonal_evaluate<Real>,
            orthogonal_step<Real>,
            orthogonal_speed<Real>,
            orthogonal_prune<Real>,
            orthogonal_totals<Real>,
            orthogonal_rates<Real>,
            fma_loop<Real>,
            kPeakFlops<Real>};
}

extern const SumKernel sum_kernel = {gather_dot, gather_sum, combine, dot};
extern const ProductKernel product_kernel = {add_products};
extern const KinkKernel kink_kernel = {gram, follow, instant, add_rows};
extern const Kernel<float> kernel_f32 = table<float>();
extern const Kernel<double> kernel_f64 = table<double>();

}  // namespace PLN_LEVEL
}  // namespace pl
