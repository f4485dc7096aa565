// Projections off the span of a few rows, by an orthonormal basis of it: one is made for a state, and used
// for every product with K there.

// Of the square of a row, below which what is left of it is rounding: the row depends on those before.
constexpr float kDependent = 1e-4F;

PLN_INLINE float row_dot(const float* u, const float* v, Index width) {
    constexpr int L = kLanes<float>;
    Vec<float> sum = {};
    for (Index k = 0; k < width; k += L) sum = fma(load(u + k), load(v + k), sum);
    return sum_halves(sum);
}

PLN_INLINE float square_root(float x) {
#if defined(__x86_64__)
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
#else
    return __builtin_sqrtf(x);
#endif
}

// The products of four rows with v.
PLN_INLINE Vec<float, 16> four_products(const float* rows, Index width, const float* v) {
    constexpr int L = kLanes<float>;
    Vec<float> sum[HeldArgs::kRows] = {};
    for (Index k = 0; k < width; k += L) {
        const Vec<float> x = in_register(load(v + k));
#pragma GCC unroll 4
        for (int r = 0; r < HeldArgs::kRows; ++r) sum[r] = fma(load(rows + r * width + k), x, sum[r]);
    }
    return sums_of_four(sum[0], sum[1], sum[2], sum[3]);
}

void orthonormalise(HeldArgs& s) {
    constexpr int L = kLanes<float>;
    const Index places = HeldArgs::rows(s.count) * s.width;
    for (Index l = 0; l < s.count; ++l)
        for (Index k = 0; k < s.width; k += L) store(s.basis + l * s.width + k, load(s.x[l] + k));
    for (Index k = s.count * s.width; k < places; k += L) store(s.basis + k, Vec<float>{});
    for (Index r = 0; r < s.count; ++r) {
        float* q = s.basis + r * s.width;
        const float left = row_dot(q, q, s.width), whole = row_dot(s.x[r], s.x[r], s.width);
        const Vec<float> by = broadcast(left > kDependent * whole ? 1.0F / square_root(left) : 0.0F);
        for (Index k = 0; k < s.width; k += L) store(q + k, by * load(q + k));
        for (Index l = r + 1; l < s.count; l += HeldArgs::kRows) {
            float* rows = s.basis + l * s.width;
            const Vec<float, 16> along = four_products(rows, s.width, q);
#pragma GCC unroll 4
            for (int m = 0; m < HeldArgs::kRows; ++m)
                for (Index k = 0; k < s.width; k += L) {
                    float* to = rows + m * s.width + k;
                    store(to, fma(broadcast(-along[m]), load(q + k), load(to)));
                }
        }
    }
}

void project(HeldArgs& s) {
    constexpr int L = kLanes<float>;
    for (Index l = 0; l < s.count; l += HeldArgs::kRows) {
        const float* rows = s.basis + l * s.width;
        const Vec<float, 16> along = four_products(rows, s.width, s.g);
        for (Index k = 0; k < s.width; k += L) {
            Vec<float> left = load(s.g + k);
#pragma GCC unroll 4
            for (int m = 0; m < HeldArgs::kRows; ++m)
                left = fma(broadcast(-along[m]), load(rows + m * s.width + k), left);
            store(s.g + k, left);
        }
    }
}
