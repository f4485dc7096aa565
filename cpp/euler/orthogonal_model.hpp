// The state of one run on orthogonal inputs x_i = norms[i] e_i, at the cost of the live pairs. X is never
// formed. A model, for trajectory.hpp.
#pragma once

#include <cmath>
#include <vector>

#include "euler/orthogonal_facts.hpp"
#include "problem/state.hpp"

namespace pl {

template <class Real>
class OrthogonalModel final : public State<Real> {
  public:
    OrthogonalModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads)
        : problem_(problem),
          kernel_(kernel),
          tiles_(problem, kernel, threads),
          push_(tiles_.points()),
          a_(neurons_padded(problem)),
          a_next_(a_.size()),
          a_before_(a_.size()),
          rate_(a_.size()),
          sums_(tiles_.superblocks() * problem.p * kernel.lanes),
          squares_(static_cast<std::size_t>(tiles_.superblocks())),
          totals_(static_cast<std::size_t>(a_.size())) {
        std::copy_n(problem.a, problem.p, a_.data());
        std::copy_n(problem.a, problem.p, a_next_.data());
        largest_norm_ = static_cast<double>(*std::max_element(problem.norms, problem.norms + problem.n));
    }

    // Never half-way: a sweep over 10^8 pairs takes about 50 ms, so cancellation can wait for its end. A step
    // leaves its end evaluated.
    bool evaluate(int, const Watch&) {
        if (!evaluated_) sweep(kernel_.orthogonal_evaluate);
        evaluated_ = true;
        return true;
    }

    // da_j/dt, from the sums of the pass.
    void prepare(Real step) {
        step_ = step;
        speed_known_ = false;
        total();
        const double outer =
            kernel_.orthogonal_rates(totals_.data(), problem_.n, problem_.p, a_.data(), rate_.data());
        finite_ = std::isfinite(outer) && std::isfinite(sum_r2_);
        scale_ = std::max(std::sqrt(sum_r2_) * largest_norm_, outer);
    }

    // One step, in place. The state before is kept only where the next one might overflow: retreat()
    // needs it then.
    void advance(int) {
        if (steps_ == next_prune_) {
            over_superblocks(kernel_.orthogonal_prune);
            next_prune_ += std::clamp(steps_, Index{1}, kPruneEvery);
        }
        ++steps_;
        backup_ = may_overflow() ? tiles_.copy() : Buffer<Real>();
        for (Index j = 0; j < problem_.p; ++j) a_next_.data()[j] = a_.data()[j] + step_ * rate_.data()[j];
        sweep(kernel_.orthogonal_step);
        std::copy_n(a_.data(), problem_.p, a_before_.data());
        std::copy_n(a_next_.data(), problem_.p, a_.data());
    }

    // The point before, evaluated and prepared again.
    void retreat() {
        if (backup_.size() > 0) tiles_.restore(backup_);
        std::copy_n(a_before_.data(), problem_.p, a_.data());
        std::copy_n(a_before_.data(), problem_.p, a_next_.data());
        evaluated_ = false;
        Control uncancelled;
        evaluate(1, uncancelled);
        prepare(step_);
    }

    double sum_r2() const override { return sum_r2_; }
    // The squared speed costs a sweep; it can only overflow where something is large.
    bool finite() { return finite_ && (scale_ < kLarge || std::isfinite(velocity_sq())); }

    // One more sweep, and only where it is recorded.
    double velocity_sq() override {
        if (speed_known_) return velocity_sq_;
        over_superblocks(kernel_.orthogonal_speed);
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

    Index n_active() const override { return active_pairs(tiles_); }
    double dead_label_sq() const override { return pl::dead_label_sq(tiles_); }
    NeuronFacts neurons() const override {
        return {std::vector<double>(a_.data(), a_.data() + problem_.p), squared_norms(tiles_)};
    }
    NeuronMotion motion() override { return motion_of(tiles_, push_.data(), a_.data()); }
    std::vector<double> outputs() const override { return outputs_of(tiles_, a_.data()); }
    Index output_terms() const override { return problem_.p + 4; }

    void write_state(Real* W, Real* a) const override {
        write_pairs(tiles_, W);
        std::copy_n(a_.data(), problem_.p, a);
    }

    static double bytes(const Problem<Real>& problem, const Kernel<Real>& kernel) {
        const double n = static_cast<double>(round_up(problem.n, kernel.tile)),
                     p = static_cast<double>(neurons_padded(problem)),
                     lanes = static_cast<double>(kernel.lanes);
        const double parts = static_cast<double>(OrthogonalTiles<Real>::superblock_count(problem, kernel));
        return OrthogonalTiles<Real>::bytes(problem, kernel) +
               (n + 4 * p + parts * p * lanes) * sizeof(Real) + (p + parts) * sizeof(double);
    }

  private:
    // Of step 1, wrongly signed pairs die within a few steps: pruned after 0, 1, 2, 4, .. steps,
    // then every 32.
    static constexpr Index kPruneEvery = 32;
    static constexpr double kLarge = 1e9;  // its square, summed, is far from overflow in float32

    static Index neurons_padded(const Problem<Real>& problem) { return round_up(problem.p, kRateLanes); }

    // Whether the coming step may make anything so large that the next point overflows.
    bool may_overflow() const {
        const double step = static_cast<double>(step_);
        const double push = step * scale_ * scale_ * largest_norm_ / static_cast<double>(problem_.n);
        return !(std::max({scale_, step * scale_, push}) < kLarge);
    }

    // Of each neuron, what the last sweep summed.
    void total() {
        std::fill(totals_.begin(), totals_.end(), 0.0);
        for (Index s = 0; s < tiles_.superblocks(); ++s)
            kernel_.orthogonal_totals(sums_.data() + s * problem_.p * kernel_.lanes, problem_.p,
                                      totals_.data());
    }

    // A sweep that evaluates: its sum of squares too.
    void sweep(void (*function)(OrthogonalArgs<Real>&)) {
        over_superblocks(function);
        sum_r2_ = 0;
        for (double square : squares_) sum_r2_ += square;
    }

    void over_superblocks(void (*function)(OrthogonalArgs<Real>&)) {
        tiles_.over_superblocks([&](Index s) {
            OrthogonalArgs<Real> args;
            tiles_.enter(args, s);
            args.step_over_n = step_ / static_cast<Real>(problem_.n);
            args.a = a_.data();
            args.a_next = a_next_.data();
            args.push = push_.data();
            args.sums = sums_.data() + s * problem_.p * kernel_.lanes;
            args.sum_r2 = 0;
            function(args);
            squares_[static_cast<std::size_t>(s)] = args.sum_r2;
        });
    }

    const Problem<Real>& problem_;
    const Kernel<Real>& kernel_;
    OrthogonalTiles<Real> tiles_;
    Buffer<Real> push_, a_, a_next_, a_before_, rate_, sums_, backup_;
    std::vector<double> squares_, totals_;
    Real step_ = 0;
    double largest_norm_ = 0, scale_ = 0;
    Index steps_ = 0, next_prune_ = 0;
    double sum_r2_ = 0, velocity_sq_ = 0;
    bool evaluated_ = false, speed_known_ = false, finite_ = true;
};

}  // namespace pl
