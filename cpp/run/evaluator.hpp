// Loss, masks and gradient of one problem at any state, serial or over a team, with the same bits.
#pragma once

#include <vector>

#include "kernel/kernel.hpp"
#include "parallel/parallel_for.hpp"
#include "run/packed.hpp"

namespace pl {

// A state in the kernel's layout and what is known there.
template <class Real>
struct Point {
    Point(Index p, Index stride, Index blocks) : W(p * stride), a(p), masks(blocks * p) {}
    Buffer<Real> W, a;
    Buffer<Word> masks;
    double sum_r2 = 0, velocity_sq = 0;
};

template <class Real>
class Evaluator {
  public:
    Evaluator(const Problem<Real>& problem, const Kernel<Real>& kernel)
        : kernel_(kernel),
          packed_(problem, kernel),
          blocks_(block_count(problem.n)),
          superblocks_(superblock_count(problem.n, problem.d, problem.p, sizeof(Real))),
          gradient_size_(problem.p * packed_.row_stride()),
          gradients_(superblocks_ * gradient_size_),
          tables_(superblocks_ * kernel.table_size),
          sums_(static_cast<std::size_t>(superblocks_)) {}

    Index row_stride() const { return packed_.row_stride(); }
    Index blocks() const { return blocks_; }
    Index superblocks() const { return superblocks_; }

    // Fills point.masks, point.sum_r2 and the gradient. False: cancelled half-way, nothing may be used.
    bool evaluate(Point<Real>& point, int threads, Control& control) {
        if (superblocks_ == 1) {
            pass(point, 0);
        } else {
            parallel_for(superblocks_, threads, control, [&](Index s) {
                pass(point, s);
                control.check();
            });
            if (control.cancelled()) return false;
            Real* total = gradients_.data();
            for (Index s = 1; s < superblocks_; ++s) {
                const Real* part = total + s * gradient_size_;
                for (Index k = 0; k < gradient_size_; ++k) total[k] += part[k];
            }
        }
        point.sum_r2 = 0;
        for (double sum : sums_) point.sum_r2 += sum;
        return true;
    }

    // One step from `from`, evaluated last, to `to`; sets from.velocity_sq.
    void step(Point<Real>& from, Point<Real>& to, Real size) {
        const PackedData<Real> data = packed_.view();
        UpdateArgs<Real> args{data.n,
                              data.p,
                              data.row_stride,
                              size,
                              from.W.data(),
                              from.a.data(),
                              gradients_.data(),
                              to.W.data(),
                              to.a.data(),
                              0};
        kernel_.update(args);
        from.velocity_sq = args.velocity_sq;
    }

  private:
    void pass(Point<Real>& point, Index s) {
        const Index first = s * blocks_ / superblocks_, last = (s + 1) * blocks_ / superblocks_;
        PassArgs<Real> args{packed_.view(),
                            first,
                            last,
                            point.W.data(),
                            point.a.data(),
                            gradients_.data() + s * gradient_size_,
                            point.masks.data(),
                            tables_.data() + s * kernel_.table_size,
                            0};
        kernel_.pass(args);
        sums_[static_cast<std::size_t>(s)] = args.sum_r2;
    }

    const Kernel<Real>& kernel_;
    PackedProblem<Real> packed_;
    Index blocks_, superblocks_, gradient_size_;
    Buffer<Real> gradients_, tables_;
    std::vector<double> sums_;
};

}  // namespace pl
