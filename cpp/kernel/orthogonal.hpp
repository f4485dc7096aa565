// Orthogonal inputs: z_ji is moved by r_i alone, and a pair with z_ji <= 0 rests for ever. The state is the
// pre-activations themselves, cut into tiles of one neuron by kTileOfPoints points; tiles without a live pair
// are skipped (`prune`).
#pragma once

constexpr int kOrthogonalVectors = 4;

template <class Real>
constexpr int kTileOfPoints = kOrthogonalVectors * kLanes<Real>;

// With s_i = norm_i r_i: fills s, sum r_i^2, and of each live neuron sum_i s_i w_ji and sum_i s_i^2 1_ji,
// over the blocks [first, last).
template <class Real>
void orthogonal_pass(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors, B = kTileOfPoints<Real>;
    const Vec<Real> inverse_p = broadcast(Real{1} / static_cast<Real>(s.p));
    double squares[B] = {};
    for (Index k = 0; k < 2 * s.p * L; k += L) store(s.sums + k, Vec<Real>{});
    for (Index b = s.first; b < s.last; ++b) {
        const std::int32_t* rows = s.rows + b * s.p;
        const Real* tiles = s.W + b * s.p * B;
        alignas(kVectorBytes) Real r[B];
        Vec<Real> h[V] = {}, push[V];
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            const Real* w = tiles + Index{rows[k]} * B;
            const Vec<Real> aj = broadcast(s.a[rows[k]]);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) h[v] = fma(aj, positive_part<Real>(load(w + v * L)), h[v]);
        }
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            const Vec<Real> norm = load(s.norms + b * B + v * L);
            const Vec<Real> rv = load(s.y + b * B + v * L) - norm * h[v] * inverse_p;
            push[v] = norm * rv;
            store(r + v * L, rv);
            store(s.push + b * B + v * L, push[v]);
        }
        for (int i = 0; i < B; ++i) squares[i] += static_cast<double>(r[i]) * static_cast<double>(r[i]);
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            const Real* w = tiles + Index{rows[k]} * B;
            Real* sums = s.sums + 2 * Index{rows[k]} * L;
            Vec<Real> ws = load(sums), speed = load(sums + L);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) {
                const Vec<Real> wv = load(w + v * L);
                ws = fma(push[v], positive_part<Real>(wv), ws);
                speed += wv > Vec<Real>{} ? push[v] * push[v] : Vec<Real>{};
            }
            store(sums, ws);
            store(sums + L, speed);
        }
    }
    s.sum_r2 = 0;
    for (int i = 0; i < B; ++i) s.sum_r2 += squares[i];
}

// w_ji += (step / n) a_j s_i where w_ji > 0, with the s of the pass before; a is not touched.
template <class Real>
void orthogonal_step(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors, B = kTileOfPoints<Real>;
    const Vec<Real> scale = broadcast(s.step_over_n);
    for (Index b = s.first; b < s.last; ++b) {
        const std::int32_t* rows = s.rows + b * s.p;
        Vec<Real> push[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) push[v] = scale * load(s.push + b * B + v * L);
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            Real* w = s.W + (b * s.p + rows[k]) * B;
            const Vec<Real> aj = broadcast(s.a[rows[k]]);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) {
                const Vec<Real> wv = load(w + v * L);
                store(w + v * L, wv > Vec<Real>{} ? fma(aj, push[v], wv) : wv);
            }
        }
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
