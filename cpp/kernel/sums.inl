// Sums of rows picked by a list: the inner loops of the flow's dense field. No fused multiply-add and a fixed
// order of additions: the bits are the same at every level.

constexpr Index kSumLanes = 8;
typedef double SumVec __attribute__((vector_size(kSumLanes * sizeof(double)), aligned(8), may_alias));

PLN_INLINE double horizontal(const SumVec& s) {
    return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

PLN_INLINE const SumVec& sum_vec(const double* p) {
    return *reinterpret_cast<const SumVec*>(p);
}

template <int V>
PLN_INLINE void picked(const double* base, Index stride, const int* list, int count, SumVec* sum) {
    SumVec acc[V] = {};
    for (int k = 0; k < count; ++k) {
        const double* row = base + list[k] * stride;
        for (Index v = 0; v < V; ++v) acc[v] += sum_vec(row + v * kSumLanes);
    }
    for (Index v = 0; v < V; ++v) sum[v] = acc[v];
}

template <int V>
PLN_INLINE void weighted(const double* base, Index stride, const int* list, int count, const double* weight,
                         double* out) {
    SumVec acc[V] = {};
    for (int k = 0; k < count; ++k) {
        const double* row = base + list[k] * stride;
        const double factor = weight[list[k]];
        for (Index v = 0; v < V; ++v) acc[v] += factor * sum_vec(row + v * kSumLanes);
    }
    for (Index v = 0; v < V; ++v) *reinterpret_cast<SumVec*>(out + v * kSumLanes) = acc[v];
}

double gather_dot(const double* base, Index stride, const int* list, int count, const double* x) {
    SumVec total = {};
    Index column = 0;
    for (Index left = stride; left > 0;) {
        SumVec sum[4];
        const double* from = base + column;
        Index used = 4;
        if (left >= 4 * kSumLanes)
            picked<4>(from, stride, list, count, sum);
        else if (left >= 2 * kSumLanes)
            picked<2>(from, stride, list, count, sum), used = 2;
        else
            picked<1>(from, stride, list, count, sum), used = 1;
        for (Index v = 0; v < used; ++v) total += sum[v] * sum_vec(x + column + v * kSumLanes);
        column += used * kSumLanes;
        left -= used * kSumLanes;
    }
    return horizontal(total);
}

void gather_sum(const double* base, Index stride, const int* list, int count, const double* weight,
                double* out) {
    Index column = 0;
    for (Index left = stride; left > 0;) {
        Index used = 4;
        if (left >= 4 * kSumLanes)
            weighted<4>(base + column, stride, list, count, weight, out + column);
        else if (left >= 2 * kSumLanes)
            weighted<2>(base + column, stride, list, count, weight, out + column), used = 2;
        else
            weighted<1>(base + column, stride, list, count, weight, out + column), used = 1;
        column += used * kSumLanes;
        left -= used * kSumLanes;
    }
}

void combine(const double* const* rows, const double* weight, int count, Index width, double* out) {
    for (Index l = 0; l < width; l += kSumLanes) {
        SumVec acc = {};
        for (int m = 0; m < count; ++m) acc += weight[m] * sum_vec(rows[m] + l);
        *reinterpret_cast<SumVec*>(out + l) = acc;
    }
}

double dot(const double* u, const double* v, Index width) {
    SumVec acc = {};
    for (Index l = 0; l < width; l += kSumLanes) acc += sum_vec(u + l) * sum_vec(v + l);
    return horizontal(acc);
}
