// The error of the loss that a run was asked for: what of the told error counts, whether it is kept, and
// whether a second attempt would do better.
#pragma once

#include "capture/attempts.hpp"
#include "capture/capture.hpp"
#include "capture/lasting.hpp"
#include "capture/meshes.hpp"

namespace pl {

class AskedError {
  public:
    AskedError(const Problem<double>& problem, const CaptureOptions& options)
        : problem_(problem), rtol_(options.rtol), atol_(options.atol), t_end_(options.t_end) {}

    // Of sum r^2, where the local error of a step is relative to what atol allows, or to rounding itself.
    double floor(const Meshes& meshes, const CapturePast& now) const;
    // An attempt begins, after parts of the run whose largest error was `worst`.
    void begin(double worst) {
        before_ = worst;
        lasting_ = LastingError();
    }
    // Whether the error told so far, at any one time, is within what was asked; now.worst is what is told of
    // the whole.
    bool kept(const Meshes& meshes, CapturePast& now);
    // Whether an attempt at a smaller tolerance helps: branches may be beyond all that is practical. Then
    // they, and with them the rest, do not count any more, but are told.
    bool worthwhile(const Meshes& meshes, const CapturePast& now);
    // Whether an attempt that has missed need not be followed further. On one mesh the branches are counted,
    // and what they will be is only told well once there are some.
    bool lost(const Meshes& meshes) const;
    bool resigned() const { return resigned_; }  // to an error larger than what was asked
    Tolerance second(const Meshes& meshes, const CapturePast& now) const;

  private:
    Found found(const Meshes& meshes, const CapturePast& now) const;
    double noise(const Meshes& meshes, const CapturePast& now) const;
    double beyond(double error, const Meshes& meshes, const CapturePast& now) const;
    double atol_sum(const CapturePast& now) const { return atol_ * now.start; }

    const Problem<double>& problem_;
    const double rtol_, atol_, t_end_;
    double before_ = 0.0;
    LastingError lasting_;
    bool resigned_ = false;
};

}  // namespace pl
