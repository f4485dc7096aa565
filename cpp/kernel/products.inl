// Tiles of C += sign A B^T, rows of A against rows of B: sums stay in registers over the whole width.

#if defined(__AVX512F__)
constexpr int kProductColumns = 4;  // 16 sums + 4 of a + 1 of b in 32 registers
#else
constexpr int kProductColumns = 2;  // 8 + 4 + 1 in 16
#endif
constexpr int kProductRows = 4;

template <int R, int C>
PLN_INLINE void product_tile(const ProductArgs& s, Index i, Index k) {
    constexpr Index L = kLanes<double>;
    const double *a = s.a + i * s.lda, *b = s.b + k * s.ldb;
    Vec<double> sum[R][C] = {};
    for (Index l = 0; l < s.width; l += L) {
        Vec<double> left[R];
        for (int r = 0; r < R; ++r) left[r] = in_register(load(a + r * s.lda + l));
        for (int c = 0; c < C; ++c) {
            const Vec<double> right = load(b + c * s.ldb + l);
            for (int r = 0; r < R; ++r) sum[r][c] = fma(left[r], right, sum[r][c]);
        }
    }
    double* to = s.c + i * s.ldc + k;
    for (int r = 0; r < R; ++r)
        for (int c = 0; c < C; ++c) to[r * s.ldc + c] += s.sign * sum_lanes<double>(sum[r][c]);
}

void add_products(const ProductArgs& s) {
    Index i = 0;
    for (; i + kProductRows <= s.rows_a; i += kProductRows) {
        Index k = 0;
        for (; k + kProductColumns <= s.rows_b; k += kProductColumns)
            product_tile<kProductRows, kProductColumns>(s, i, k);
        for (; k < s.rows_b; ++k) product_tile<kProductRows, 1>(s, i, k);
    }
    for (; i < s.rows_a; ++i)
        for (Index k = 0; k < s.rows_b; ++k) product_tile<1, 1>(s, i, k);
}
