// Where steps of dense inputs end. A long one leaves in the fast modes of r what its kinks put there: of
// little weight in the loss, it raises local_pl up to 160 times. So a row, and where a rule ends a run, is
// reached by shorter ones, after which these modes have decayed; and so is a level of the loss that the next
// step would pass, and be far below at its end.
#pragma once

#include "capture/meshes.hpp"

namespace pl {

class Landing {
  public:
    // `radius`: that of dr/dQ, for as long as no step has shown it.
    Landing(const Problem<double>& problem, Meshes& meshes, double radius)
        : problem_(problem), meshes_(meshes), radius_(radius) {}

    double radius() const { return meshes_.radius() > 0 ? meshes_.radius() : radius_; }
    // The step to be taken of what is left to a row or an end, where one of `next` could be.
    double step(double next, double left) const;
    void stepped(double length) { last_ = length; }
    // Whether the last step was too long for an end.
    bool fast() const { return fast(last_); }
    // An end put off to when the run has gone on for a part of that step.
    double put_off(double t);
    // When sum r^2 falls to `level`, from t on, if the next step would pass it; else `goal`. At the rate of
    // this instant, which only falls while the pattern is kept: not too late.
    double reaches(double t, double level, double goal);

  private:
    bool fast(double length) const;

    const Problem<double>& problem_;
    Meshes& meshes_;
    const double radius_;
    double last_ = 0;     // length of the last step
    double settles_ = 0;  // to when an end was put off
};

}  // namespace pl
