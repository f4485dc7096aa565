// Orthogonal inputs: z_ji is moved by r_i alone, and a pair with z_ji <= 0 rests for ever. The state is the
// pre-activations themselves, cut into tiles of one neuron by kTileOfPoints points; `prune` moves tiles
// without a live pair behind the others, so that a sweep reads the live ones front to back and nothing else.

#if defined(__AVX512F__)
constexpr int kOrthogonalVectors = 4;
#else
constexpr int kOrthogonalVectors = 8;  // a tile's own cost is shared by more vectors: 10 % of a step
#endif

template <class Real>
constexpr int kTileOfPoints = kOrthogonalVectors * kLanes<Real>;

// v where w > 0, else 0; and max(w, 0). Of float32 on AVX2 by comparing integers, which any of four units
// does and of floating-point numbers two: 5 % of a step. (A NaN may count as live: it shows in the outputs.)
template <class Real>
PLN_INLINE Vec<Real> where_live(Vec<Real> w, Vec<Real> v) {
    return w > Vec<Real>{} ? v : Vec<Real>{};
}
template <class Real>
PLN_INLINE Vec<Real> live_part(Vec<Real> w) {
    return positive_part<Real>(w);
}
#if defined(__AVX2__) && !defined(__AVX512F__)
template <>
PLN_INLINE Vec<float> where_live<float>(Vec<float> w, Vec<float> v) {
    const __m256i live = _mm256_cmpgt_epi32(_mm256_castps_si256(w), _mm256_setzero_si256());
    return _mm256_and_ps(_mm256_castsi256_ps(live), v);
}
template <>
PLN_INLINE Vec<float> live_part<float>(Vec<float> w) {
    return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(w), _mm256_setzero_si256()));
}
template <>
PLN_INLINE Vec<double> live_part<double>(Vec<double> w) {
    return _mm256_max_pd(w, _mm256_setzero_pd());  // 0 for NaN
}
#endif

// The outputs sum_j a_j max(w_ji, 0) of a block's points, from its `count` live tiles.
template <class Real>
PLN_INLINE void block_outputs(const OrthogonalArgs<Real>& s, const Real* w, const std::int32_t* neurons,
                              Index count, Vec<Real>* h) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors;
    for (Index k = 0; k < count; ++k, w += V * L) {
        const Vec<Real> a = broadcast(s.a_next[neurons[k]]);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) h[v] = fma(a, live_part<Real>(load(w + v * L)), h[v]);
    }
}

// w_ji += (step / n) a_j push_i where w_ji > 0, and the outputs of the new state under a_next.
template <class Real>
PLN_INLINE void block_step(const OrthogonalArgs<Real>& s, Index b, Real* w, const std::int32_t* neurons,
                           Index count, Vec<Real>* h) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors;
    const Vec<Real> scale = broadcast(s.step_over_n);
    alignas(kVectorBytes) Real push[V * L];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) store(push + v * L, scale * load(s.push + b * V * L + v * L));
    for (Index k = 0; k < count; ++k, w += V * L) {
        const Vec<Real> a = broadcast(s.a[neurons[k]]), next = broadcast(s.a_next[neurons[k]]);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) {
            const Vec<Real> before = in_register(load(w + v * L));  // 9 to 12 % of a step
            const Vec<Real> after = fma(a, where_live<Real>(before, load(push + v * L)), before);
            store(w + v * L, after);
            h[v] = fma(next, live_part<Real>(after), h[v]);
        }
    }
}

// From the outputs of a block: r_i, push_i = norm_i r_i, and the squares r_i^2 by lane.
template <class Real>
PLN_INLINE void block_residuals(const OrthogonalArgs<Real>& s, Index b, const Vec<Real>* h, double* squares) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors, B = V * L;
    const Vec<Real> inverse_p = broadcast(Real{1} / static_cast<Real>(s.p));
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
        const Index i = b * B + Index{v} * L;
        const Vec<Real> norm = load(s.norms + i), r = load(s.y + i) - norm * h[v] * inverse_p;
        store(s.push + i, norm * r);
#pragma GCC unroll 16
        for (int l = 0; l < L; ++l) squares[l] += static_cast<double>(r[l]) * static_cast<double>(r[l]);
    }
}

// sum_i push_i w_ji of a block, to the sums of each live neuron.
template <class Real>
PLN_INLINE void block_sums(const OrthogonalArgs<Real>& s, Index b, const Real* w, const std::int32_t* neurons,
                           Index count) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors;
    Vec<Real> push[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) push[v] = load(s.push + b * V * L + v * L);
    for (Index k = 0; k < count; ++k, w += V * L) {
        Real* sums = s.sums + Index{neurons[k]} * L;
        Vec<Real> sum = load(sums);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) sum = fma(push[v], live_part<Real>(load(w + v * L)), sum);
        store(sums, sum);
    }
}

