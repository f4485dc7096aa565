#include "capture/passes.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/dispatch.hpp"
#include "kernel/inner.hpp"
#include "problem/blocks.hpp"
#include "problem/rounding.hpp"

namespace pl {

Passes::Passes(const Problem<double>& problem)
    : n_(problem.n),
      d_(problem.d),
      p_(problem.p),
      blocks_(block_count(n_)),
      near_(blocks_ * kBlockPoints),
      nearing_(p_ * blocks_),
      turned_(at(blocks_)),
      silent_(residual_noise(static_cast<double>(d_), problem.largest_label(), 0, 0, 1)) {
    for (Index i = 0; i < n_; ++i) near_.data()[i] = kClose * norm_of(problem.X + i * d_, d_);
}

void Passes::note(const Step& step) {
    const Index ldz = blocks_ * kBlockPoints;
    for (Index j = 0; j < p_; ++j) {
        const double w = norm_of(step.W + j * step.stride, d_);
        TurnArgs args{n_,
                      step.z + j * ldz,
                      step.next + j * ldz,
                      near_.data(),
                      w,
                      nearing_.data() + j * blocks_,
                      turned_.data()};
        level().turns->find(args);
        take(j, step, w);
    }
}

// Of those that turned, the ones at repelling kinks.
void Passes::take(Index j, const Step& step, double w) {
    for (Index b = 0; b < blocks_; ++b)
        for (Word left = turned_[at(b)]; left != 0; left &= left - 1) {
            const Index i = b * kBlockPoints + __builtin_ctzll(left);
            if (!(step.a[j] * step.r[i] > 0.0) || std::abs(step.r[i]) <= silent_) continue;
            ++close_;
            const double z = std::abs(step.z[j * blocks_ * kBlockPoints + i]);
            closest_ = std::min(closest_, kClose * z / (w * near_.data()[i]));
        }
}

double Passes::bytes(const Problem<double>& problem) {
    const double blocks = static_cast<double>(block_count(problem.n));
    return 8.0 * blocks * (static_cast<double>(problem.p) + kBlockPoints + 1.0);
}

}  // namespace pl
