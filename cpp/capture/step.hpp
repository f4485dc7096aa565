// One step of one mesh: which impulse drives it. Two methods for dQ/dt = r(Q):
//   Adams-Bashforth (adams.hpp)         one right-hand side, stable to h rho = 1; where damped to 1/2,
//                                       rho then being that of what damping leaves
//   Runge-Kutta-Chebyshev of s stages   s right-hand sides, stable to h rho = 0.65 (s^2 - 1)
// The first is taken where it is stable; the second in the tail, and at the start, which has no past.
#pragma once

#include "capture/adams.hpp"
#include "capture/model.hpp"
#include "kernel/index.hpp"
#include "stabilised/spectral.hpp"

namespace pl {

class CaptureStep {
  public:
    explicit CaptureStep(CaptureModel& model, int threads = 1) : model_(model), adams_(threads) {}

    // Tries a step of length h. error() is then the norm of the local error of the impulse over h norm(r).
    void attempt(double h);
    // Estimates the spectral radius of dr/dQ at the state, and takes over the model's damping, if the last
    // time was kRadiusAge steps ago.
    void refresh();
    // What another step at nearly the same state found.
    void follow(const CaptureStep& other);
    double radius() const { return rho_; }
    void accept(double h);
    // The longest step of Adams-Bashforth; 0 if there is no past.
    double adams_reach() const;
    bool damped() const { return adams_.damping() != nullptr; }
    double error() const { return error_; }
    Index stabilised() const { return stabilised_; }

  private:
    void damp();

    CaptureModel& model_;
    Adams adams_;
    Rkc rkc_;
    SpectralRadius power_;
    std::vector<double> impulse_;
    double rho_ = 0, undamped_ = 0;  // spectral radii: of dr/dQ, of what damping leaves of it
    double error_ = 0;
    int age_ = 0;  // accepted steps since they were estimated
    bool known_ = false, last_stabilised_ = false;
    Index stabilised_ = 0;
};

}  // namespace pl
