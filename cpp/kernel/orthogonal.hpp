// Orthogonal inputs: z_ji is moved by r_i alone, and a pair with z_ji <= 0 rests for ever. The state is the
// pre-activations themselves, cut into tiles of one neuron by kTileOfPoints points; tiles without a live pair
// are skipped (`prune`).
#pragma once

constexpr int kOrthogonalVectors = 4;

template <class Real>
constexpr int kTileOfPoints = kOrthogonalVectors * kLanes<Real>;

// r, sum r^2, and per live neuron sum_i r_i z_ji and sum_i q_i 1_ji with q_i = (norm(x_i) r_i)^2, over blocks
// [first, last).
template <class Real>
void orthogonal_pass(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors, B = kTileOfPoints<Real>;
    const Vec<Real> inverse_p = broadcast(Real{1} / static_cast<Real>(s.p));
    double squares[B] = {};
    for (Index k = 0; k < 2 * s.p * L; k += L) store(s.sums + k, Vec<Real>{});
    for (Index b = s.first; b < s.last; ++b) {
        const std::int32_t* rows = s.rows + b * s.p;
        const Real* tiles = s.z + b * s.p * B;
        Vec<Real> h[V] = {}, r[V], q[V];
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            const Real* z = tiles + Index{rows[k]} * B;
            const Vec<Real> aj = broadcast(s.a[rows[k]]);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) h[v] = fma(aj, positive_part<Real>(load(z + v * L)), h[v]);
        }
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
            r[v] = load(s.y + b * B + v * L) - h[v] * inverse_p;
            q[v] = load(s.norm_sq + b * B + v * L) * r[v] * r[v];
            store(s.r + b * B + v * L, r[v]);
        }
        for (int i = 0; i < B; ++i) {
            const double ri = static_cast<double>(s.r[b * B + i]);
            squares[i] += ri * ri;
        }
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            const Real* z = tiles + Index{rows[k]} * B;
            Real* sums = s.sums + 2 * Index{rows[k]} * L;
            Vec<Real> rz = load(sums), speed = load(sums + L);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) {
                const Vec<Real> zv = load(z + v * L);
                rz = fma(r[v], positive_part<Real>(zv), rz);
                speed += zv > Vec<Real>{} ? q[v] : Vec<Real>{};
            }
            store(sums, rz);
            store(sums + L, speed);
        }
    }
    s.sum_r2 = 0;
    for (int i = 0; i < B; ++i) s.sum_r2 += squares[i];
}

// z_ji += (step / n) a_j r_i norm(x_i)^2 where z_ji > 0, with the r of the pass before; a is not touched.
template <class Real>
void orthogonal_step(OrthogonalArgs<Real>& s) {
    constexpr int L = kLanes<Real>, V = kOrthogonalVectors, B = kTileOfPoints<Real>;
    const Vec<Real> scale = broadcast(s.step_over_n);
    for (Index b = s.first; b < s.last; ++b) {
        const std::int32_t* rows = s.rows + b * s.p;
        Vec<Real> push[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v)
            push[v] = scale * load(s.norm_sq + b * B + v * L) * load(s.r + b * B + v * L);
        for (std::int32_t k = 0; k < s.live[b]; ++k) {
            Real* z = s.z + (b * s.p + rows[k]) * B;
            const Vec<Real> aj = broadcast(s.a[rows[k]]);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) {
                const Vec<Real> zv = load(z + v * L);
                store(z + v * L, zv > Vec<Real>{} ? fma(aj, push[v], zv) : zv);
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
            const Real* z = s.z + (b * s.p + rows[k]) * B;
            Word live = 0;
            for (int v = 0; v < kOrthogonalVectors; ++v) live |= positive_bits(load(z + v * L));
            if (live != 0) rows[kept++] = rows[k];
        }
        s.live[b] = kept;
    }
}
