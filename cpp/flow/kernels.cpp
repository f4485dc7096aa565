#include "flow/kernels.hpp"

#include <cstdlib>  // __GLIBC__: the clones need its loader

// One source, several instruction-set levels. No fused multiply-add and a fixed order of additions: the bits
// are the same at every level, so the level needs no name in a result.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define PL_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define PL_CLONES
#endif

namespace pl {
namespace {

constexpr int kLanes = 8;
typedef double Vec __attribute__((vector_size(kLanes * sizeof(double)), aligned(8), may_alias));

inline __attribute__((always_inline)) double horizontal(const Vec& s) {
    return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

inline __attribute__((always_inline)) const Vec& at(const double* p) {
    return *reinterpret_cast<const Vec*>(p);
}

template <int V>
inline __attribute__((always_inline)) void picked(const double* base, std::size_t stride, const int* list,
                                                  int count, Vec* sum) {
    Vec acc[V] = {};
    for (int k = 0; k < count; ++k) {
        const double* row = base + static_cast<std::size_t>(list[k]) * stride;
        for (int v = 0; v < V; ++v) acc[v] += at(row + v * kLanes);
    }
    for (int v = 0; v < V; ++v) sum[v] = acc[v];
}

template <int V>
inline __attribute__((always_inline)) void weighted(const double* base, std::size_t stride, const int* list,
                                                    int count, const double* weight, double* out) {
    Vec acc[V] = {};
    for (int k = 0; k < count; ++k) {
        const double* row = base + static_cast<std::size_t>(list[k]) * stride;
        const double factor = weight[list[k]];
        for (int v = 0; v < V; ++v) acc[v] += factor * at(row + v * kLanes);
    }
    for (int v = 0; v < V; ++v) *reinterpret_cast<Vec*>(out + v * kLanes) = acc[v];
}

}  // namespace

PL_CLONES
double gather_dot(const double* base, std::size_t stride, const int* list, int count, const double* x) {
    Vec total = {};
    std::size_t at_column = 0;
    for (std::size_t left = stride; left > 0;) {
        Vec sum[4];
        const double* from = base + at_column;
        int used = 4;
        if (left >= 4 * kLanes)
            picked<4>(from, stride, list, count, sum);
        else if (left >= 2 * kLanes)
            picked<2>(from, stride, list, count, sum), used = 2;
        else
            picked<1>(from, stride, list, count, sum), used = 1;
        for (int v = 0; v < used; ++v)
            total += sum[v] * at(x + at_column + static_cast<std::size_t>(v * kLanes));
        at_column += static_cast<std::size_t>(used * kLanes);
        left -= static_cast<std::size_t>(used * kLanes);
    }
    return horizontal(total);
}

PL_CLONES
void gather_sum(const double* base, std::size_t stride, const int* list, int count, const double* weight,
                double* out) {
    std::size_t column = 0;
    for (std::size_t left = stride; left > 0;) {
        int used = 4;
        if (left >= 4 * kLanes)
            weighted<4>(base + column, stride, list, count, weight, out + column);
        else if (left >= 2 * kLanes)
            weighted<2>(base + column, stride, list, count, weight, out + column), used = 2;
        else
            weighted<1>(base + column, stride, list, count, weight, out + column), used = 1;
        column += static_cast<std::size_t>(used * kLanes);
        left -= static_cast<std::size_t>(used * kLanes);
    }
}

PL_CLONES
void combine(const double* const* rows, const double* weight, int count, std::size_t width, double* out) {
    for (std::size_t l = 0; l < width; l += kLanes) {
        Vec acc = {};
        for (int m = 0; m < count; ++m) acc += weight[m] * at(rows[m] + l);
        *reinterpret_cast<Vec*>(out + l) = acc;
    }
}

PL_CLONES
double dot(const double* u, const double* v, std::size_t width) {
    Vec acc = {};
    for (std::size_t l = 0; l < width; l += kLanes) acc += at(u + l) * at(v + l);
    return horizontal(acc);
}

}  // namespace pl
