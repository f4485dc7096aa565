// The state of one run on orthogonal inputs x_i = norms[i] e_i: pre-activations z_ji in tiles, at the cost of
// the live ones. X is never formed. A model, for trajectory.hpp.
#pragma once

#include <cmath>
#include <numeric>
#include <vector>

#include "parallel/parallel_for.hpp"
#include "run/certificate.hpp"
#include "run/packed.hpp"

namespace pl {

template <class Real>
class OrthogonalModel {
  public:
    OrthogonalModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads)
        : problem_(problem),
          kernel_(kernel),
          blocks_((problem.n + kernel.tile - 1) / kernel.tile),
          superblocks_(superblock_count(problem, kernel)),
          order_(static_cast<std::size_t>(problem.n)),
          y_(points()),
          norms_(points()),
          push_(points()),
          W_(points() * problem.p),
          a_(problem.p),
          a_next_(problem.p),
          a_before_(problem.p),
          rate_(problem.p),
          sums_(superblocks_ * problem.p * kernel.lanes),
          rows_(blocks_ * problem.p),
          live_(blocks_),
          squares_(static_cast<std::size_t>(superblocks_)),
          totals_(static_cast<std::size_t>(problem.p)) {
        sort_by_label();
        for (Index i = 0; i < problem.n; ++i) {
            const Index from = order_[static_cast<std::size_t>(i)];
            y_.data()[i] = problem.y[from];
            norms_.data()[i] = problem.norms[from];
            largest_norm_ = std::max(largest_norm_, static_cast<double>(problem.norms[from]));
        }
        Control uncancelled;
        parallel_for(superblocks_, threads, uncancelled, [&](Index s) {
            for_each_tile(s, [&](Index j, Index first, Index count) {
                Real* w = tile(j, first);
                const Real* from = problem.W + j * problem.n;
                for (Index i = 0; i < count; ++i) w[i] = from[order_[static_cast<std::size_t>(first + i)]];
            });
        });
        std::copy_n(problem.a, problem.p, a_.data());
        std::copy_n(problem.a, problem.p, a_next_.data());
        for (Index b = 0; b < blocks_; ++b) {
            std::iota(rows_.data() + b * problem.p, rows_.data() + (b + 1) * problem.p, 0);
            live_.data()[b] = static_cast<std::int32_t>(problem.p);
        }
    }

    // Never half-way: a sweep over 10^8 pairs takes about 50 ms, so cancellation can wait for its end. A step
    // leaves its end evaluated.
    bool evaluate(int threads, Control&) {
        if (!evaluated_) sweep(threads, kernel_.orthogonal_evaluate);
        evaluated_ = true;
        return true;
    }

    // da_j/dt, from the sums of the pass.
    void prepare(Real step) {
        step_ = step;
        finite_ = true;
        speed_known_ = false;
        total();
        for (Index j = 0; j < problem_.p; ++j) {
            rate_.data()[j] =
                static_cast<Real>(totals_[static_cast<std::size_t>(j)] / static_cast<double>(problem_.n));
            finite_ = finite_ && std::isfinite(rate_.data()[j]);
        }
        scale_ = largest_scale();
    }

    // One step, in place. The state before is kept only where the next one might overflow: retreat() needs it
    // then.
    void advance(int threads) {
        backup_ = may_overflow() ? W_.copy() : Buffer<Real>();
        if (steps_++ % kPruneEvery == 0) over_superblocks(threads, kernel_.orthogonal_prune);
        for (Index j = 0; j < problem_.p; ++j) a_next_.data()[j] = a_.data()[j] + step_ * rate_.data()[j];
        sweep(threads, kernel_.orthogonal_step);
        std::copy_n(a_.data(), problem_.p, a_before_.data());
        std::copy_n(a_next_.data(), problem_.p, a_.data());
    }

    // The point before, evaluated and prepared again.
    void retreat() {
        if (backup_.size() > 0) W_ = backup_.copy();
        std::copy_n(a_before_.data(), problem_.p, a_.data());
        std::copy_n(a_before_.data(), problem_.p, a_next_.data());
        evaluated_ = false;
        Control uncancelled;
        evaluate(1, uncancelled);
        prepare(step_);
    }

    double sum_r2() const { return sum_r2_; }
    // The squared speed costs a sweep; it can only overflow where something is large.
    bool finite() {
        if (!std::isfinite(sum_r2_) || !finite_) return false;
        return scale_ < kLarge || std::isfinite(velocity_sq());
    }

