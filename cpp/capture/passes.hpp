// How closely a run passes the repelling kinks of its pairs. A pair with a_j r_i > 0 that comes near z_ji = 0
// and turns back would have gone through had it come a little nearer, and the trajectory would be on another
// branch from there on: errors of the size of that little decide.
#pragma once

#include <limits>
#include <vector>

#include "kernel/index.hpp"
#include "kernel/kernel.hpp"
#include "problem/at_kinks.hpp"
#include "problem/buffer.hpp"
#include "problem/problem.hpp"

namespace pl {

class Passes {
  public:
    // A pass is close whose least abs(z_ji) is below so much of norm(w_j) norm(x_i).
    static constexpr double kClose = 0.01;

    explicit Passes(const Problem<double>& problem);

    // One step, from z to `next` (p, blocks * kBlockPoints); of the state that is left W (p, stride), a, r.
    struct Step {
        const double *z, *next, *W;
        Index stride;
        const double *a, *r;
    };
    void note(const Step& step);

    Index close() const { return close_; }  // passes so far
    // Whether one was so close that rounding decided its side, at any tolerance.
    bool by_rounding() const { return closest_ <= kAtKink; }
    double closest() const { return closest_; }  // of them, of norm(w_j) norm(x_i); infinite: none

    static double bytes(const Problem<double>& problem);

  private:
    void take(Index j, const Step& step, double w);

    Index n_, d_, p_, blocks_;
    Buffer<double> near_;   // (blocks * kBlockPoints): kClose norm(x_i)
    Buffer<Word> nearing_;  // (p, blocks): came nearer to 0 in the last step
    std::vector<Word> turned_;
    const double silent_;  // a residual up to this is rounding, and its sign no kink
    Index close_ = 0;
    double closest_ = std::numeric_limits<double>::infinity();
};

}  // namespace pl
