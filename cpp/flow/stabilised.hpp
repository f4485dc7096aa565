// Stabilised steps between events. Where the state is slow and the field is stiff, the Taylor step is bounded
// by stability: about order/2 e-foldings of the fastest mode, whatever the tolerance. There a
// Runge-Kutta-Chebyshev step of s stages advances by up to 0.65 s^2 of them. This class decides which of the
// two goes further per evaluation of the field, and takes the stabilised step.
#pragma once

#include <functional>

#include "flow/jets.hpp"
#include "kernel/index.hpp"
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
    // Modes have changed at t: the spectral radius is estimated anew before the next step.
    void changed(double t) {
        age_ = kLifetime;
        event_ = t;
    }

    // Tries a step of at most `left`. On success the jets hold its cubic and its end as the trial state, `h`
    // is its length, and the sum of squared residuals at its end is returned. NaN if no step that gains was
    // found or the run is cancelled; the jets are then as after `first`. `rejected` counts inaccurate steps.
    double attempt(double t, double left, bool sliding, double& h, Index& rejected);
    // The step was not taken: something (an event, a level) lies at t + within. Comes closer while that
    // gains, else leaves the rest to Taylor steps.
    void retreat(double t, double within);
    // Nor was one of h: the loss rose, or a release was promised that does not last to its end. (h_ may have
    // grown fivefold since.)
    void shorten(double h) { h_ = 0.25 * h; }

    double radius() const { return radius_; }  // the last estimate, 0 if there was none

  private:
    static constexpr int kFirstPause = 8;  // Taylor steps between trials, doubled by each in vain
    static constexpr int kLifetime = 25;   // steps that an estimate of the spectral radius serves

    bool gains(double h, double margin) const;
    bool worth(double most, bool close);
    bool estimate_radius();
    void stay_stable();                    // no longer than the most stages allow
    double stretch(double h) const;        // of a step of h
    void leave();                          // Taylor steps, until `compare` says otherwise
    void follow(double h, double growth);  // after a step of h: the next one's length

    Jets& jets_;
    int neurons_;
    const FlowOptions& options_;
    Field field_;
    Restore restore_;
    Rkc rkc_;
    SpectralRadius spectrum_;
    std::vector<double> y_, f_;
    double per_evaluation_ = 0.0;  // advance of a Taylor step, per evaluation
    double h_ = 0.0, radius_ = 0.0, ahead_ = 0.0, event_ = 0.0;
    double lag_ = 0.0;  // of the last step, over the square of its length
    int age_ = kLifetime, taken_ = 0, pause_ = 0, next_pause_ = kFirstPause;
    int slopes_ = 0;  // evaluations of a step for the slopes of multipliers
    bool on_ = false;
    const double longest_ = stability_interval(kMostStages);  // h rho
};

}  // namespace pl
