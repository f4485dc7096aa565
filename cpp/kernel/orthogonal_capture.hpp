// Capture steps on orthogonal inputs, on packed live pairs (live_pairs.hpp). Each function reads the values
// once, in order; lanes without a live pair carry zeros.
#pragma once

using LiveVec = Vec<double>;
constexpr int kLiveLanes = kLanes<double>;
constexpr int kWordVectors = static_cast<int>(pl::kWordPoints) / kLiveLanes;

#if defined(__AVX2__)
// For each pattern of bits, the lanes that values come from: spread to the lanes of the bits, and packed
// back. Tables, because the processor's own expansion and compression took 3 and 1.2 ns on Zen 5, a shuffle
// with a table 0.5.
#if defined(__AVX512F__)
using LaneByte = unsigned char;  // widened as it is loaded
constexpr int kParts = 1;
#else
using LaneByte = int;  // of 32-bit halves of a value: there is no shuffle of whole ones
constexpr int kParts = 2;
#endif
struct Shuffles {
    alignas(64) LaneByte spread[1 << kLiveLanes][kLiveLanes * kParts];
    alignas(64) LaneByte pack[1 << kLiveLanes][kLiveLanes * kParts];
};
constexpr Shuffles make_shuffles() {
    Shuffles s{};
    for (int bits = 0; bits < 1 << kLiveLanes; ++bits)
        for (int lane = 0, k = 0; lane < kLiveLanes; ++lane) {
            if ((bits >> lane & 1) == 0) continue;
            for (int part = 0; part < kParts; ++part) {
                s.spread[bits][kParts * lane + part] = static_cast<LaneByte>(kParts * k + part);
                s.pack[bits][kParts * k + part] = static_cast<LaneByte>(kParts * lane + part);
            }
            ++k;
        }
    return s;
}
static constexpr Shuffles kShuffles = make_shuffles();

PLN_INLINE LiveVec shuffled(LiveVec v, const LaneByte* lanes) {
#if defined(__AVX512F__)
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(lanes));
    // "maskz", all lanes: GCC 12 warns of the undefined value inside the plain ones
    return _mm512_maskz_permutexvar_pd(0xff, _mm512_maskz_cvtepu8_epi64(0xff, bytes), v);
#else
    return _mm256_castps_pd(_mm256_permutevar8x32_ps(
        _mm256_castpd_ps(v), _mm256_load_si256(reinterpret_cast<const __m256i*>(lanes))));
#endif
}
PLN_INLINE LiveVec load_any(const double* from) {
#if defined(__AVX512F__)
    return _mm512_loadu_pd(from);
#else
    return _mm256_loadu_pd(from);
#endif
}
PLN_INLINE void store_any(double* to, LiveVec v) {
#if defined(__AVX512F__)
    _mm512_storeu_pd(to, v);
#else
    _mm256_storeu_pd(to, v);
#endif
}
#endif

PLN_INLINE Index live_count(Word bits) {
#if defined(__AVX2__)
    return __builtin_popcountll(bits);
#else
    static_assert(kLiveLanes == 2, "and no instruction to count bits");
    return static_cast<Index>((bits & 1) + (bits >> 1));
#endif
}

// v in the lanes of the bits, else 0.
PLN_INLINE LiveVec only(Word bits, LiveVec v) {
#if defined(__AVX512F__)
    return _mm512_maskz_mov_pd(static_cast<__mmask8>(bits), v);
#else
    return select<double>(bits, v);
#endif
}

// The next values, each in the lane of its bit, else 0. Reads a whole vector.
PLN_INLINE LiveVec spread(const double* from, Word bits) {
#if defined(__AVX2__)
    return only(bits, shuffled(load_any(from), kShuffles.spread[bits]));
#else
    LiveVec v = {};
    for (int lane = 0; lane < kLiveLanes; ++lane)
        if ((bits >> lane & 1) != 0) v[lane] = *from++;
    return v;
#endif
}

// The lanes of the bits, one after the other. Writes a whole vector.
PLN_INLINE void pack(double* to, Word bits, LiveVec v) {
#if defined(__AVX2__)
    store_any(to, shuffled(v, kShuffles.pack[bits]));
#else
    for (int lane = 0; lane < kLiveLanes; ++lane)
        if ((bits >> lane & 1) != 0) *to++ = v[lane];
#endif
}

// max(v, 0) in the lanes of the bits, else 0. A NaN stays: it shows in the outputs.
PLN_INLINE LiveVec surviving(Word bits, LiveVec v) {
#if defined(__AVX512F__)
    return _mm512_maskz_max_pd(static_cast<__mmask8>(bits), _mm512_setzero_pd(), v);
#else
    return only(bits, v <= LiveVec{} ? LiveVec{} : v);
#endif
}

PLN_INLINE Word vector_bits(Word word, int v) {
    return word >> (v * kLiveLanes) & ((Word{1} << kLiveLanes) - 1);
}

