// Stabilised steps between events. Where the state is slow and the field is stiff, the Taylor step is bounded
// by stability: about order/2 e-foldings of the fastest mode, whatever the tolerance. There a
// Runge-Kutta-Chebyshev step of s stages advances by up to 0.65 s^2 of them. This class decides which of the
// two goes further per evaluation of the field, and takes the stabilised step.
#pragma once

#include <cstdint>
#include <functional>

#include "flow/jets.hpp"
#include "stabilised/spectral.hpp"

namespace pl {

class Stabilised {
  public:
    // `alive` is asked before every evaluation; false abandons the step.
    Stabilised(Jets& jets, int p, const FlowOptions& options, std::function<bool()> alive);

    // A Taylor step of length h at time t, bounded by nothing but trust, is about to be taken: compares the
    // two methods by its coefficients, and switches stabilised steps in if they gain.
    void compare(double t, double h);
    bool on() const { return on_; }
    // Modes have changed: the spectral radius is estimated anew before the next step.
    void renew() { age_ = kLifetime; }

    // Tries a step of at most `left`. On success the jets hold its cubic and its end as the trial state, `h`
    // is its length, and the sum of squared residuals at its end is returned. NaN if no step that gains was
    // found or the run is cancelled; the jets are then as after `first`. `rejected` counts inaccurate steps.
    double attempt(double left, bool sliding, double& h, std::int64_t& rejected);
    // The step was not taken: something (an event, a level) lies at t + within. Comes closer while that
    // gains, else leaves the rest to Taylor steps.
    void retreat(double t, double within);
    void leave();  // Taylor steps, until `compare` says otherwise

    double radius() const { return radius_; }  // the last estimate, 0 if there was none

  private:
    static constexpr int kLifetime = 25;  // steps that an estimate of the spectral radius serves

    bool gains(double h, double margin) const;
    bool estimate_radius();

    Jets& jets_;
    int neurons_;
    const FlowOptions& options_;
    Field field_;
    Restore restore_;
    Rkc rkc_;
    SpectralRadius spectrum_;
    std::vector<double> y_, f_;
    double per_evaluation_ = 0.0;  // advance of a Taylor step, per evaluation
    double h_ = 0.0, radius_ = 0.0, resume_ = 0.0;
    int age_ = kLifetime, pause_ = 0, next_pause_ = 1;
    bool on_ = false;
};

}  // namespace pl
