#include "proof/masked_gram.hpp"

#include <algorithm>

#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

constexpr Index kTile = 64;

void product(const Matrix& a, Range rows, Range columns, Matrix& out) {
    add_row_products(1, a, rows, a, columns, a.columns(), out.row(0), out.stride());
}

void fill_tile(const Matrix& inputs, const Matrix& weights, Range rows, Range columns, Matrix& K) {
    const Index height = rows.last - rows.first, width = columns.last - columns.first;
    Matrix gram(height, width), shared(height, width);
    product(inputs, rows, columns, gram);
    product(weights, rows, columns, shared);
    for (Index i = 0; i < height; ++i)
        for (Index k = 0; k < width; ++k) K(rows.first + i, columns.first + k) = gram(i, k) * shared(i, k);
}

}  // namespace

void masked_gram(const Matrix& inputs, const Matrix& weights, const Matrix& taken, Matrix& K,
                 Workers workers) {
    const Index n = inputs.rows(), count = (n + kTile - 1) / kTile;
    parallel_for(count, workers.threads, workers.control, [&](Index t) {
        const Range rows{t * kTile, std::min((t + 1) * kTile, n)};
        for (Index u = 0; u <= t && !workers.control.check(); ++u) {
            const Range columns{u * kTile, std::min((u + 1) * kTile, n)};
            fill_tile(inputs, weights, rows, columns, K);
            add_products(-1, taken, rows, taken, columns, taken.columns(), K);
        }
    });
}

}  // namespace pl
