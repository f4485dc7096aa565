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

// <q_m, v> of R rows, v in whole vectors and the rest in `tail`.
template <int R>
PLN_INLINE void inner_products(const double* rows, Index stride, const double* v, Index whole,
                               const SumVec& tail, double* coeff) {
    SumVec acc[R] = {};
    for (Index l = 0; l < whole; l += kSumLanes)
        for (int m = 0; m < R; ++m) acc[m] += sum_vec(rows + m * stride + l) * sum_vec(v + l);
    for (int m = 0; m < R; ++m) {
        if (whole < stride) acc[m] += sum_vec(rows + m * stride + whole) * tail;
        coeff[m] = horizontal(acc[m]);
    }
}

template <int V>
PLN_INLINE void subtract_rows(const double* rows, Index stride, int count, const double* coeff, SumVec* v) {
    for (int m = 0; m < count; ++m)
        for (Index k = 0; k < V; ++k) v[k] -= coeff[m] * sum_vec(rows + m * stride + k * kSumLanes);
}

double strip(const double* rows, Index stride, int count, double* v, Index width, double* coeff) {
    const Index whole = width / kSumLanes * kSumLanes;
    SumVec tail = {};
    for (Index l = whole; l < width; ++l) tail[l - whole] = v[l];
    int done = 0;
    for (; done + 4 <= count; done += 4)
        inner_products<4>(rows + done * stride, stride, v, whole, tail, coeff + done);
    for (; done < count; ++done)
        inner_products<1>(rows + done * stride, stride, v, whole, tail, coeff + done);
    SumVec square = {};
    Index l = 0;
    for (; l + 4 * kSumLanes <= whole; l += 4 * kSumLanes) {
        SumVec part[4];
        for (Index k = 0; k < 4; ++k) part[k] = sum_vec(v + l + k * kSumLanes);
        subtract_rows<4>(rows + l, stride, count, coeff, part);
        for (Index k = 0; k < 4; ++k) {
            *reinterpret_cast<SumVec*>(v + l + k * kSumLanes) = part[k];
            square += part[k] * part[k];
        }
    }
    for (; l < whole; l += kSumLanes) {
        SumVec part = sum_vec(v + l);
        subtract_rows<1>(rows + l, stride, count, coeff, &part);
        *reinterpret_cast<SumVec*>(v + l) = part;
        square += part * part;
    }
    if (whole < width) {
        subtract_rows<1>(rows + whole, stride, count, coeff, &tail);
        square += tail * tail;
        for (l = whole; l < width; ++l) v[l] = tail[l - whole];
    }
    return horizontal(square);
}
