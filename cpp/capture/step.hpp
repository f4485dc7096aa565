// One step of one mesh: which impulse drives it. Two methods for dQ/dt = r(Q):
//   Adams-Bashforth    Q = h (r + h / (2 h') (r - r'))   one right-hand side, stable to h rho = 1;
//                      where r is smooth, with the term of r'' that the last step's error shows: order 3
//   Runge-Kutta-Chebyshev of s stages                     s right-hand sides, stable to 0.65 (s^2 - 1)
// The first is taken where it is stable; the second in the tail, and at the start, which has no past.
#pragma once

#include "capture/model.hpp"
#include "stabilised/spectral.hpp"

namespace pl {

class CaptureStep {
  public:
    explicit CaptureStep(CaptureModel& model, int threads = 1) : model_(model), threads_(threads) {}

    // Tries a step of length h. error() is then the norm of the local error of the impulse over h norm(r):
    // the mean residual used against the trapezium rule's.
    void attempt(double h);
    // The spectral radius of dr/dQ at the state, estimated anew every kRadiusAge steps.
    double radius();
    void set_radius(double rho) { rho_ = rho; }
    double known_radius() const { return rho_; }
    void accept(double h);
    double error() const { return error_; }
    std::int64_t stabilised() const { return stabilised_; }

  private:
    bool adams(double h) const;
    void adams_impulse(double h);
    void measure(double h);
    double bend_of_step(double h);
    template <class Part>
    double over_points(const Part& part);

    CaptureModel& model_;
    const int threads_;
    Rkc rkc_;
    SpectralRadius power_;
    std::vector<double> before_, impulse_, sums_;
    std::vector<double> bend_, bend_next_;  // r'': of the last accepted step, of the one tried; may be empty
    double h_before_ = 0, rho_ = 0, error_ = 0;
    int age_ = 0;  // accepted steps since the radius was estimated
    std::int64_t stabilised_ = 0;
    bool last_stabilised_ = false;
};

}  // namespace pl
