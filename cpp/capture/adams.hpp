// Adams-Bashforth for the impulse Q of the capture method, dQ/dt = r(Q), at steps of any lengths h after h':
//   plain      Q = h (r + h / (2 h') (r - r')), of order 2; r' the residuals a step ago
//   damped     r(Q) = r - D Q + N(Q) with a diagonal D that the model knows: the first two terms are
//              integrated exactly, N is extrapolated through its last value and its second derivative, which
//              the last step's error shows. Order 3, whatever D is; stable where h times the radius of dN/dQ
//              is small.
// On orthogonal inputs D is nearly all of dr/dQ, and its entries differ fiftyfold: without it the steps of
// the tail were held at a twentieth of what their error allows.
#pragma once

#include <memory>
#include <vector>

#include "kernel/dispatch.hpp"
#include "kernel/index.hpp"

namespace pl {

class Adams {
  public:
    using Vector = std::vector<double>;

    explicit Adams(int threads, const DampedKernel& kernel = *level().damped)
        : threads_(threads), kernel_(kernel) {}

    // Of the step accepted last, by whatever method; 0: none was, and no impulse can be told yet.
    double h_before() const { return h_before_; }

    void impulse(const Vector& r, double h, Vector& q);
    // After a step from r to `next` by q, plain, damped or of another method: sum of squares of the local
    // error of the mean residual q / h.
    double judge(const Vector& r, const Vector& next, Vector& q, double h, bool ours);
    // The step judged last is taken; q may be swapped out. before() is to hold the residuals before it.
    void accept(Vector& q, double h);
    Vector& before() { return before_; }

    // D (n) from here on, at residuals r.
    void set_damping(std::shared_ptr<const Vector> damping, const Vector& r);
    const std::shared_ptr<const Vector>& damping() const { return damping_; }
    double most_damping() const { return most_damping_; }

  private:
    template <class Part>
    double over_points(Index size, const Part& part);
    void plain(const Vector& r, double h, Vector& q);
    void damped(const Vector& r, double h, Vector& q);
    double judge_trapezium(const Vector& r, const Vector& next, const Vector& q, double h);
    double judge_bend(const Vector& r, const Vector& next, Vector& q, double h);
    DampedArgs args(const Vector& r, Vector& q, double h, Index first, Index last);

    const int threads_;
    const DampedKernel& kernel_;
    std::shared_ptr<const Vector> damping_;
    Vector before_, q_before_, sums_;
    Vector bend_, bend_next_;  // d^2 N/dt^2: of the last accepted step, of the one judged; may be empty
    double h_before_ = 0, most_damping_ = 0;
};

}  // namespace pl
