#include <algorithm>
#include <numeric>

#include "kernel/index.hpp"

namespace pl {

// The sum of function(superblock), in the order of the superblocks.
template <class Sum, class Real, class Function>
Sum summed(const OrthogonalTiles<Real>& tiles, const Function& function) {
    std::vector<Sum> parts(at(tiles.superblocks()));
    tiles.over_superblocks([&](Index s) { parts[at(s)] = function(s); });
    return std::accumulate(parts.begin(), parts.end(), Sum{0});
}

template <class Real>
Index active_pairs(const OrthogonalTiles<Real>& tiles) {
    return summed<Index>(tiles, [&](Index s) {
        Index count = 0;
        tiles.for_each_live(s, [&](Index, Index, const Real* w, Index live) {
            for (Index k = 0; k < live * tiles.tile(); ++k) count += w[k] > 0 ? 1 : 0;
        });
        return count;
    });
}

// A block ends at the first tile after which all its points have one.
template <class Real>
double dead_label_sq(const OrthogonalTiles<Real>& tiles) {
    return summed<double>(tiles, [&](Index s) {
        double sum = 0;
        std::vector<unsigned char> lives(at(tiles.tile()));
        tiles.for_each_live(s, [&](Index first, Index count, const Real* w, Index live) {
            std::fill(lives.begin(), lives.end(), static_cast<unsigned char>(0));
            Index found = 0;
            for (Index k = 0; k < live && found < count; ++k, w += tiles.tile()) {
                found = 0;
                for (Index i = 0; i < count; ++i) {
                    unsigned char& one = lives[at(i)];
                    one = static_cast<unsigned char>(one | (w[i] > 0));
                    found += one;
                }
            }
            for (Index i = 0; i < count && found < count; ++i) {
                const double y = static_cast<double>(tiles.y()[first + i]);
                if (lives[at(i)] == 0) sum += y * y;
            }
        });
        return sum;
    });
}

// sums[k] += w^2 over the pairs of the k-th of kSums tiles.
template <Index kSums, class Real>
void add_squares(const Real* const* tiles, Index count, double* sums) {
    double sum[at(kSums)];
    std::copy_n(sums, kSums, sum);
    for (Index i = 0; i < count; ++i)
        for (Index k = 0; k < kSums; ++k) {
            const double value = static_cast<double>(tiles[k][i]);
            sum[k] += value * value;
        }
    std::copy_n(sum, kSums, sums);
}

template <class Real>
std::vector<double> squared_norms(const OrthogonalTiles<Real>& tiles) {
    constexpr Index kSums = 8;  // at a time: one alone waits for every addition before
    const Index p = tiles.p();
    std::vector<double> parts(at(tiles.superblocks() * p));
    tiles.over_superblocks([&](Index s) {
        double* sums = parts.data() + s * p;
        tiles.for_each_block(s, [&](Index, Index count, const Real* const* w) {
            Index j = 0;
            for (; j + kSums <= p; j += kSums) add_squares<kSums>(w + j, count, sums + j);
            for (; j < p; ++j) add_squares<1>(w + j, count, sums + j);
        });
    });
    for (Index s = 1; s < tiles.superblocks(); ++s)
        for (Index j = 0; j < p; ++j) parts[at(j)] += parts[at(s * p + j)];
    parts.resize(at(p));
    return parts;
}

template <class Real>
NeuronMotion motion_of(const OrthogonalTiles<Real>& tiles, const Real* push, const Real* a) {
    const Index p = tiles.p();
    std::vector<double> parts(at(2 * tiles.superblocks() * p));
    tiles.over_superblocks([&](Index s) {
        double* sums = parts.data() + 2 * s * p;
        tiles.for_each_block(s, [&](Index first, Index count, const Real* const* w) {
            for (Index j = 0; j < p; ++j)
                for (Index i = 0; i < count; ++i) {
                    if (!(w[j][i] > 0)) continue;
                    const double g = static_cast<double>(push[first + i]);
                    sums[2 * j] += g * g;
                    sums[2 * j + 1] += g * static_cast<double>(w[j][i]);
                }
        });
    });
    NeuronMotion motion;
    const double n = static_cast<double>(tiles.n());
    for (Index j = 0; j < p; ++j) {
        double squares = 0, products = 0;
        for (Index s = 0; s < tiles.superblocks(); ++s) {
            squares += parts[at(2 * (s * p + j))];
            products += parts[at(2 * (s * p + j) + 1)];
        }
        const double aj = static_cast<double>(a[j]), rate = products / n;
        motion.speed_sq.push_back(aj * aj / (n * n) * squares + rate * rate);
        motion.growth.push_back(2 * aj * rate);
    }
    return motion;
}

template <class Real>
std::vector<double> outputs_of(const OrthogonalTiles<Real>& tiles, const Real* a) {
    std::vector<double> h(at(tiles.n()));
    tiles.over_superblocks([&](Index s) {
        tiles.for_each_block(s, [&](Index first, Index count, const Real* const* w) {
            for (Index j = 0; j < tiles.p(); ++j) {
                const double aj = static_cast<double>(a[j]);
                for (Index i = 0; i < count; ++i)
                    h[at(tiles.point(first + i))] += aj * static_cast<double>(tiles.norms()[first + i]) *
                                                     std::max(static_cast<double>(w[j][i]), 0.0);
            }
        });
    });
    return h;
}

template <class Real>
void write_pairs(const OrthogonalTiles<Real>& tiles, Real* W) {
    tiles.over_superblocks([&](Index s) {
        tiles.for_each(s, [&](Index j, Index first, Index count, const Real* w) {
            Real* to = W + j * tiles.n();
            for (Index i = 0; i < count; ++i) to[tiles.point(first + i)] = w[i];
        });
    });
}

}  // namespace pl
