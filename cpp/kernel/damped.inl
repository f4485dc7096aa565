// Damped Adams-Bashforth over points, a vector of them at a time. Vectors take less than the traffic of the
// arrays; exponentials one by one took as long as the sweep over 30 pairs of each point.

using DampedVec = Vec<double>;
typedef double LooseVec __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));

// `count` values, the other lanes 0.
PLN_INLINE DampedVec load_some(const double* from, Index count) {
    if (count == kLanes<double>) return *reinterpret_cast<const LooseVec*>(from);
    DampedVec v = {};
    for (Index l = 0; l < count; ++l) v[l] = from[l];
    return v;
}
PLN_INLINE void store_some(double* to, DampedVec v, Index count) {
    if (count == kLanes<double>) {
        *reinterpret_cast<LooseVec*>(to) = v;
        return;
    }
    for (Index l = 0; l < count; ++l) to[l] = v[l];
}

// 1 / (k + 3)!
constexpr double kPhiTerms[] = {
    1.0 / 6,          1.0 / 24,          1.0 / 120,          1.0 / 720,           1.0 / 5040,
    1.0 / 40320,      1.0 / 362880,      1.0 / 3628800,      1.0 / 39916800,      1.0 / 479001600,
    1.0 / 6227020800, 1.0 / 87178291200, 1.0 / 1307674368e3, 1.0 / 20922789888e3, 1.0 / 355687428096e3};
constexpr int kPhiCount = sizeof(kPhiTerms) / sizeof(double);

// phi_k(z) = int_0^1 exp(-z (1 - s)) s^(k-1) / (k-1)! ds: the series of phi_3 at z 2^-doublings <= 1, the
// others from it (upwards they would lose digits), then the integral over [0, 2] from that over [0, 1].
struct DampedPhi {
    DampedVec one, two, three;

    PLN_INLINE DampedPhi(DampedVec z, int doublings) {
        const DampedVec half = broadcast(0.5), unit = broadcast(1.0);
        for (int k = 0; k < doublings; ++k) z *= half;
        three = broadcast(kPhiTerms[kPhiCount - 1]);
#pragma GCC unroll 16
        for (int k = kPhiCount - 2; k >= 0; --k) three = fma(-z, three, broadcast(kPhiTerms[k]));
        two = fma(-z, three, half);
        one = fma(-z, two, unit);
        DampedVec decay = fma(-z, one, unit);
        for (int k = 0; k < doublings; ++k) {
            three = broadcast(0.125) * (fma(decay, three, three) + fma(half, one, two));
            two = broadcast(0.25) * (fma(decay, two, two) + one);
            one = half * fma(decay, one, one);
            decay *= decay;
        }
    }
};

// body(first point, points) for whole vectors, then for the rest.
template <class Body>
PLN_INLINE void over_damped(Index size, const Body& body) {
    constexpr Index L = kLanes<double>;
    Index i = 0;
    for (; i + L <= size; i += L) body(i, L);
    if (i < size) body(i, size - i);
}

PLN_INLINE DampedVec damped_slope(const DampedArgs& s, Index i, Index count, DampedVec r, DampedVec damping) {
    const DampedVec moved = r - load_some(s.before + i, count);
    return fma(damping, load_some(s.q_before + i, count), moved) * broadcast(1.0 / s.h_before);
}

// What N'' does to Q: N vanishes at 0 and at -h'.
PLN_INLINE DampedVec bend_weight(const DampedArgs& s, const DampedPhi& phi) {
    const double h2 = s.h * s.h;
    return fma(broadcast(h2 * s.h), phi.three, broadcast(0.5 * h2 * s.h_before) * phi.two);
}

void damped_impulse(DampedArgs& s) {
    over_damped(s.size, [&](Index i, Index count) __attribute__((always_inline)) {
        const DampedVec r = load_some(s.r + i, count), damping = load_some(s.damping + i, count);
        const DampedPhi phi(damping * broadcast(s.h), s.doublings);
        DampedVec q = broadcast(s.h) * phi.one * r;
        q = fma(broadcast(s.h * s.h) * phi.two, damped_slope(s, i, count, r, damping), q);
        if (s.bend != nullptr) q = fma(bend_weight(s, phi), load_some(s.bend + i, count), q);
        store_some(s.q + i, q, count);
    });
}

void damped_judge(DampedArgs& s) {
    const double to_bend = 2 / (s.h * (s.h + s.h_before));
    DampedVec squares = {};
    over_damped(s.size, [&](Index i, Index count) __attribute__((always_inline)) {
        const DampedVec r = load_some(s.r + i, count), damping = load_some(s.damping + i, count);
        const DampedVec rest = fma(damping, load_some(s.q + i, count), load_some(s.next + i, count) - r);
        const DampedVec bend =
            broadcast(to_bend) * fma(broadcast(-s.h), damped_slope(s, i, count, r, damping), rest);
        store_some(s.bend_next + i, bend, count);
        const DampedVec missed = s.bend != nullptr ? bend - load_some(s.bend + i, count) : bend;
        const DampedPhi phi(damping * broadcast(s.h), s.doublings);
        const DampedVec off = missed * bend_weight(s, phi) * broadcast(1 / s.h);
        squares = fma(off, off, squares);
    });
    s.squares = sum_lanes<double>(squares);
}

extern const DampedKernel damped_kernel = {damped_impulse, damped_judge};