// visit(v, bits, values) for the vectors of one word; w goes beyond its values.
template <class Visit>
PLN_INLINE void over_word(Word word, const double*& w, const Visit& visit) {
#pragma GCC unroll 8
    for (int v = 0; v < kWordVectors; ++v) {
        const Word bits = vector_bits(word, v);
        const LiveVec from = spread(w, bits);
        w += live_count(bits);
        visit(v, bits, from);
    }
}

// One word of norms; Crossing: with the products.
template <bool Crossing>
PLN_INLINE void norms_of_word(const LiveArgs& s, Index j, Word word, const double* push, const double*& w,
                              LiveVec& travel) {
    const LiveVec abar = broadcast(s.abar[j]), escape = broadcast(s.escape[j]), half = broadcast(0.5);
    LiveVec squares = {}, products = {};
    over_word(word, w, [&](int v, Word bits, LiveVec from) __attribute__((always_inline)) {
        const LiveVec pushed = load(push + v * kLiveLanes);
        const LiveVec to = surviving(bits, fma(abar, pushed, from)), moved = to - from;
        squares = fma(to, to, squares);
        travel = fma(moved, moved, travel);
        if (!Crossing) return;
        const LiveVec received = to == LiveVec{} ? from * escape : pushed;
        products = fma(half * (from + to), received, products);
    });
    store(s.squares + j * kLiveLanes, load(s.squares + j * kLiveLanes) + squares);
    if (Crossing) store(s.products + j * kLiveLanes, load(s.products + j * kLiveLanes) + products);
}

void live_norms(LiveArgs& s) {
    const double* w = s.w;
    LiveVec travel = {};
    for (Index b = 0; b < s.blocks; ++b)
        for (Index j = 0; j < s.p; ++j) {
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            if (s.crossing[j] != 0)
                norms_of_word<true>(s, j, word, s.push + b * kWordPoints, w, travel);
            else
                norms_of_word<false>(s, j, word, s.push + b * kWordPoints, w, travel);
        }
    s.travel += sum_lanes<double>(travel);
    s.w = w;
}

void live_outputs(LiveArgs& s) {
    const double* w = s.w;
    for (Index b = 0; b < s.blocks; ++b) {
        const double* push = s.push + b * kWordPoints;
        LiveVec h[kWordVectors] = {};
        for (Index j = 0; j < s.p; ++j) {
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            const LiveVec abar = broadcast(s.abar[j]), a = broadcast(s.a[j]);
            over_word(word, w, [&](int v, Word bits, LiveVec from) __attribute__((always_inline)) {
                h[v] = fma(a, surviving(bits, fma(abar, load(push + v * kLiveLanes), from)), h[v]);
            });
        }
        for (int v = 0; v < kWordVectors; ++v) store(s.h + b * kWordPoints + v * kLiveLanes, h[v]);
    }
    s.w = w;
}

// Packed values on their way back to the memory they came from. A vector written there at once would overlap
// the next one read, which then waits for it: that took longer than all the rest.
struct Outbox {
    static constexpr Index kRoom = 1024;
    alignas(kVectorBytes) double values[kRoom + kWordPoints + pl::kValuesPad];
    Index count = 0;
    double* to;

    explicit Outbox(double* destination) : to(destination) {}

    PLN_INLINE void append(Word bits, LiveVec v) {
        pack(values + count, bits, v);
        count += live_count(bits);
    }
    void flush() {
        for (Index k = 0; k < count; ++k) to[k] = values[k];
        to += count;
        count = 0;
    }
};

void live_write(LiveArgs& s) {
    const double* w = s.w;
    Outbox out(s.to);
    for (Index b = 0; b < s.blocks; ++b)
        for (Index j = 0; j < s.p; ++j) {
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            const double* push = s.push + b * kWordPoints;
            const LiveVec abar = broadcast(s.abar[j]);
            Word kept = 0;
            over_word(word, w, [&](int v, Word bits, LiveVec from) __attribute__((always_inline)) {
                const LiveVec to = surviving(bits, fma(abar, load(push + v * kLiveLanes), from));
                const Word still = positive_bits(to);
                out.append(still, to);
                kept |= still << (v * kLiveLanes);
            });
            s.live[b * s.p + j] = kept;
            if (out.count >= Outbox::kRoom) out.flush();
        }
    out.flush();
    s.w = w;
    s.to = out.to;
}

void live_rates(LiveArgs& s) {
    const double* w = s.w;
    for (Index b = 0; b < s.blocks; ++b)
        for (Index j = 0; j < s.p; ++j) {
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            const double* push = s.push + b * kWordPoints;
            LiveVec squares = load(s.squares + j * kLiveLanes), products = load(s.products + j * kLiveLanes);
            over_word(word, w, [&](int v, Word bits, LiveVec from) __attribute__((always_inline)) {
                const LiveVec pushed = only(bits, load(push + v * kLiveLanes));
                squares = fma(pushed, pushed, squares);
                products = fma(pushed, from, products);
            });
            store(s.squares + j * kLiveLanes, squares);
            store(s.products + j * kLiveLanes, products);
        }
    s.w = w;
}

extern const LiveKernel live_kernel = {kLiveLanes, live_norms, live_outputs, live_write, live_rates};
