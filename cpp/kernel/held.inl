// Projections off the span of a few rows, by the Cholesky factor of their Gram matrix: g - X^T (X X^T)^-1 X
// g. The factor is kept strictly below the diagonal with zeros elsewhere, so that every sum runs over whole
// vectors.

// Of a diagonal entry, below which what is left of it is rounding: the row depends on those before.
constexpr float kDependent = 1e-4F;

PLN_INLINE float row_dot(const float* u, const float* v, Index width) {
    constexpr int L = kLanes<float>;
    Vec<float> sum = {};
    for (Index k = 0; k < width; k += L) sum = fma(load(u + k), load(v + k), sum);
    return sum_halves(sum);
}

PLN_INLINE void add_row(float weight, const float* from, Index width, float* to) {
    constexpr int L = kLanes<float>;
    const Vec<float> by = broadcast(weight);
    for (Index k = 0; k < width; k += L) store(to + k, fma(by, load(from + k), load(to + k)));
}

PLN_INLINE Index whole_vectors(Index count) {
    constexpr Index L = kLanes<float>;
    return (count + L - 1) / L * L;
}

PLN_INLINE float square_root(float x) {
#if defined(__x86_64__)
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#else
    return __builtin_sqrtf(x);
#endif
}

void factor(HeldArgs& s) {
    for (Index k = 0; k < s.ld; ++k) s.inverse[k] = 0.0F;
    for (int r = 0; r < s.count; ++r) {
        float* row = s.gram + r * s.ld;
        const float whole = row[r];
        for (Index k = r; k < s.ld; ++k) row[k] = 0.0F;
        for (int c = 0; c < r; ++c) {
            const float* other = s.gram + c * s.ld;  // zero from its diagonal on
            row[c] = (row[c] - row_dot(row, other, whole_vectors(c))) * s.inverse[c];
        }
        const float left = whole - row_dot(row, row, whole_vectors(r));
        if (left > kDependent * whole) s.inverse[r] = 1.0F / square_root(left);
    }
}

void project(HeldArgs& s) {
    float* c = s.weights;
    for (Index k = 0; k < s.ld; ++k) c[k] = 0.0F;
    for (int r = 0; r < s.count; ++r) {
        const float along = row_dot(s.x[r], s.g, s.width);
        c[r] = (along - row_dot(s.gram + r * s.ld, c, whole_vectors(r))) * s.inverse[r];
    }
    for (int r = s.count - 1; r >= 0; --r) {
        c[r] *= s.inverse[r];
        add_row(-c[r], s.gram + r * s.ld, whole_vectors(r), c);
        add_row(-c[r], s.x[r], s.width, s.g);
    }
}
