// The few vector operations that the kernel needs, for the level this unit is compiled for. Arithmetic is
// GCC's and Clang's vector extension; only fma, the sign bits and one maximum need intrinsics.

#define PLN_INLINE inline __attribute__((always_inline))

template <class Real>
struct Simd;

#if defined(__AVX512F__)
constexpr int kTileNeurons = 8, kTileVectors = 3;  // 24 sums + 3 of X + 1 of W in 32 registers
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kTileNeurons = 4, kTileVectors = 3;  // 12 + 3 + 1 in 16 registers
constexpr int kVectorBytes = 32;
#elif defined(__aarch64__)
constexpr int kTileNeurons = 6, kTileVectors = 4;  // 24 + 4 + 1 in 32 registers
constexpr int kVectorBytes = 16;
#else
constexpr int kTileNeurons = 4, kTileVectors = 2;  // 8 + 2 + 1 and a product in 16 registers
constexpr int kVectorBytes = 16;
#endif

template <class Real, int Bytes>
struct VectorOf {
    typedef Real type __attribute__((vector_size(Bytes)));
};

// A vector register's worth of Reals, or a narrower one for rows shorter than that.
template <class Real, int Bytes = kVectorBytes>
using Vec = typename VectorOf<Real, Bytes>::type;

template <class Real, int Bytes = kVectorBytes>
constexpr int kLanes = Bytes / static_cast<int>(sizeof(Real));

template <int Bytes = kVectorBytes, class Real>
PLN_INLINE Vec<Real, Bytes> load(const Real* from) {
    return *reinterpret_cast<const Vec<Real, Bytes>*>(from);
}

template <class Real, class V>
PLN_INLINE void store(Real* to, V v) {
    *reinterpret_cast<V*>(to) = v;
}

template <int Bytes = kVectorBytes, class Real>
PLN_INLINE Vec<Real, Bytes> broadcast(Real x) {
    return x - Vec<Real, Bytes>{};
}

// v, in a register from here on: the compiler would load it again from memory for every use that can take an
// operand from there.
template <class V>
PLN_INLINE V in_register(V v) {
#if defined(__x86_64__)
    asm("" : "+v"(v));
#endif
    return v;
}

// a * b + c, fused where the level has the instruction (all but the x86-64 baseline).
#if defined(__AVX512F__)
PLN_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
    return _mm512_fmadd_ps(a, b, c);
}
PLN_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
    return _mm512_fmadd_pd(a, b, c);
}
#endif
#if defined(__AVX2__)
PLN_INLINE Vec<float, 32> fma(Vec<float, 32> a, Vec<float, 32> b, Vec<float, 32> c) {
    return _mm256_fmadd_ps(a, b, c);
}
PLN_INLINE Vec<double, 32> fma(Vec<double, 32> a, Vec<double, 32> b, Vec<double, 32> c) {
    return _mm256_fmadd_pd(a, b, c);
}
PLN_INLINE Vec<float, 16> fma(Vec<float, 16> a, Vec<float, 16> b, Vec<float, 16> c) {
    return _mm_fmadd_ps(a, b, c);
}
PLN_INLINE Vec<double, 16> fma(Vec<double, 16> a, Vec<double, 16> b, Vec<double, 16> c) {
    return _mm_fmadd_pd(a, b, c);
}
#elif defined(__aarch64__)
PLN_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
    return vfmaq_f32(c, a, b);
}
PLN_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
    return vfmaq_f64(c, a, b);
}
#else
PLN_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
    return a * b + c;
}
PLN_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
    return a * b + c;
}
#endif

// Bit l is 1 where lane l is > 0 (false for NaN).
PLN_INLINE pl::Word positive_bits(Vec<float> v) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
#elif defined(__AVX2__)
    return static_cast<pl::Word>(_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ)));
#elif defined(__aarch64__)
    const uint32x4_t bits = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(vcgtzq_f32(v), bits));
#else
    return static_cast<pl::Word>(_mm_movemask_ps(_mm_cmpgt_ps(v, _mm_setzero_ps())));
#endif
}

PLN_INLINE pl::Word positive_bits(Vec<double> v) {
#if defined(__AVX512F__)
    return _mm512_cmp_pd_mask(v, _mm512_setzero_pd(), _CMP_GT_OQ);
#elif defined(__AVX2__)
    return static_cast<pl::Word>(_mm256_movemask_pd(_mm256_cmp_pd(v, _mm256_setzero_pd(), _CMP_GT_OQ)));
#elif defined(__aarch64__)
    const uint64x2_t bits = {1, 2};
    return vaddvq_u64(vandq_u64(vcgtzq_f64(v), bits));
#else
    return static_cast<pl::Word>(_mm_movemask_pd(_mm_cmpgt_pd(v, _mm_setzero_pd())));
#endif
}

// max(v, 0), and 0 for NaN: a NaN never hides, update() sees it through <w, g>.
template <class Real>
PLN_INLINE Vec<Real> positive_part(Vec<Real> v) {
    return v > Vec<Real>{} ? v : Vec<Real>{};
}
// The compiler makes a comparison and a mask of it; one instruction does, whose second operand wins over a
// NaN and over -0. 2 to 7 % of a pass.
#if defined(__AVX512F__)  // (masked by all ones: the plain intrinsic warns of an uninitialised variable in
                          // GCC 12)
