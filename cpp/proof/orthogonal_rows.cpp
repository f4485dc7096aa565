#include "proof/orthogonal_rows.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/inner.hpp"
#include "problem/memory.hpp"

namespace pl {
namespace {

// to = x over its largest entry, in multiples of 1/2^bits; false where that rounds.
bool in_few_bits(const double* x, Index d, int bits, double* to) {
    double largest = 0;
    for (Index k = 0; k < d; ++k) largest = std::max(largest, std::abs(x[k]));
    if (!(largest > 0x1p-200 && largest < 0x1p200)) return false;
    for (Index k = 0; k < d; ++k) {
        to[k] = x[k] / largest;
        const double scaled = std::ldexp(to[k], bits);
        if (scaled != std::floor(scaled) || std::fma(to[k], largest, -x[k]) != 0) return false;
    }
    return true;
}

}  // namespace

bool orthogonal_rows(const Problem<double>& problem, Workers workers) {
    const Index n = problem.n, d = problem.d;
    if (problem.orthogonal) return true;
    if (n > d) return false;
    // sums of d products of two such numbers stay below 2^53 units
    const int bits = (52 - static_cast<int>(std::ceil(std::log2(static_cast<double>(d))))) / 2;
    std::vector<double> first(at(d)), row(at(d));
    if (!in_few_bits(problem.X, d, bits, first.data())) return false;
    for (Index i = 1; i < n; ++i)
        if (!in_few_bits(problem.X + i * d, d, bits, row.data()) || inner(first.data(), row.data(), d) != 0)
            return false;
    require_bytes(8 * static_cast<double>(n) * static_cast<double>(n + d));
    Matrix rows(n, d), gram(n, n);
    for (Index i = 0; i < n; ++i) in_few_bits(problem.X + i * d, d, bits, rows.row(i));
    add_gram(1, rows, gram, workers);
    for (Index i = 0; i < n; ++i)
        for (Index k = 0; k < i; ++k)
            if (gram(i, k) != 0) return false;
    return true;
}

}  // namespace pl
