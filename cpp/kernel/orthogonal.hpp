// Orthogonal inputs: z_ji is moved by r_i alone, and a pair with z_ji <= 0 rests for ever. The state is the
// pre-activations themselves, cut into tiles of one neuron by kTileOfPoints points; tiles without a live pair
// are skipped (`prune`).
#pragma once

constexpr int kOrthogonalVectors = 4;

template <class Real>
constexpr int kTileOfPoints = kOrthogonalVectors * kLanes<Real>;

// Adds a_j max(w_ji, 0) of one tile to the outputs h of its points.
template <class Real>
PLN_INLINE void add_outputs(const Real* w, Real a, Vec<Real>* h) {
    constexpr int L = kLanes<Real>;
#pragma GCC unroll 4
    for (int v = 0; v < kOrthogonalVectors; ++v)
        h[v] = fma(broadcast(a), positive_part<Real>(load(w + v * L)), h[v]);
}

// The outputs sum_j a_j max(w_ji, 0) of a block's points.
template <class Real>
PLN_INLINE void block_outputs(const OrthogonalArgs<Real>& s, Index b, Vec<Real>* h) {
    const std::int32_t* rows = s.rows + b * s.p;
    for (std::int32_t k = 0; k < s.live[b]; ++k)
        add_outputs<Real>(s.W + (b * s.p + rows[k]) * kTileOfPoints<Real>, s.a_next[rows[k]], h);
}

// w_ji += (step / n) a_j push_i where w_ji > 0, and the outputs of the new state under a_next.
template <class Real>
PLN_INLINE void block_step(const OrthogonalArgs<Real>& s, Index b, Vec<Real>* h) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors, B = kTileOfPoints<Real>;
    const std::int32_t* rows = s.rows + b * s.p;
    const Vec<Real> scale = broadcast(s.step_over_n);
    Vec<Real> push[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) push[v] = scale * load(s.push + b * B + v * L);
    for (std::int32_t k = 0; k < s.live[b]; ++k) {
        Real* w = s.W + (b * s.p + rows[k]) * B;
        const Vec<Real> aj = broadcast(s.a[rows[k]]), next = broadcast(s.a_next[rows[k]]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            const Vec<Real> before = in_register(load(w + v * L));  // 9 to 12 % of a step
            const Vec<Real> after = before > Vec<Real>{} ? fma(aj, push[v], before) : before;
            store(w + v * L, after);
            h[v] = fma(next, positive_part<Real>(after), h[v]);
        }
    }
}

// From the outputs of a block: r_i, push_i = norm_i r_i, the squares r_i^2 by place in the block, and to the
// sums of each live neuron sum_i push_i w_ji.
template <class Real>
PLN_INLINE void block_pass(OrthogonalArgs<Real>& s, Index b, const Vec<Real>* h, double* squares) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors, B = kTileOfPoints<Real>;
    const Vec<Real> inverse_p = broadcast(Real{1} / static_cast<Real>(s.p));
    const std::int32_t* rows = s.rows + b * s.p;
    alignas(kVectorBytes) Real r[B];
    Vec<Real> push[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
        const Index i = b * B + v * L;
        const Vec<Real> norm = load(s.norms + i), rv = load(s.y + i) - norm * h[v] * inverse_p;
        push[v] = norm * rv;
        store(r + v * L, rv);
        store(s.push + i, push[v]);
    }
    for (int i = 0; i < B; ++i) squares[i] += static_cast<double>(r[i]) * static_cast<double>(r[i]);
    for (std::int32_t k = 0; k < s.live[b]; ++k) {
        const Real* w = s.W + (b * s.p + rows[k]) * B;
        Real* sums = s.sums + Index{rows[k]} * L;
        Vec<Real> sum = load(sums);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum = fma(push[v], positive_part<Real>(load(w + v * L)), sum);
        store(sums, sum);
    }
}

// One sweep over the blocks [first, last): all neurons of a block are at hand, so its outputs are complete
// before its pairs leave the first-level cache, and the state is read from memory once per step.
template <class Real, bool kStep>
PLN_INLINE void orthogonal_sweep(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, B = kTileOfPoints<Real>;
    double squares[B] = {};
    for (Index k = 0; k < s.p * L; k += L) store(s.sums + k, Vec<Real>{});
    for (Index b = s.first; b < s.last; ++b) {
        Vec<Real> h[kOrthogonalVectors] = {};
        if (kStep)
            block_step<Real>(s, b, h);
        else
            block_outputs<Real>(s, b, h);
        block_pass<Real>(s, b, h, squares);
    }
    s.sum_r2 = 0;
    for (int i = 0; i < B; ++i) s.sum_r2 += squares[i];
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

// totals_j += the lanes of sums_j, lane after lane.
template <class Real>
void orthogonal_totals(const Real* sums, Index p, double* totals) {
    constexpr int L = kLanes<Real>;
    for (Index j = 0; j < p; ++j) {
        double total = totals[j];
#pragma GCC unroll 16
        for (int l = 0; l < L; ++l) total += static_cast<double>(sums[j * L + l]);
        totals[j] = total;
    }
}

// Of each live neuron sum_i push_i^2 1_ji: its squared speed, asked for only where it is recorded.
template <class Real>
void orthogonal_speed(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, B = kTileOfPoints<Real>;
    for (Index k = 0; k < s.p * L; k += L) store(s.sums + k, Vec<Real>{});
    for (Index b = s.first; b < s.last; ++b)
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            const Index j = s.rows[b * s.p + k];
            Vec<Real> sum = load(s.sums + j * L);
            for (int v = 0; v < kOrthogonalVectors; ++v) {
                const Vec<Real> push = load(s.push + b * B + v * L);
                sum += load(s.W + (b * s.p + j) * B + v * L) > Vec<Real>{} ? push * push : Vec<Real>{};
            }
            store(s.sums + j * L, sum);
        }
}

// Drops the rows of tiles in which every pair is dead. Their terms were zeros, so no result changes, only the
// cost.
template <class Real>
void orthogonal_prune(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, B = kTileOfPoints<Real>;
    for (Index b = s.first; b < s.last; ++b) {
        std::int32_t* rows = s.rows + b * s.p;
        std::int32_t kept = 0;
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            const Real* w = s.W + (b * s.p + rows[k]) * B;
            Word live = 0;
            for (int v = 0; v < kOrthogonalVectors; ++v) live |= positive_bits(load(w + v * L));
            if (live != 0) rows[kept++] = rows[k];
        }
        s.live[b] = kept;
    }
}
