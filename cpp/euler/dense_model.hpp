// The state of one run on inputs X (n, d): three points that take turns, so that the last good one is always
// at hand. A model, for trajectory.hpp; orthogonal_model.hpp is the other.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "kernel/kernel.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/packed.hpp"
#include "problem/set_bits.hpp"
#include "problem/state.hpp"

namespace pl {

template <class Real>
class DenseModel final : public State<Real> {
  public:
    // Once `cut`, asked between blocks, says true, the model is of no use.
    DenseModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
               const std::function<bool()>& cut = nullptr)
        : DenseModel(problem, kernel, threads, layouts_for(problem.n, problem.d, problem.p, kernel), cut) {}

    // The layouts change no bit of any result: another choice is for tests.
    DenseModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads, Layouts layouts,
               const std::function<bool()>& cut = nullptr);

    // Residuals, masks and gradient at the current point. False: cut off half-way, nothing may be used.
    bool evaluate(int threads, const Watch& watch);

    // Makes the next point, one step on, and sets velocity_sq() of the current one. Serial: a share of 1/n
    // of the work.
    void prepare(Real step);
    void advance();

    // Back to the point before, as it was when advance() left it.
    void retreat() { at_ = before_; }

    double sum_r2() const override { return at_->sum_r2; }
    double velocity_sq() override { return at_->velocity_sq; }
    bool finite() const { return std::isfinite(at_->sum_r2) && std::isfinite(at_->velocity_sq); }

    Index n_active() const override;

    // Points on which no neuron is active.
    double dead_label_sq() const override;
    NeuronFacts neurons() const override;

    // Of the gradients that prepare() has read.
    NeuronMotion motion() override;
    std::vector<double> outputs() const override;
    Index output_terms() const override { return problem_.d + problem_.p; }

    void write_state(Real* W, Real* a) const override;

    // Bytes that a model of this problem allocates.
    static double bytes(const Problem<Real>& problem, const Kernel<Real>& kernel);

  private:
    struct Point {
        Buffer<Real> W, a;
        Buffer<Word> masks;
        double sum_r2 = 0, velocity_sq = 0;
    };

    // Reals of the scratch panel of a superblock.
    static Index panel_size(Layouts layouts, Index d, const Kernel<Real>& kernel);
    Point make_point() const;
    void pass(Index s, const Watch& watch);
    bool add_gradients(const Watch& watch);  // false: cut off

    const Problem<Real>& problem_;
    const Kernel<Real>& kernel_;
    PackedProblem<Real> packed_;
    // Of one superblock, or of its gradient, whose memory is new once: it is asked on the way whether to
    // stop.
    static constexpr double kSlowFlops = 1e9;
    static constexpr Index kSlowNumbers = Index{1} << 20;
    Index stride_, blocks_, superblocks_;
    bool slow_;
    Buffer<Real> gradients_, scratch_;
    Index panel_size_;
    Buffer<Real> panels_;
    std::vector<double> sums_;
    Point points_[3];
    Point *before_ = &points_[0], *at_ = &points_[1], *next_ = &points_[2];
};

}  // namespace pl

#include "euler/dense_model.inl"