    // One more sweep, and only where it is recorded.
    double velocity_sq() {
        if (speed_known_) return velocity_sq_;
        over_superblocks(1, kernel_.orthogonal_speed);
        total();
        velocity_sq_ = 0;
        for (Index j = 0; j < problem_.p; ++j) {
            const double aj = static_cast<double>(a_.data()[j]) / static_cast<double>(problem_.n);
            const double rate = static_cast<double>(rate_.data()[j]);
            velocity_sq_ += aj * aj * totals_[static_cast<std::size_t>(j)] + rate * rate;
        }
        speed_known_ = true;
        return velocity_sq_;
    }

    Index n_active() const {
        Index count = 0;
        for (Index k = 0; k < W_.size(); ++k) count += W_.data()[k] > 0 ? 1 : 0;
        return count;
    }

    double dead_label_sq() const {
        double sum = 0;
        for (Index first = 0; first < problem_.n; first += kernel_.tile)
            for (Index i = first; i < std::min(first + kernel_.tile, problem_.n); ++i) {
                const Real* w = tile(0, first) + (i - first);
                bool live = false;
                for (Index j = 0; j < problem_.p && !live; ++j) live = w[j * kernel_.tile] > 0;
                const double y = static_cast<double>(y_.data()[i]);
                if (!live) sum += y * y;
            }
        return sum;
    }

    NeuronFacts neurons() const {
        NeuronFacts facts{std::vector<double>(a_.data(), a_.data() + problem_.p),
                          std::vector<double>(static_cast<std::size_t>(problem_.p))};
        // Eight sums at a time, each in the order of the points: one alone waits for every addition before.
        constexpr Index kSums = 8;
        for (Index first = 0; first < problem_.n; first += kernel_.tile) {
            const Index count = std::min(kernel_.tile, problem_.n - first);
            for (Index j = 0; j < problem_.p; j += kSums)
                if (j + kSums <= problem_.p)
                    add_squares<kSums>(tile(j, first), count, &facts.w_sq[static_cast<std::size_t>(j)]);
                else
                    for (Index k = j; k < problem_.p; ++k)
                        add_squares<1>(tile(k, first), count, &facts.w_sq[static_cast<std::size_t>(k)]);
        }
        return facts;
    }

    std::vector<double> outputs() const {
        std::vector<double> h(static_cast<std::size_t>(problem_.n));
        for (Index s = 0; s < superblocks_; ++s)
            for_each_tile(s, [&](Index j, Index first, Index count) {
                const Real* w = tile(j, first);
                const double aj = static_cast<double>(a_.data()[j]);
                for (Index i = 0; i < count; ++i)
                    h[static_cast<std::size_t>(order_[static_cast<std::size_t>(first + i)])] +=
                        aj * static_cast<double>(norms_.data()[first + i]) *
                        std::max(static_cast<double>(w[i]), 0.0);
            });
        return h;
    }
    Index output_terms() const { return problem_.p + 4; }

    void append_state(std::vector<Real>& W, std::vector<Real>& a) const {
        const std::size_t start = W.size();
        W.resize(start + static_cast<std::size_t>(problem_.p * problem_.n));
        for (Index s = 0; s < superblocks_; ++s)
            for_each_tile(s, [&](Index j, Index first, Index count) {
                const Real* w = tile(j, first);
                Real* to = W.data() + start + static_cast<std::size_t>(j * problem_.n);
                for (Index i = 0; i < count; ++i) to[order_[static_cast<std::size_t>(first + i)]] = w[i];
            });
        a.insert(a.end(), a_.data(), a_.data() + problem_.p);
    }

    static double bytes(const Problem<Real>& problem, const Kernel<Real>& kernel) {
        const double n = static_cast<double>(round_up(problem.n, kernel.tile)),
                     p = static_cast<double>(problem.p);
        const double parts = static_cast<double>(superblock_count(problem, kernel));
        const double lanes = static_cast<double>(kernel.lanes), tile = static_cast<double>(kernel.tile);
        return (n * p + 3 * n + 4 * p + parts * p * lanes) * sizeof(Real) + n / tile * (p + 1) * 4 + 8 * n;
    }

  private:
    static constexpr Index kPruneEvery = 32;

    static constexpr double kLarge = 1e9;  // its square, summed, is far from overflow in float32

    // The largest of norm(R) norm(x_i), abs(a_j) and abs(da_j/dt).
    double largest_scale() const {
        double scale = std::sqrt(sum_r2_) * largest_norm_;
        for (Index j = 0; j < problem_.p; ++j)
            scale = std::max({scale, std::abs(static_cast<double>(a_.data()[j])),
                              std::abs(static_cast<double>(rate_.data()[j]))});
        return scale;
    }

