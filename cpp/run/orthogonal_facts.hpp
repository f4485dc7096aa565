// What a state on orthogonal inputs tells, asked for where it is recorded or decided.
#pragma once

#include <vector>

#include "run/certificate.hpp"
#include "run/orthogonal_tiles.hpp"

namespace pl {

template <class Real>
Index active_pairs(const OrthogonalTiles<Real>& tiles) {
    const Index tile = tiles.tile();
    Index count = 0;
    tiles.for_each_live([&](Index, Index, const Real* w, Index live) {
        for (Index k = 0; k < live * tile; ++k) count += w[k] > 0 ? 1 : 0;
    });
    return count;
}

// The sum of y_i^2 over points without a live pair. A block ends at its first tile after which all its points
// have one.
template <class Real>
double dead_label_sq(const OrthogonalTiles<Real>& tiles) {
    const Index tile = tiles.tile();
    double sum = 0;
    std::vector<Real> largest(static_cast<std::size_t>(tile));
    tiles.for_each_live([&](Index first, Index count, const Real* w, Index live) {
        std::fill(largest.begin(), largest.end(), Real{0});
        bool dead = true;
        for (Index k = 0; k < live && dead; ++k, w += tile) {
            for (Index i = 0; i < tile; ++i)
                largest[static_cast<std::size_t>(i)] = std::max(largest[static_cast<std::size_t>(i)], w[i]);
            dead = *std::min_element(largest.begin(), largest.begin() + count) <= 0;
        }
        for (Index i = 0; i < count && dead; ++i) {
            const double y = static_cast<double>(tiles.y()[first + i]);
            if (!(largest[static_cast<std::size_t>(i)] > 0)) sum += y * y;
        }
    });
    return sum;
}

// sums[k] += w^2 over the pairs of the k-th of kSums tiles.
template <Index kSums, class Real>
void add_squares(const Real* const* tiles, Index count, double* sums) {
    double sum[kSums];
    std::copy_n(sums, kSums, sum);
    for (Index i = 0; i < count; ++i)
        for (Index k = 0; k < kSums; ++k) {
            const double value = static_cast<double>(tiles[k][i]);
            sum[k] += value * value;
        }
    std::copy_n(sum, kSums, sums);
}

// Of each neuron norm(w_j)^2 on the represented coordinates, summed in the order of the places.
template <class Real>
std::vector<double> squared_norms(const OrthogonalTiles<Real>& tiles) {
    // Eight sums at a time: one alone waits for every addition before.
    constexpr Index kSums = 8;
    std::vector<double> sums(static_cast<std::size_t>(tiles.p()));
    tiles.for_each_block([&](Index, Index count, const Real* const* w) {
        Index j = 0;
        for (; j + kSums <= tiles.p(); j += kSums)
            add_squares<kSums>(w + j, count, &sums[static_cast<std::size_t>(j)]);
        for (; j < tiles.p(); ++j) add_squares<1>(w + j, count, &sums[static_cast<std::size_t>(j)]);
    });
    return sums;
}

// p h(x_i), by the caller's index.
template <class Real>
std::vector<double> outputs_of(const OrthogonalTiles<Real>& tiles, const Real* a) {
    std::vector<double> h(static_cast<std::size_t>(tiles.n()));
    tiles.for_each_block([&](Index first, Index count, const Real* const* w) {
        for (Index j = 0; j < tiles.p(); ++j) {
            const double aj = static_cast<double>(a[j]);
            for (Index i = 0; i < count; ++i)
                h[static_cast<std::size_t>(tiles.point(first + i))] +=
                    aj * static_cast<double>(tiles.norms()[first + i]) *
                    std::max(static_cast<double>(w[j][i]), 0.0);
        }
    });
    return h;
}

// W (p, n) as the caller orders it.
template <class Real>
void append_pairs(const OrthogonalTiles<Real>& tiles, std::vector<Real>& W) {
    const std::size_t start = W.size();
    W.resize(start + static_cast<std::size_t>(tiles.p() * tiles.n()));
    tiles.for_each([&](Index j, Index first, Index count, const Real* w) {
        Real* to = W.data() + start + static_cast<std::size_t>(j * tiles.n());
        for (Index i = 0; i < count; ++i) to[tiles.point(first + i)] = w[i];
    });
}

}  // namespace pl
