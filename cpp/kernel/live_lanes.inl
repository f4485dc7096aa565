// Values of live pairs between the place they are packed in and the lanes of a vector. A pattern says which
// lanes hold a live pair.

using LiveVec = Vec<double>;
constexpr int kLiveLanes = kLanes<double>;
constexpr int kWordVectors = static_cast<int>(pl::kWordPoints) / kLiveLanes;

PLN_INLINE Word vector_bits(Word word, int v) {
    return word >> (v * kLiveLanes) & ((Word{1} << kLiveLanes) - 1);
}

// Tables on both wide levels, because the processor's own expansion and compression took 3 and 1.2 ns on Zen
// 5, a shuffle with a table 0.5.
#if defined(__AVX512F__)

struct Shuffles {
    alignas(64) unsigned char spread[256][8];  // the value of each lane; widened as it is loaded
    alignas(64) unsigned char pack[256][8];    // the lane of each value
};
constexpr Shuffles make_shuffles() {
    Shuffles s{};
    for (int bits = 0; bits < 256; ++bits)
        for (int lane = 0, k = 0; lane < 8; ++lane) {
            if ((bits >> lane & 1) == 0) continue;
            s.spread[bits][lane] = static_cast<unsigned char>(k);
            s.pack[bits][k++] = static_cast<unsigned char>(lane);
        }
    return s;
}
static constexpr Shuffles kShuffles = make_shuffles();

struct Pattern {
    Word bits;
    PLN_INLINE Index count() const { return __builtin_popcountll(bits); }
};
PLN_INLINE Pattern pattern_of(Word bits) {
    return {bits};
}
PLN_INLINE Pattern pattern_of(Word word, int v) {
    return {vector_bits(word, v)};
}
PLN_INLINE LiveVec shuffled(LiveVec v, const unsigned char* lanes) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(lanes));
    // "maskz", all lanes: GCC 12 warns of the undefined value inside the plain ones
    return _mm512_maskz_permutexvar_pd(0xff, _mm512_maskz_cvtepu8_epi64(0xff, bytes), v);
}
PLN_INLINE LiveVec only(Pattern at, LiveVec v) {
    return _mm512_maskz_mov_pd(static_cast<__mmask8>(at.bits), v);
}
PLN_INLINE LiveVec surviving(Pattern at, LiveVec v) {
    return _mm512_maskz_max_pd(static_cast<__mmask8>(at.bits), _mm512_setzero_pd(), v);
}
PLN_INLINE LiveVec spread(const double* from, Pattern at) {
    return shuffled(_mm512_loadu_pd(from), kShuffles.spread[at.bits]);
}
PLN_INLINE void pack(double* to, Pattern at, LiveVec v) {
    _mm512_storeu_pd(to, shuffled(v, kShuffles.pack[at.bits]));
}

#elif defined(__AVX2__)

// All of a pattern in one row: with masks made from the bits and values counted apart, a sweep took 23
// instructions for four lanes in place of 12. There is no shuffle of whole values, hence halves.
struct alignas(128) LaneRow {
    int spread[8];
    long long mask[4];
    int pack[8];
};
struct LaneRows {
    LaneRow row[16];
};
constexpr LaneRows make_lane_rows() {
    LaneRows rows{};
    for (int bits = 0; bits < 16; ++bits)
        for (int lane = 0, k = 0; lane < 4; ++lane) {
            if ((bits >> lane & 1) == 0) continue;
            LaneRow& row = rows.row[bits];
            row.mask[lane] = -1;
            for (int half = 0; half < 2; ++half) {
                row.spread[2 * lane + half] = 2 * k + half;
                row.pack[2 * k + half] = 2 * lane + half;
            }
            ++k;
        }
    return rows;
}
static constexpr LaneRows kLaneRows = make_lane_rows();

struct Pattern {
    Word offset;  // of its row in bytes: the bits times 128, so that it counts them too
    PLN_INLINE Index count() const { return __builtin_popcountll(offset); }
    PLN_INLINE const LaneRow& row() const {
        return *reinterpret_cast<const LaneRow*>(reinterpret_cast<const char*>(kLaneRows.row) + offset);
    }
};
PLN_INLINE Pattern pattern_of(Word bits) {
    return {bits * sizeof(LaneRow)};
}
PLN_INLINE Pattern pattern_of(Word word, int v) {
    const int left = (7 - v * kLiveLanes) & 63;  // a rotation and a mask
    return {(word << left | word >> ((64 - left) & 63)) & (15 * sizeof(LaneRow))};
}
PLN_INLINE LiveVec shuffled(LiveVec v, const int* halves) {
    return _mm256_castps_pd(_mm256_permutevar8x32_ps(
        _mm256_castpd_ps(v), _mm256_load_si256(reinterpret_cast<const __m256i*>(halves))));
}
PLN_INLINE LiveVec only(Pattern at, LiveVec v) {
    return _mm256_and_pd(_mm256_load_pd(reinterpret_cast<const double*>(at.row().mask)), v);
}
PLN_INLINE LiveVec surviving(Pattern at, LiveVec v) {
    return only(at, _mm256_max_pd(_mm256_setzero_pd(), v));  // of a NaN and 0, the second
}
PLN_INLINE LiveVec spread(const double* from, Pattern at) {
    return shuffled(_mm256_loadu_pd(from), at.row().spread);
}
PLN_INLINE void pack(double* to, Pattern at, LiveVec v) {
    _mm256_storeu_pd(to, shuffled(v, at.row().pack));
}

#else

static_assert(kLiveLanes == 2, "and no instruction to count bits");
struct Pattern {
    Word bits;
    PLN_INLINE Index count() const { return static_cast<Index>((bits & 1) + (bits >> 1)); }
};
PLN_INLINE Pattern pattern_of(Word bits) {
    return {bits};
}
PLN_INLINE Pattern pattern_of(Word word, int v) {
    return {vector_bits(word, v)};
}
// v in the lanes of the pattern, else 0.
PLN_INLINE LiveVec only(Pattern at, LiveVec v) {
    return select<double>(at.bits, v);
}
// max(v, 0) in the lanes of the pattern, else 0. A NaN stays: it shows in the outputs.
PLN_INLINE LiveVec surviving(Pattern at, LiveVec v) {
    return only(at, v <= LiveVec{} ? LiveVec{} : v);
}
// The next values, each in the lane of its bit; anything in the others. May read a whole vector.
PLN_INLINE LiveVec spread(const double* from, Pattern at) {
    LiveVec v = {};
    for (int lane = 0; lane < kLiveLanes; ++lane)
        if ((at.bits >> lane & 1) != 0) v[lane] = *from++;
    return v;
}
// The lanes of the pattern, one after the other. May write a whole vector.
PLN_INLINE void pack(double* to, Pattern at, LiveVec v) {
    for (int lane = 0; lane < kLiveLanes; ++lane)
        if ((at.bits >> lane & 1) != 0) *to++ = v[lane];
}

#endif
