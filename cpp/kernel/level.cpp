// One instruction-set level of the kernel: this file is compiled once per level with PLN_LEVEL naming its
// namespace. Raw pointers only: no standard-library template may be instantiated here, or the linker could
// keep this level's copy for all.
#include "kernel/kernel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace pl {
namespace PLN_LEVEL {

#include "kernel/simd.hpp"
//
#include "kernel/forward.hpp"
#include "kernel/gradient.hpp"
#include "kernel/orthogonal.hpp"
#include "kernel/peak.hpp"

template <class Real>
void pass(PassArgs<Real>& s) {
    constexpr int L = kLanes<Real>, panel = kTileVectors * L;
    static_assert(kBlockPoints % panel == 0, "a block is whole panels");
    const Index p = s.data.p;
    const Real inverse_p = Real{1} / static_cast<Real>(p);
    double squares[kBlockPoints] =
        {};  // per position in the block: elementwise, so the compiler may use whole vectors
    alignas(kVectorBytes) Real r[kBlockPoints] = {};
    for (Index j = 0; j < p * s.data.row_stride; j += L) store(s.G + j, Vec<Real>{});

    for (Index b = s.first; b < s.last; ++b) {
        const Index start = b * kBlockPoints;
        const Index points = s.data.n - start < kBlockPoints ? s.data.n - start : kBlockPoints;
        Word* masks = s.masks + b * p;
        for (Index j = 0; j < p; ++j) masks[j] = 0;
        for (Index i = 0; i < points; i += panel) {
            const Index left = (points - i + L - 1) / L;
            const int vectors = left < kTileVectors ? static_cast<int>(left) : kTileVectors;
            Vec<Real> h[kTileVectors] = {};
            forward_vectors<Real>(s, vectors, s.data.columns + (start + i) * s.data.d, h, masks,
                                  static_cast<int>(i));
            for (int v = 0; v < vectors; ++v)
                store(r + i + v * L, load(s.data.y + start + i + v * L) - h[v] * broadcast(inverse_p));
        }
        for (Index i = points; i < kBlockPoints; ++i) r[i] = 0;
        for (Index i = 0; i < kBlockPoints; ++i)
            squares[i] += static_cast<double>(r[i]) * static_cast<double>(r[i]);
        gradient_block<Real>(s, s.data.rows + start * s.data.row_stride, r, masks, points);
    }
    s.sum_r2 = 0;
    for (Index i = 0; i < kBlockPoints; ++i) s.sum_r2 += squares[i];
}

template <class Real>
void update(UpdateArgs<Real>& s) {
    constexpr int L = kLanes<Real>;
    const double n = static_cast<double>(s.n);
    s.velocity_sq = 0;
    for (Index j = 0; j < s.p; ++j) {
        const Real *w = s.W + j * s.row_stride, *g = s.G + j * s.row_stride;
        Real* next = s.W_next + j * s.row_stride;
        const Vec<Real> scale = broadcast(s.step * s.a[j] / static_cast<Real>(s.n));
        Vec<Real> wg = {}, gg = {};
        for (Index k = 0; k < s.row_stride; k += L) {
            const Vec<Real> wk = load(w + k), gk = load(g + k);
            wg = fma(wk, gk, wg);
            gg = fma(gk, gk, gg);
            store(next + k, fma(scale, gk, wk));
        }
        const Real da = sum_lanes<Real>(wg) / static_cast<Real>(s.n);
        s.a_next[j] = s.a[j] + s.step * da;
        const double aj = static_cast<double>(s.a[j]) / n;
        s.velocity_sq += aj * aj * static_cast<double>(sum_lanes<Real>(gg)) +
                         static_cast<double>(da) * static_cast<double>(da);
    }
}

template <class Real>
constexpr Kernel<Real> table() {
    return {kLanes<Real>,           kTileVectors * kLanes<Real>,
            kTableReals<Real>,      pass<Real>,
            update<Real>,           kTileOfPoints<Real>,
            orthogonal_pass<Real>,  orthogonal_step<Real>,
            orthogonal_prune<Real>, fma_loop<Real>,
            kPeakFlops<Real>};
}

extern const Kernel<float> kernel_f32 = table<float>();
extern const Kernel<double> kernel_f64 = table<double>();

}  // namespace PLN_LEVEL
}  // namespace pl