// One sweep over the blocks [first, last): all neurons of a block are at hand, so its outputs are complete
// before its pairs leave the first-level cache, and the state is read from memory once per step.
template <class Real, bool kStep>
PLN_INLINE void orthogonal_sweep(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, B = kTileOfPoints<Real>;
    double squares[L] = {};
    for (Index k = 0; k < s.p * L; k += L) store(s.sums + k, Vec<Real>{});
    Real* w = s.W;
    const std::int32_t* neurons = s.neurons;
    for (Index b = s.first; b < s.last; ++b) {
        const Index count = s.live[b];
        Vec<Real> h[kOrthogonalVectors] = {};
        if (kStep)
            block_step<Real>(s, b, w, neurons, count, h);
        else
            block_outputs<Real>(s, w, neurons, count, h);
        block_residuals<Real>(s, b, h, squares);
        block_sums<Real>(s, b, w, neurons, count);
        w += count * B;
        neurons += count;
    }
    s.sum_r2 = 0;
    for (int l = 0; l < L; ++l) s.sum_r2 += squares[l];
}

// Residuals and sums of the state as it is.
template <class Real>
void orthogonal_evaluate(OrthogonalArgs<Real>& s) {
    orthogonal_sweep<Real, false>(s);
}

// One step, then residuals and sums of the state it leads to.
template <class Real>
void orthogonal_step(OrthogonalArgs<Real>& s) {
    orthogonal_sweep<Real, true>(s);
}

// totals_j += the lanes of sums_j, halves upon halves: one after the other they took a tenth of a step at
// n = 250.
template <class Real>
void orthogonal_totals(const Real* sums, Index p, double* totals) {
    constexpr int L = kLanes<Real>;
    for (Index j = 0; j < p; ++j) {
        double lane[L];
#pragma GCC unroll 16
        for (int l = 0; l < L; ++l) lane[l] = static_cast<double>(sums[j * L + l]);
#pragma GCC unroll 4
        for (int half = L / 2; half > 0; half /= 2)
#pragma GCC unroll 8
            for (int l = 0; l < half; ++l) lane[l] += lane[l + half];
        totals[j] += lane[0];
    }
}

// da_j/dt from the totals, and the largest of all abs(a_j) and abs(da_j/dt): NaN where one is not finite.
// Arrays are whole groups of kRateLanes, zero beyond p.
template <class Real>
double orthogonal_rates(const double* totals, Index n, Index p, const Real* a, Real* rate) {
    constexpr int L = kLanes<Real>;
    static_assert(pl::kRateLanes % L == 0, "groups are whole vectors");
    for (Index j = 0; j < p; ++j) rate[j] = static_cast<Real>(totals[j] / static_cast<double>(n));
    Vec<Real> largest = {}, gap = {};  // gap: 0, or NaN
    for (Index j = 0; j < p; j += L)
        for (int k = 0; k < 2; ++k) {
            const Vec<Real> value = load((k == 0 ? a : rate) + j);
            const Vec<Real> size = value < Vec<Real>{} ? -value : value;
            largest = size > largest ? size : largest;
            gap += value - value;
        }
    Real found = 0, gaps = 0;
    for (int l = 0; l < L; ++l) {
        found = found < largest[l] ? largest[l] : found;
        gaps += gap[l];
    }
    return static_cast<double>(found) + static_cast<double>(gaps);
}

// Of each live neuron sum_i push_i^2 1_ji: its squared speed, asked for only where it is recorded.
template <class Real>
void orthogonal_speed(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, B = kTileOfPoints<Real>;
    for (Index k = 0; k < s.p * L; k += L) store(s.sums + k, Vec<Real>{});
    const Real* w = s.W;
    const std::int32_t* neuron = s.neurons;
    for (Index b = s.first; b < s.last; ++b)
        for (std::int32_t k = 0; k < s.live[b]; ++k, w += B, ++neuron) {
            Real* sums = s.sums + Index{*neuron} * L;
            Vec<Real> sum = load(sums);
            for (int v = 0; v < kOrthogonalVectors; ++v) {
                const Vec<Real> push = load(s.push + b * B + v * L);
                sum += where_live<Real>(load(w + v * L), push * push);
            }
            store(sums, sum);
        }
}

template <class Real>
PLN_INLINE bool tile_lives(const Real* w) {
    Word live = 0;
    for (int v = 0; v < kOrthogonalVectors; ++v) live |= positive_bits(load(w + v * kLanes<Real>));
    return live != 0;
}

// Moves tiles in which every pair is dead behind the live ones, which keep their order. Their terms were
// zeros, so no result changes, only the cost.
template <class Real>
void orthogonal_prune(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, B = kTileOfPoints<Real>;
    Index from = 0, to = 0;  // tiles between them are dead
    for (Index b = s.first; b < s.last; ++b) {
        const Index start = to;
        for (std::int32_t k = 0; k < s.live[b]; ++k, ++from) {
            Real *w = s.W + from * B, *front = s.W + to * B;
            if (!tile_lives(w)) continue;
            if (from != to) {
                for (int i = 0; i < B; i += L) {
                    const Vec<Real> live = load(w + i);
                    store(w + i, load(front + i));
                    store(front + i, live);
                }
                const std::int32_t neuron = s.neurons[from], home = s.homes[from];
                s.neurons[from] = s.neurons[to];
                s.homes[from] = s.homes[to];
                s.neurons[to] = neuron;
                s.homes[to] = home;
            }
            ++to;
        }
        s.live[b] = static_cast<std::int32_t>(to - start);
    }
}
