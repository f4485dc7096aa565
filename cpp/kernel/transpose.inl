// A panel for the forward half, made from the rows of its block where X is kept in one layout only: L by L
// transposes in registers, into scratch that stays in the nearest caches.

template <int... L>
struct Places {};
template <int N, int... L>
struct FirstPlaces : FirstPlaces<N - 1, N - 1, L...> {};
template <int... L>
struct FirstPlaces<0, L...> {
    using type = Places<L...>;
};

// The lane of (a, b) that lane l of a shuffle takes. Units of `unit` lanes within 16 bytes: those of the
// lower or upper halves of a and b in turn, as the unpack instructions do.
constexpr int unpacked_lane(int l, int lanes, int group, int unit, bool upper) {
    const int place = l % group, number = place / unit, start = l - place;
    const int from = start + (number / 2) * unit + place % unit + (upper ? group / 2 : 0);
    return from + (number % 2 == 0 ? 0 : lanes);
}

// The same for blocks of `group` lanes: those of a and b whose number lacks the bit `step`, or has it.
constexpr int block_lane(int l, int lanes, int group, int step, bool upper) {
    const bool second = (l / group & step) != 0;
    return l + (second ? lanes : 0) + (upper == second ? 0 : upper ? step * group : -step * group);
}

template <class V, int... I>
PLN_INLINE V pick(V a, V b, Places<I...>) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, I...);
#else
    using Mask = decltype(a > b);  // integer lanes of the same width
    return __builtin_shuffle(a, b, Mask{I...});
#endif
}

template <class Real, int Unit, bool Upper, int... L>
PLN_INLINE Vec<Real> unpack(Vec<Real> a, Vec<Real> b, Places<L...>) {
    constexpr int lanes = kLanes<Real>, group = kLanes<Real, 16>;
    return pick(a, b, Places<unpacked_lane(L, lanes, group, Unit, Upper)...>{});
}
template <class Real, int Step, bool Upper, int... L>
PLN_INLINE Vec<Real> blocks_of(Vec<Real> a, Vec<Real> b, Places<L...>) {
    constexpr int lanes = kLanes<Real>, group = kLanes<Real, 16>;
    return pick(a, b, Places<block_lane(L, lanes, group, Step, Upper)...>{});
}

// Rows whose numbers differ in the bit `Apart` are put together, by unpacking units or by exchanging blocks.
template <class Real, int Apart, int Unit, int Step>
PLN_INLINE void exchange(Vec<Real> (&x)[kLanes<Real>]) {
    using All = typename FirstPlaces<kLanes<Real>>::type;
#pragma GCC unroll 16
    for (int i = 0; i < kLanes<Real>; ++i) {
        if ((i & Apart) != 0) continue;
        const Vec<Real> a = x[i], b = x[i + Apart];
        if constexpr (Unit > 0) {
            x[i] = unpack<Real, Unit, false>(a, b, All{});
            x[i + Apart] = unpack<Real, Unit, true>(a, b, All{});
        } else {
            x[i] = blocks_of<Real, Step, false>(a, b, All{});
            x[i + Apart] = blocks_of<Real, Step, true>(a, b, All{});
        }
    }
}

// x becomes its transpose: L log2(L) shuffles.
template <class Real>
PLN_INLINE void transpose(Vec<Real> (&x)[kLanes<Real>]) {
    constexpr int lanes = kLanes<Real>, group = kLanes<Real, 16>;
    exchange<Real, 1, 1, 0>(x);
    if constexpr (group == 4) {
        exchange<Real, 2, 2, 0>(x);
        // two unpackings leave rows 1 and 2 of every four in each other's place
#pragma GCC unroll 4
        for (int i = 0; i < lanes; i += 4) {
            const Vec<Real> kept = x[i + 1];
            x[i + 1] = x[i + 2];
            x[i + 2] = kept;
        }
    }
    if constexpr (lanes >= 2 * group) exchange<Real, group, 0, 1>(x);
    if constexpr (lanes >= 4 * group) exchange<Real, 2 * group, 0, 2>(x);
}

// rows: a block's; first: the panel's first point in it; panel: (row_stride, V * lanes), out. The values that
// products() then reads are those of a panel packed beforehand, in the same order.
template <class Real, int V>
PLN_INLINE void panel_from_rows(const Real* rows, pl::Index first, pl::Index row_stride, Real* panel) {
    constexpr pl::Index L = kLanes<Real>;
    for (pl::Index k = 0; k < row_stride; k += L) {
        const pl::Index chunk = k / (pl::kChunkVectors * L) * (pl::kChunkVectors * L);
        const pl::Index left = row_stride - chunk;
        const pl::Index width = left < pl::kChunkVectors * L ? left : pl::kChunkVectors * L;
        const Real* from = rows + chunk * pl::kBlockPoints + (k - chunk);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            Vec<Real> x[L];
#pragma GCC unroll 16
            for (pl::Index l = 0; l < L; ++l) x[l] = load(from + (first + v * L + l) * width);
            transpose<Real>(x);
#pragma GCC unroll 16
            for (pl::Index l = 0; l < L; ++l) store(panel + ((k + l) * V + v) * L, x[l]);
        }
    }
}
