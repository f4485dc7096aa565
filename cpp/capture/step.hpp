// One step of one mesh: which impulse drives it. A model that knows K = -dr/dQ takes exponential steps
// (exponential_step.hpp), one that does not explicit ones (explicit_step.hpp).
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "capture/model.hpp"
#include "kernel/index.hpp"

namespace pl {

class CaptureStep {
  public:
    virtual ~CaptureStep() = default;
    CaptureStep(const CaptureStep&) = delete;
    CaptureStep& operator=(const CaptureStep&) = delete;

    // Tries a step of length h. error() is then the norm of the local error of the impulse over h norm(r);
    // infinite where the step was abandoned or has overflowed, and finite() is false. `fine`: how far below
    // a local error has to be to count for nothing.
    virtual void attempt(double h, double fine) = 0;
    virtual double error() = 0;
    virtual double bound() const = 0;  // what error() is at most, at no cost
    bool finite() const { return std::isfinite(bound()) && std::isfinite(model().trial_sum_r2()); }
    // The step attempted last is taken.
    virtual void accept(double h) = 0;

    // Estimates the spectral radius of dr/dQ at the state, and what else a method has to know of it, if a
    // step needs it and the last time was some steps ago.
    virtual void refresh() = 0;
    double radius() const { return rho_; }
    // What another step at nearly the same state found.
    virtual void follow(const CaptureStep& /*other*/) {}
    // The longest step: of any method; of the one that takes a single right-hand side, where a longer one
    // would be dearer than two.
    virtual double longest() const { return kAny; }
    virtual double longest_cheap() const { return kAny; }

    // The step of h attempted last is to be looked into, or cut short.
    virtual void look_into(double h) = 0;
    virtual void attempt_within(double s) = 0;  // its first part, of length s, in place of the whole
    // The state there: W (p, d), a (p).
    void write_trial(double* W, double* a) const { model().write_trial(impulse_.data(), W, a); }

    Index stabilised() const { return stabilised_; }  // accepted steps beyond what Adams-Bashforth could take

  protected:
    static constexpr double kAny = std::numeric_limits<double>::infinity();

    // `cut` is asked before every right-hand side; true abandons what is under way.
    explicit CaptureStep(Cut cut) : cut_(std::move(cut)) {}

    virtual const CaptureModel& model() const = 0;

    bool cut() const { return cut_ && cut_(); }
    // Whether the radius was estimated less than so many steps ago, or at all.
    bool known(int age = std::numeric_limits<int>::max()) const { return known_ && age_ < age; }
    void note_radius(double rho) {
        rho_ = rho;
        known_ = true;
        age_ = 0;
    }
    void note_accepted(bool stabilised) {
        ++age_;
        stabilised_ += stabilised ? 1 : 0;
    }

    std::vector<double> impulse_;  // of the step attempted last
    double rho_ = 0;               // spectral radius of dr/dQ

  private:
    const Cut cut_;
    bool known_ = false;
    int age_ = 0;  // accepted steps since it was estimated
    Index stabilised_ = 0;
};

}  // namespace pl
