// The sweeps over live pairs: chunk by chunk through the kernel, whose outputs stay in the first-level cache.
#include <algorithm>

#include "capture/live_pairs.hpp"
#include "kernel/index.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

constexpr Index kChunkBlocks = 16;
constexpr Index kChunkPoints = kChunkBlocks * kWordPoints;
constexpr Index kChunkPairs = 1 << 22;  // some milliseconds: a chunk has no more, or a single block
// Neurons whose sums stay in the nearer caches: of 3*10^5 they were three quarters of the traffic.
constexpr Index kTileNeurons = 1 << 11;

}  // namespace

// chunk(part, args, first place, last place) chunk by chunk; it calls the kernel. Cut off on the way but for
// sweeps that are `whole`.
template <class Chunk>
void LivePairs::sweep(const OuterWeights& outer, bool whole, const Chunk& chunk) {
    const Index blocks = std::clamp(kChunkPairs / (kWordPoints * p_), Index{1}, kChunkBlocks);
    const auto one = [&](Index k) {
        Part& part = parts_[at(k)];
        LiveArgs args{};
        args.p = p_;
        if (!whole) args.cut = cut_off();
        args.w = args.to = part.values.data();
        args.last.abar = last_abar_.data();
        args.abar = outer.abar;
        args.a = outer.a;
        args.escape = outer.escape;
        args.crossing = outer.crossing;
        args.squares = lanes_.data() + 2 * k * p_ * kernel_.lanes;
        args.products = args.squares + p_ * kernel_.lanes;
        part.sum = 0;
        part.deaths = false;
        for (Index b = part.first; b < part.last; b += blocks) {
            if (!whole && cut()) return;
            args.blocks = std::min(blocks, part.last - b);
            args.live = words_.data() + b * p_;
            args.push = push_.data() + b * kWordPoints;
            args.last.push = last_push_.data() + b * kWordPoints;
            chunk(part, args, b * kWordPoints, std::min(n_, (b + args.blocks) * kWordPoints));
        }
    };
    parallel_for(size_of(parts_), threads_, one);
}

double LivePairs::norms(const double* impulse, const OuterWeights& outer, NeuronSums& sums) {
    clear_lanes();
    const double inverse_n = 1.0 / static_cast<double>(n_);
    sweep(outer, pending_, [&](Part& part, LiveArgs& args, Index first, Index last) {
        for (Index k = first; k < last; ++k) {
            const std::int32_t i = order_[at(k)];
            push_.data()[k] = problem_.norms[i] * impulse[i] * inverse_n;
        }
        args.travel = 0;
        args.cut = cut_off();
        const auto written = pending_ && cut() ? kernel_.write : kernel_.write_norms;
        (pending_ ? written : kernel_.norms)(args);
        part.sum += args.travel;
        part.left = args.to - part.values.data();
    });
    if (pending_) shrink();
    pending_ = false;
    sums.squares.assign(at(p_), 0.0);
    sums.products.assign(at(p_), 0.0);
    collect(0, p_, sums);
    return total();
}

double LivePairs::residuals(const OuterWeights& outer, double* r) {
    const double inverse_p = 1.0 / static_cast<double>(p_);
    sweep(outer, false, [&](Part& part, LiveArgs& args, Index first, Index last) {
        alignas(64) double h[kChunkPoints];
        args.h = h;
        kernel_.outputs(args);
        part.deaths = args.deaths;
        double squares[4] = {};  // additions that need not wait for each other
        for (Index k = first; k < last; ++k) {
            const std::int32_t i = order_[at(k)];
            const double ri = problem_.y[i] - problem_.norms[i] * h[k - first] * inverse_p;
            r[i] = ri;
            squares[k % 4] += ri * ri;
        }
        part.sum += (squares[0] + squares[1]) + (squares[2] + squares[3]);
    });
    deaths_ = false;
    for (const Part& part : parts_) deaths_ = deaths_ || part.deaths;
    return total();
}

