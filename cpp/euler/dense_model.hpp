// The state of one run on inputs X (n, d): three points that take turns, so that the last good one is always
// at hand. A model, for trajectory.hpp; orthogonal_model.hpp is the other.
#pragma once

#include <cmath>
#include <vector>

#include "kernel/kernel.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/packed.hpp"
#include "problem/state.hpp"

namespace pl {

template <class Real>
class DenseModel final : public State<Real> {
  public:
    DenseModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads)
        : DenseModel(problem, kernel, threads, layouts_for(problem.n, problem.d, problem.p, kernel)) {}

    // The layouts change no bit of any result: another choice is for tests.
    DenseModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads, Layouts layouts)
        : problem_(problem),
          kernel_(kernel),
          packed_(problem, kernel, threads, layouts),
          stride_(packed_.row_stride()),
          blocks_(block_count(problem.n)),
          superblocks_(superblock_count(problem.n, problem.d, problem.p, sizeof(Real))),
          slow_(problem.flops() > kSlowFlops * static_cast<double>(superblocks_)),
          gradients_(superblocks_ * problem.p * stride_),
          scratch_(superblocks_ * kernel.scratch_size),
          panel_size_(panel_size(layouts, problem.d, kernel)),
          panels_(superblocks_ * panel_size_),
          sums_(static_cast<std::size_t>(superblocks_)),
          points_{make_point(), make_point(), make_point()} {
        for (Index j = 0; j < problem.p; ++j)
            std::copy_n(problem.W + j * problem.d, problem.d, at_->W.data() + j * stride_);
        std::copy_n(problem.a, problem.p, at_->a.data());
    }

    // Residuals, masks and gradient at the current point. False: cut off half-way, nothing may be used.
    bool evaluate(int threads, const Watch& watch) {
        if (superblocks_ == 1) {
            pass(0, watch);
            if (slow_ && watch.cut()) return false;
        } else {
            parallel_for(superblocks_, threads, watch.control(), [&](Index s) {
                if (!watch.cut()) pass(s, watch);
            });
            if (watch.cut()) return false;
            add_gradients();
        }
        at_->sum_r2 = 0;
        for (double sum : sums_) at_->sum_r2 += sum;
        return true;
    }

    // Makes the next point, one step on, and sets velocity_sq() of the current one. Serial: a share of 1/n
    // of the work.
    void prepare(Real step) {
        UpdateArgs<Real> args{
            problem_.n,        problem_.p,      stride_,         step, at_->W.data(), at_->a.data(),
            gradients_.data(), next_->W.data(), next_->a.data(), 0};
        kernel_.update(args);
        at_->velocity_sq = args.velocity_sq;
    }

    void advance(int) {
        Point* spare = before_;
        before_ = at_;
        at_ = next_;
        next_ = spare;
    }

    // Back to the point before, as it was when advance() left it.
    void retreat() { at_ = before_; }

    double sum_r2() const override { return at_->sum_r2; }
    double velocity_sq() override { return at_->velocity_sq; }
    bool finite() const { return std::isfinite(at_->sum_r2) && std::isfinite(at_->velocity_sq); }

    Index n_active() const override {
        Index count = 0;
        for (Index w = 0; w < at_->masks.size(); ++w) count += __builtin_popcountll(at_->masks.data()[w]);
        return count;
    }

    // Points on which no neuron is active.
    double dead_label_sq() const override {
        double sum = 0;
        for (Index b = 0; b < blocks_; ++b) {
            Word live = 0;
            for (Index j = 0; j < problem_.p; ++j) live |= at_->masks.data()[b * problem_.p + j];
            const Index start = b * kBlockPoints, points = std::min(kBlockPoints, problem_.n - start);
            for (Index l = 0; l < points; ++l) {
                const double y = static_cast<double>(problem_.y[start + l]);
                if (((live >> l) & 1) == 0) sum += y * y;
            }
        }
        return sum;
    }

    NeuronFacts neurons() const override {
        NeuronFacts facts;
        for (Index j = 0; j < problem_.p; ++j) {
            double sum = 0;
            for (Index k = 0; k < problem_.d; ++k) {
                const double w = static_cast<double>(at_->W.data()[j * stride_ + k]);
                sum += w * w;
            }
            facts.w_sq.push_back(sum);
            facts.a.push_back(static_cast<double>(at_->a.data()[j]));
        }
        return facts;
    }

    // Of the gradients that prepare() has read.
    NeuronMotion motion() override {
        NeuronMotion motion;
        const double n = static_cast<double>(problem_.n);
        for (Index j = 0; j < problem_.p; ++j) {
            double squares = 0, products = 0;
            for (Index k = 0; k < problem_.d; ++k) {
                const double g = static_cast<double>(gradients_.data()[j * stride_ + k]);
                squares += g * g;
                products += g * static_cast<double>(at_->W.data()[j * stride_ + k]);
            }
            const double a = static_cast<double>(at_->a.data()[j]), rate = products / n;
            motion.speed_sq.push_back(a * a / (n * n) * squares + rate * rate);
            motion.growth.push_back(2 * a * rate);
        }
        return motion;
    }

    std::vector<double> outputs() const override {
        std::vector<double> h(static_cast<std::size_t>(problem_.n));
        for (Index i = 0; i < problem_.n; ++i)
            for (Index j = 0; j < problem_.p; ++j) {
                double z = 0;
                for (Index k = 0; k < problem_.d; ++k)
                    z += static_cast<double>(at_->W.data()[j * stride_ + k]) *
                         static_cast<double>(problem_.X[i * problem_.d + k]);
                h[static_cast<std::size_t>(i)] += static_cast<double>(at_->a.data()[j]) * std::max(z, 0.0);
            }
        return h;
    }
    Index output_terms() const override { return problem_.d + problem_.p; }

    void write_state(Real* W, Real* a) const override {
        for (Index j = 0; j < problem_.p; ++j)
            std::copy_n(at_->W.data() + j * stride_, problem_.d, W + j * problem_.d);
        std::copy_n(at_->a.data(), problem_.p, a);
    }

    // Bytes that a model of this problem allocates.
    static double bytes(const Problem<Real>& problem, const Kernel<Real>& kernel) {
        const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
        const double p = static_cast<double>(problem.p), d = static_cast<double>(problem.d);
        const double stride = static_cast<double>(pl::row_stride<Real>(problem.d, kernel.lanes));
        const double parts =
            static_cast<double>(superblock_count(problem.n, problem.d, problem.p, sizeof(Real)));
        const Layouts layouts = layouts_for(problem.n, problem.d, problem.p, kernel);
        const double columns = layouts == Layouts::kBoth ? d : 0;
        const Index scratch = kernel.scratch_size + panel_size(layouts, problem.d, kernel);
        const double reals = points * (columns + stride + 1) + (parts + 3) * p * stride + 3 * p +
                             parts * static_cast<double>(scratch);
        return reals * sizeof(Real) + 3 * p * points / static_cast<double>(kBlockPoints) * sizeof(Word);
    }

  private:
    struct Point {
        Buffer<Real> W, a;
        Buffer<Word> masks;
        double sum_r2 = 0, velocity_sq = 0;
    };

    // Reals of the scratch panel of a superblock.
    static Index panel_size(Layouts layouts, Index d, const Kernel<Real>& kernel) {
        return layouts == Layouts::kBoth ? 0 : kernel.panel * pl::row_stride<Real>(d, kernel.lanes);
    }

    Point make_point() const {
        return {Buffer<Real>(problem_.p * stride_), Buffer<Real>(problem_.p),
                Buffer<Word>(blocks_ * problem_.p)};
    }

    void pass(Index s, const Watch& watch) {
        PassArgs<Real> args{packed_.view(),
                            s * blocks_ / superblocks_,
                            (s + 1) * blocks_ / superblocks_,
                            at_->W.data(),
                            at_->a.data(),
                            gradients_.data() + s * problem_.p * stride_,
                            at_->masks.data(),
                            scratch_.data() + s * kernel_.scratch_size,
                            panels_.data() + s * panel_size_,
                            0};
        if (slow_)
            args.cut = {[](const void* whom) { return static_cast<const Watch*>(whom)->cut(); }, &watch};
        kernel_.pass(args);
        sums_[static_cast<std::size_t>(s)] = args.sum_r2;
    }

    void add_gradients() {
        const Index size = problem_.p * stride_;
        Real* total = gradients_.data();
        for (Index s = 1; s < superblocks_; ++s) {
            const Real* part = total + s * size;
            for (Index k = 0; k < size; ++k) total[k] += part[k];
        }
    }

    const Problem<Real>& problem_;
    const Kernel<Real>& kernel_;
    PackedProblem<Real> packed_;
    static constexpr double kSlowFlops = 1e9;  // of one superblock: it is asked on the way whether to stop
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
