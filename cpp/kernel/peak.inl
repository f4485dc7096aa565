// The highest rate of fused multiply-adds that this level reaches: a loop that touches registers only. It is
// the yardstick of the benchmarks; nothing else calls it.

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kPeakSums = 24;  // of 32 registers; latency times throughput needs at most 16
#else
constexpr int kPeakSums = 12;  // of 16 registers
#endif
constexpr int kPeakRepeats = 8;  // so that the loop's own counter and branch vanish beside them

// The sums differ from the start (equal ones would be computed once) and from the fixed point 2 (the compiler
// would see a constant), and stay near it, far from overflow and denormals.
template <class Real>
double fma_loop(pl::Index iterations) {
    const Vec<Real> scale = broadcast(Real(0.75)), shift = broadcast(Real(0.5));
    Vec<Real> sum[kPeakSums];
#pragma GCC unroll 24
    for (int s = 0; s < kPeakSums; ++s) sum[s] = broadcast(static_cast<Real>(3 + s));
    for (pl::Index i = 0; i < iterations; ++i) {
#pragma GCC unroll 8
        for (int repeat = 0; repeat < kPeakRepeats; ++repeat) {
#pragma GCC unroll 24
            for (int s = 0; s < kPeakSums; ++s) sum[s] = fma(sum[s], scale, shift);
        }
    }
    Vec<Real> total = sum[0];
#pragma GCC unroll 24
    for (int s = 1; s < kPeakSums; ++s) total += sum[s];
    return static_cast<double>(sum_lanes<Real>(total));
}

// Operations of one iteration: a fused multiply-add is two.
template <class Real>
constexpr pl::Index kPeakFlops = pl::Index{2} * kPeakRepeats * kPeakSums * kLanes<Real>;
