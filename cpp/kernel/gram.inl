// The Gram matrix of a few rows in single precision, in tiles of which every load serves several products.

// K (count, ld), lanes beyond count zero; rows of x are whole vectors of 16.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kGramRows = 4, kGramColumns = 4;  // 16 sums in 32 registers
#else
constexpr int kGramRows = 4, kGramColumns = 2;
#endif

PLN_INLINE void gram_tile(const KinkArgs& s, const int* rows, const int* columns) {
    constexpr int L = kLanes<float>;
    Vec<float> sum[kGramRows][kGramColumns] = {};
    for (Index c = 0; c < s.width; c += L) {
        Vec<float> u[kGramColumns];
#pragma GCC unroll 4
        for (int k = 0; k < kGramColumns; ++k) u[k] = in_register(load(s.x[columns[k]] + c));
#pragma GCC unroll 4
        for (int l = 0; l < kGramRows; ++l) {
            const Vec<float> x = in_register(load(s.x[rows[l]] + c));
#pragma GCC unroll 4
            for (int k = 0; k < kGramColumns; ++k) sum[l][k] = fma(x, u[k], sum[l][k]);
        }
    }
#pragma GCC unroll 4
    for (int k = 0; k < kGramColumns; ++k) {
        const Vec<float, 16> all = sums_of_four(sum[0][k], sum[1][k], sum[2][k], sum[3][k]);
#pragma GCC unroll 4
        for (int l = 0; l < kGramRows; ++l)
            s.gram[rows[l] * s.ld + columns[k]] = s.gram[columns[k] * s.ld + rows[l]] = all[l];
    }
}

constexpr int kManyPairs = 256;  // with more it is asked on the way whether to stop

void gram(KinkArgs& s) {
    const int last = s.count - 1;
    for (int l = s.made; l < s.count; l += kGramRows) {
        if (s.count > kManyPairs && s.cut()) return;
        int rows[kGramRows];  // those beyond the last are the last once more
        for (int r = 0; r < kGramRows; ++r) rows[r] = l + r < last ? l + r : last;
        for (int k = 0; k <= rows[kGramRows - 1]; k += kGramColumns) {
            int columns[kGramColumns];
            for (int c = 0; c < kGramColumns; ++c) columns[c] = k + c < last ? k + c : last;
            gram_tile(s, rows, columns);
        }
        for (int r = l; r <= rows[kGramRows - 1]; ++r)
            for (Index k = s.count; k < s.ld; ++k) s.gram[r * s.ld + k] = 0.0F;
    }
}
