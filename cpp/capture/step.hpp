// One step of one mesh: which impulse drives it. Three methods for dQ/dt = r(Q). Of a model that has
// K = -dr/dQ on the frozen pattern, at every step:
//   exponential (Rosenbrock-Euler)      Q = h phi_1(h K) r: exact while the pattern lasts, stable at any h;
//                                       one right-hand side, and 5 to 12 products with K
// Of one that has none:
//   Adams-Bashforth (adams.hpp)         one right-hand side, stable to h rho = 1; where damped to 1/2,
//                                       rho then being that of what damping leaves
//   Runge-Kutta-Chebyshev of s stages   s right-hand sides, stable to h rho = 0.65 (s^2 - 1): in the tail,
//                                       and at the start, which has no past
#pragma once

#include <cmath>
#include <utility>

#include "capture/adams.hpp"
#include "capture/model.hpp"
#include "kernel/index.hpp"
#include "stabilised/lanczos.hpp"
#include "stabilised/spectral.hpp"

namespace pl {

class CaptureStep {
  public:
    // `cut` is asked before every right-hand side; true abandons what is under way.
    explicit CaptureStep(CaptureModel& model, int threads = 1, Cut cut = nullptr)
        : model_(model), adams_(threads), cut_(std::move(cut)) {}

    // Tries a step of length h. error() is then the norm of the local error of the impulse over h norm(r);
    // infinite where the step was abandoned or has overflowed, and finite() is false. `fine`: how far below
    // a local error has to be to count for nothing.
    void attempt(double h, double fine = 1e-4);
    // What error() is at most, at no cost.
    double bound() const { return known_error_ ? error_ : bound_; }
    bool finite() const { return std::isfinite(bound()) && std::isfinite(model_.trial_sum_r2()); }
    // Estimates the spectral radius of dr/dQ at the state, and takes over the model's damping, if the last
    // time was some steps ago.
    void refresh();
    // What another step at nearly the same state found.
    void follow(const CaptureStep& other);
    double radius() const { return rho_; }
    void accept(double h);
    // The step of h attempted last is to be looked into, or cut short: its impulse on the way is the cubic
    // between those of both ends, whose slopes are the residuals there; of an exponential step it is
    // s phi_1(s K) r.
    void look_into(double h);
    void attempt_within(double s);  // its first part, of length s, in place of the whole
    // The state there: W (p, d), a (p).
    void write_trial(double* W, double* a) const { model_.write_trial(impulse_.data(), W, a); }
    // The longest step of Adams-Bashforth; 0 if there is no past.
    double adams_reach() const;
    // At rest the longest step that damps, with products in single precision.
    double longest() const;
    bool damped() const { return adams_.damping() != nullptr; }
    double error();
    Index stabilised() const { return stabilised_; }  // accepted steps that were not Adams-Bashforth's

  private:
    void damp();
    void take_radius();
    bool chebyshev(double h);
    bool exponential(double h, double fine);
    void begin_space();
    void take_impulse(double h);
    Lanczos::Product product();  // with K
    void take_off(double h);
    double defect(double h);
    bool cut() const { return cut_ && cut_(); }

    CaptureModel& model_;
    Adams adams_;
    Cut cut_;
    Rkc rkc_;
    SpectralRadius power_;
    Lanczos space_, defect_space_;      // of r, or at rest of K r; of what K leaves undone
    std::vector<double> decay_;         // K r at rest, else empty
    std::vector<double> linear_, off_;  // exp(-h K) r; scratch
    std::vector<double> impulse_;
    std::vector<double> whole_, end_;  // impulse of the step that is looked into, residuals at its end
    double length_ = 0;                // of it
    double rho_ = 0, undamped_ = 0;    // spectral radii: of dr/dQ, of what damping leaves of it
    double error_ = 0, bound_ = 0;     // of the last attempt
    double tried_ = 0;                 // its length
    bool known_error_ = true;          // else bound_ is all that is known of it
    int age_ = 0;                      // accepted steps since they were estimated
    bool known_ = false, last_stabilised_ = false;
    bool spanned_ = false;  // space_ is of the state
    Index stabilised_ = 0;
};

}  // namespace pl