template <>
PLN_INLINE Vec<float> positive_part<float>(Vec<float> v) {
    return _mm512_maskz_max_ps(static_cast<__mmask16>(-1), v, _mm512_setzero_ps());
}
template <>
PLN_INLINE Vec<double> positive_part<double>(Vec<double> v) {
    return _mm512_maskz_max_pd(static_cast<__mmask8>(-1), v, _mm512_setzero_pd());
}
#elif defined(__AVX2__)
template <>
PLN_INLINE Vec<float> positive_part<float>(Vec<float> v) {
    return _mm256_max_ps(v, _mm256_setzero_ps());
}
template <>
PLN_INLINE Vec<double> positive_part<double>(Vec<double> v) {
    return _mm256_max_pd(v, _mm256_setzero_pd());
}
#endif

// v in the lanes whose bit is 1, else 0.
template <class Real>
PLN_INLINE Vec<Real> select(pl::Word bits, Vec<Real> v) {
    using Integer = decltype(Vec<Real>{} > Vec<Real>{});  // integer lanes of the same width
    using Lane = decltype(Integer{}[0] + 0);
    constexpr int L = kLanes<Real>;
    const auto low = static_cast<Lane>(bits & ((pl::Word{1} << L) - 1));
#if defined(__AVX2__) || defined(__aarch64__)
    Integer lane = {};
#pragma GCC unroll 16
    for (int l = 0; l < L; ++l) lane[l] = Lane{1} << l;
    return ((low - Integer{}) & lane) != Integer{} ? v : Vec<Real>{};
#else  // the baseline cannot compare 64-bit integers: -(bit) is the lane's mask
    Integer mask;
    for (int l = 0; l < L; ++l) mask[l] = -((low >> l) & 1);
    return reinterpret_cast<Vec<Real> >(mask & reinterpret_cast<Integer>(v));
#endif
}

template <class Real, int Bytes = kVectorBytes>
PLN_INLINE Real sum_lanes(Vec<Real, Bytes> v) {
    Real sum = v[0];
    for (int l = 1; l < kLanes<Real, Bytes>; ++l) sum += v[l];
    return sum;
}

// The same in halves, for sums whose latency counts.
PLN_INLINE float sum_halves(Vec<float, 16> v) {
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1);
    return v[0] + v[1];
}
#if defined(__AVX2__)
PLN_INLINE float sum_halves(Vec<float, 32> v) {
    return sum_halves(__builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7));
}
#endif
#if defined(__AVX512F__)
PLN_INLINE Vec<float, 32> both_halves(Vec<float, 64> v) {
    return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
           __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
}
PLN_INLINE float sum_halves(Vec<float, 64> v) {
    return sum_halves(both_halves(v));
}
#endif

// The sums of the lanes of four vectors: a third of what one after the other take.
PLN_INLINE Vec<float, 16> sums_of_four(Vec<float, 16> a, Vec<float, 16> b, Vec<float, 16> c,
                                       Vec<float, 16> d) {
    const Vec<float, 16> ab =
        __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Vec<float, 16> cd =
        __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
    return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}
#if defined(__AVX2__)
PLN_INLINE Vec<float, 16> sums_of_four(Vec<float, 32> a, Vec<float, 32> b, Vec<float, 32> c,
                                       Vec<float, 32> d) {
    const Vec<float, 32> ac = __builtin_shufflevector(a, c, 0, 1, 2, 3, 8, 9, 10, 11) +
                              __builtin_shufflevector(a, c, 4, 5, 6, 7, 12, 13, 14, 15);
    const Vec<float, 32> bd = __builtin_shufflevector(b, d, 0, 1, 2, 3, 8, 9, 10, 11) +
                              __builtin_shufflevector(b, d, 4, 5, 6, 7, 12, 13, 14, 15);
    const Vec<float, 32> pairs = __builtin_shufflevector(ac, bd, 0, 8, 1, 9, 4, 12, 5, 13) +
                                 __builtin_shufflevector(ac, bd, 2, 10, 3, 11, 6, 14, 7, 15);
    // (a, b, a, b, c, d, c, d), each half a sum
    return __builtin_shufflevector(pairs, pairs, 0, 1, 4, 5) +
           __builtin_shufflevector(pairs, pairs, 2, 3, 6, 7);
}
#endif
#if defined(__AVX512F__)
PLN_INLINE Vec<float, 16> sums_of_four(Vec<float, 64> a, Vec<float, 64> b, Vec<float, 64> c,
                                       Vec<float, 64> d) {
    return sums_of_four(both_halves(a), both_halves(b), both_halves(c), both_halves(d));
}
#endif

// The least and the greatest of each two lanes; b where one of them is a NaN.
PLN_INLINE Vec<float, 16> lesser(Vec<float, 16> a, Vec<float, 16> b) {
#if defined(__x86_64__)
    return _mm_min_ps(a, b);
#else
    return a < b ? a : b;
#endif
}
PLN_INLINE Vec<float, 16> greater(Vec<float, 16> a, Vec<float, 16> b) {
#if defined(__x86_64__)
    return _mm_max_ps(a, b);
#else
    return a > b ? a : b;
#endif
}

// The least lane, likewise.
PLN_INLINE float least_lane(Vec<float, 16> v) {
    v = lesser(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
    return v[0] < v[1] ? v[0] : v[1];
}
#if defined(__AVX2__)
PLN_INLINE float least_lane(Vec<float, 32> v) {
    return least_lane(
        lesser(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7)));
}
#endif
#if defined(__AVX512F__)
PLN_INLINE float least_lane(Vec<float, 64> v) {
    const Vec<float, 32> low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
                         high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    return least_lane(low < high ? low : high);
}
#endif