    // Whether the coming step may make anything so large that the next point overflows.
    bool may_overflow() const {
        const double step = static_cast<double>(step_);
        const double push = step * scale_ * scale_ * largest_norm_ / static_cast<double>(problem_.n);
        return !(std::max({scale_, step * scale_, push}) < kLarge);
    }

    static Index superblock_count(const Problem<Real>& problem, const Kernel<Real>& kernel) {
        constexpr double kPairs = 1 << 20;  // a few hundred microseconds on one core
        const double pairs = static_cast<double>(problem.n) * static_cast<double>(problem.p);
        const Index blocks = (problem.n + kernel.tile - 1) / kernel.tile;
        return std::clamp(static_cast<Index>(std::min(pairs / kPairs, 256.0)), Index{1}, blocks);
    }

    // sums[k] += w^2 over the pairs of the k-th of kSums tiles.
    template <Index kSums>
    void add_squares(const Real* w, Index count, double* sums) const {
        double sum[kSums];
        std::copy_n(sums, kSums, sum);
        for (Index i = 0; i < count; ++i)
            for (Index k = 0; k < kSums; ++k) {
                const double value = static_cast<double>(w[k * kernel_.tile + i]);
                sum[k] += value * value;
            }
        std::copy_n(sum, kSums, sums);
    }

    // Of each neuron, what the last sweep summed.
    void total() {
        std::fill(totals_.begin(), totals_.end(), 0.0);
        for (Index s = 0; s < superblocks_; ++s)
            kernel_.orthogonal_totals(sums_.data() + s * problem_.p * kernel_.lanes, problem_.p,
                                      totals_.data());
    }

    Index points() const { return blocks_ * kernel_.tile; }

    // Points with positive labels first: once the wrongly signed pairs are dead, whole tiles are.
    void sort_by_label() {
        std::iota(order_.begin(), order_.end(), Index{0});
        std::stable_partition(order_.begin(), order_.end(), [this](Index i) { return problem_.y[i] > 0; });
    }

    // function(j, first, count) over the tiles of a superblock: neuron j at the places [first, first +
    // count).
    template <class Function>
    void for_each_tile(Index superblock, const Function& function) const {
        for (Index b = superblock * blocks_ / superblocks_; b < (superblock + 1) * blocks_ / superblocks_;
             ++b) {
            const Index first = b * kernel_.tile, count = std::min(kernel_.tile, problem_.n - first);
            for (Index j = 0; j < problem_.p; ++j) function(j, first, count);
        }
    }

    // Neuron j at the places [first, first + tile), first a multiple of tile.
    Real* tile(Index j, Index first) { return W_.data() + first * problem_.p + j * kernel_.tile; }
    const Real* tile(Index j, Index first) const {
        return const_cast<OrthogonalModel*>(this)->tile(j, first);
    }

    // A sweep that evaluates: its sum of squares too.
    void sweep(int threads, void (*function)(OrthogonalArgs<Real>&)) {
        over_superblocks(threads, function);
        sum_r2_ = 0;
        for (double square : squares_) sum_r2_ += square;
    }

    void over_superblocks(int threads, void (*function)(OrthogonalArgs<Real>&)) {
        const auto one = [&](Index s) {
            OrthogonalArgs<Real> args{s * blocks_ / superblocks_,
                                      (s + 1) * blocks_ / superblocks_,
                                      problem_.p,
                                      step_ / static_cast<Real>(problem_.n),
                                      y_.data(),
                                      norms_.data(),
                                      a_.data(),
                                      a_next_.data(),
                                      W_.data(),
                                      push_.data(),
                                      sums_.data() + s * problem_.p * kernel_.lanes,
                                      rows_.data(),
                                      live_.data(),
                                      0};
            function(args);
            squares_[static_cast<std::size_t>(s)] = args.sum_r2;
        };
        if (superblocks_ == 1) return one(0);
        Control uncancelled;
        parallel_for(superblocks_, threads, uncancelled, one);
    }

    const Problem<Real>& problem_;
    const Kernel<Real>& kernel_;
    Index blocks_, superblocks_;
    std::vector<Index> order_;  // place -> the caller's index
    Buffer<Real> y_, norms_, push_, W_, a_, a_next_, a_before_, rate_, sums_, backup_;
    Buffer<std::int32_t> rows_, live_;
    std::vector<double> squares_, totals_;
    Real step_ = 0;
    double largest_norm_ = 0, scale_ = 0;
    Index steps_ = 0;
    double sum_r2_ = 0, velocity_sq_ = 0;
    bool evaluated_ = false, speed_known_ = false, finite_ = true;
};

}  // namespace pl
