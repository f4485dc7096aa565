// One step of one mesh: which impulse drives it. Two methods for dQ/dt = r(Q):
//   Adams-Bashforth (adams.hpp)         one right-hand side, stable to h rho = 1; where damped to 1/2,
//                                       rho then being that of what damping leaves
//   Runge-Kutta-Chebyshev of s stages   s right-hand sides, stable to h rho = 0.65 (s^2 - 1)
// The first is taken where it is stable; the second in the tail, and at the start, which has no past.
#pragma once

#include <cmath>
#include <utility>

#include "capture/adams.hpp"
#include "capture/model.hpp"
#include "kernel/index.hpp"
#include "stabilised/spectral.hpp"

namespace pl {

class CaptureStep {
  public:
    // `cut` is asked before every right-hand side; true abandons what is under way.
    explicit CaptureStep(CaptureModel& model, int threads = 1, Cut cut = nullptr)
        : model_(model), adams_(threads), cut_(std::move(cut)) {}

    // Tries a step of length h. error() is then the norm of the local error of the impulse over h norm(r);
    // infinite where the step was abandoned or has overflowed, and finite() is false.
    void attempt(double h);
    bool finite() const { return std::isfinite(error_) && std::isfinite(model_.trial_sum_r2()); }
    // Estimates the spectral radius of dr/dQ at the state, and takes over the model's damping, if the last
    // time was kRadiusAge steps ago.
    void refresh();
    // What another step at nearly the same state found.
    void follow(const CaptureStep& other);
    double radius() const { return rho_; }
    void accept(double h);
    // The step of h attempted last is to be looked into, or cut short: its impulse on the way is the cubic
    // between those of both ends, whose slopes are the residuals there.
    void look_into(double h);
    void attempt_within(double s);  // its first part, of length s, in place of the whole
    // The state there: W (p, d), a (p).
    void write_trial(double* W, double* a) const { model_.write_trial(impulse_.data(), W, a); }
    // The longest step of Adams-Bashforth; 0 if there is no past.
    double adams_reach() const;
    bool damped() const { return adams_.damping() != nullptr; }
    double error() const { return error_; }
    Index stabilised() const { return stabilised_; }

  private:
    void damp();
    bool cut() const { return cut_ && cut_(); }
    CaptureModel& model_;
    Adams adams_;
    Cut cut_;
    Rkc rkc_;
    SpectralRadius power_;
    std::vector<double> impulse_;
    std::vector<double> whole_, end_;  // impulse of the step that is looked into, residuals at its end
    double length_ = 0;                // of it
    double rho_ = 0, undamped_ = 0;    // spectral radii: of dr/dQ, of what damping leaves of it
    double error_ = 0;
    int age_ = 0;  // accepted steps since they were estimated
    bool known_ = false, last_stabilised_ = false;
    Index stabilised_ = 0;
};

}  // namespace pl
