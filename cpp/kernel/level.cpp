// One instruction-set level of the kernel: this file is compiled once per level with PLN_LEVEL naming its
// namespace, into which it takes the bodies (.inl) of what the interfaces (.hpp) declare. Raw pointers only:
// no standard-library template may be instantiated here, or the linker could keep this level's copy for all.
#include "kernel/active.hpp"
#include "kernel/damped.hpp"
#include "kernel/held.hpp"
#include "kernel/kernel.hpp"
#include "kernel/kinks.hpp"
#include "kernel/live_steps.hpp"
#include "kernel/products.hpp"
#include "kernel/sums.hpp"
#include "kernel/turns.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace pl {
namespace PLN_LEVEL {

// clang-format off: each needs those above it
#include "kernel/simd.inl"
#include "kernel/ahead.inl"
#include "kernel/transpose.inl"
#include "kernel/forward.inl"
#include "kernel/gradient.inl"
#include "kernel/pass.inl"
#include "kernel/update.inl"
#include "kernel/halves.inl"
#include "kernel/orthogonal_steps.inl"
#include "kernel/live_lanes.inl"
#include "kernel/live_steps.inl"
#include "kernel/damped.inl"
#include "kernel/gram.inl"
#include "kernel/kink_shares.inl"
#include "kernel/kinks.inl"
#include "kernel/held.inl"
#include "kernel/turns.inl"
#include "kernel/sums.inl"
#include "kernel/peak.inl"
#include "kernel/products.inl"
#include "kernel/active.inl"
// clang-format on

template <class Real>
constexpr Kernel<Real> table() noexcept {
    return {kLanes<Real>,           kTileVectors * kLanes<Real>,
            kScratchReals<Real>,    pass<Real>,
            update<Real>,           preactivations<Real>,
            gradient<Real>,         signs<Real>,
            outputs<Real>,          masked_sums<Real>,
            kTileOfPoints<Real>,    orthogonal_evaluate<Real>,
            orthogonal_step<Real>,  orthogonal_speed<Real>,
            orthogonal_prune<Real>, orthogonal_totals<Real>,
            orthogonal_rates<Real>, fma_loop<Real>,
            kPeakFlops<Real>};
}

extern const SumKernel sum_kernel = {gather_dot, gather_sum, combine, dot, strip};
extern const ProductKernel product_kernel = {add_products};
extern const HeldKernel held_kernel = {orthonormalise, project};
extern const TurnKernel turn_kernel = {find_turns};
extern const ActiveKernel active_kernel = {kTableFloats, kLanes<float>, by_points, active_products};
extern const KinkKernel kink_kernel = {gram, follow, add_rows};
extern const Kernel<float> kernel_f32 = table<float>();
extern const Kernel<double> kernel_f64 = table<double>();

}  // namespace PLN_LEVEL
}  // namespace pl