void LivePairs::accept(const OuterWeights& outer) {
    settle();
    std::swap(push_, last_push_);
    std::copy_n(outer.abar, p_, last_abar_.begin());
    last_deaths_ = deaths_;
    pending_ = true;
}

void LivePairs::settle() {
    if (!pending_) return;
    sweep({}, true, [this](Part& part, LiveArgs& args, Index, Index) {
        kernel_.write(args);
        part.left = args.to - part.values.data();
    });
    shrink();
    pending_ = false;
}

void LivePairs::settle_bits() {
    if (last_deaths_) settle();
}

void LivePairs::shrink() {
    for (Part& part : parts_) {
        part.count = part.left;
        part.values.shrink(value_bytes(part.count));
    }
}

void LivePairs::rates(const double* r, NeuronSums& sums) {
    settle();
    const Index tile = std::min(kTileNeurons, p_), tiles = (p_ + tile - 1) / tile;
    const std::vector<const double*> values = values_of(tile, tiles);
    sums.squares.assign(at(p_), 0.0);
    sums.products.assign(at(p_), 0.0);
    for (Index t = 0; t < tiles; ++t) {
        const Index first = t * tile, count = std::min(tile, p_ - first), parts = size_of(parts_);
        std::fill_n(lanes_.data(), parts * 2 * count * kernel_.lanes, 0.0);
        parallel_for(parts, threads_, [&](Index k) {
            LiveArgs args{};
            args.p = count;
            args.blocks = 1;
            args.squares = lanes_.data() + 2 * k * count * kernel_.lanes;
            args.products = args.squares + count * kernel_.lanes;
            for (Index b = parts_[at(k)].first; b < parts_[at(k)].last; ++b) {
                alignas(64) double push[kWordPoints];
                rate_push(r, b, push);
                args.push = push;
                args.live = words_.data() + b * p_ + first;
                args.w = values[at(t * blocks_ + b)];
                kernel_.rates(args);
            }
        });
        collect(first, count, sums);
    }
}

// Of block b, norms_i r_i / n.
void LivePairs::rate_push(const double* r, Index b, double* push) const {
    const double inverse_n = 1.0 / static_cast<double>(n_);
    const Index start = b * kWordPoints, points = std::min(kWordPoints, n_ - start);
    std::fill_n(push, kWordPoints, 0.0);
    for (Index l = 0; l < points; ++l) {
        const std::int32_t i = order_[at(start + l)];
        push[l] = problem_.norms[i] * r[i] * inverse_n;
    }
}

void LivePairs::weigh(const double* weights, double* sums) {
    settle_bits();
    OuterWeights outer{};
    outer.a = weights;
    sweep(outer, true, [&](Part&, LiveArgs& args, Index first, Index last) {
        alignas(64) double h[kChunkPoints];
        args.h = h;
        kernel_.weigh(args);
        for (Index k = first; k < last; ++k) sums[order_[at(k)]] = h[k - first];
    });
}

// Of many neurons the first to write there takes the pages, too.
void LivePairs::clear_lanes() {
    constexpr Index kAsked = 1 << 18;
    for (Index from = 0; from < lanes_.size() && !cut(); from += kAsked)
        std::fill_n(lanes_.data() + from, std::min(kAsked, lanes_.size() - from), 0.0);
}

// The lanes of `count` neurons, of all parts, added up.
void LivePairs::collect(Index first, Index count, NeuronSums& sums) const {
    const double* lane = lanes_.data();
    for (Index k = 0; k < size_of(parts_); ++k)
        for (std::vector<double>* sum : {&sums.squares, &sums.products})
            for (Index j = first; j < first + count; ++j)
                for (Index l = 0; l < kernel_.lanes; ++l) (*sum)[at(j)] += *lane++;
}

double LivePairs::total() const {
    double sum = 0;
    for (const Part& part : parts_) sum += part.sum;
    return sum;
}

}  // namespace pl
