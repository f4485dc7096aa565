// The state of one run on orthogonal inputs x_i = norms[i] e_i, at the cost of the live pairs. X is never
// formed. A model, for trajectory.hpp.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "euler/orthogonal_facts.hpp"
#include "problem/state.hpp"

namespace pl {

template <class Real>
class OrthogonalModel final : public State<Real> {
  public:
    // Once `cut`, asked between blocks, says true, the model is of no use.
    OrthogonalModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
                    const std::function<bool()>& cut = nullptr);

    // Never half-way: a sweep over 10^8 pairs takes about 50 ms, so cancellation can wait for its end. A step
    // leaves its end evaluated.
    bool evaluate(int, const Watch&);

    // da_j/dt, from the sums of the pass.
    void prepare(Real step);

    // One step, in place. The state before is kept only where the next one might overflow: retreat()
    // needs it then.
    void advance();

    // The point before, evaluated and prepared again.
    void retreat();

    double sum_r2() const override { return sum_r2_; }
    // The squared speed costs a sweep; it can only overflow where something is large.
    bool finite() { return finite_ && (scale_ < kLarge || std::isfinite(velocity_sq())); }

    // One more sweep, and only where it is recorded.
    double velocity_sq() override;

    Index n_active() const override { return active_pairs(tiles_); }
    double dead_label_sq() const override { return pl::dead_label_sq(tiles_); }
    NeuronFacts neurons() const override;
    NeuronMotion motion() override { return motion_of(tiles_, push_.data(), a_.data()); }
    std::vector<double> outputs() const override { return outputs_of(tiles_, a_.data()); }
    Index output_terms() const override { return problem_.p + 4; }

    void write_state(Real* W, Real* a) const override;

    static double bytes(const Problem<Real>& problem, const Kernel<Real>& kernel);

  private:
    // Of step 1, wrongly signed pairs die within a few steps: pruned after 0, 1, 2, 4, .. steps,
    // then every 32.
    static constexpr Index kPruneEvery = 32;
    static constexpr double kLarge = 1e9;  // its square, summed, is far from overflow in float32

    static Index neurons_padded(const Problem<Real>& problem) { return round_up(problem.p, kRateLanes); }

    // Whether the coming step may make anything so large that the next point overflows.
    bool may_overflow() const;

    // Of each neuron, what the last sweep summed.
    void total();

    // A sweep that evaluates: its sum of squares too.
    void sweep(void (*function)(OrthogonalArgs<Real>&));
    void over_superblocks(void (*function)(OrthogonalArgs<Real>&));

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

#include "euler/orthogonal_model.inl"
