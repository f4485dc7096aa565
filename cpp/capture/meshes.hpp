// The meshes over one problem. Two, the coarse at twice the step of the fine, differ by everything that a
// step leaves out: so it is for orthogonal inputs, and dense ones of few pairs. Of more, whose error is that
// of the branches which pairs take, one, which tells its error (told.hpp).
#pragma once

#include <limits>
#include <memory>
#include <optional>

#include "capture/dense.hpp"
#include "capture/step.hpp"
#include "capture/told.hpp"
#include "kernel/index.hpp"
#include "problem/status.hpp"
#include "problem/watch.hpp"

namespace pl {

class Meshes {
  public:
    // Models of the problem at its (W, a). `cut` is asked before every right-hand side.
    Meshes(const Problem<double>& problem, int threads, const Cut& cut = nullptr, StepWatch* watch = nullptr);

    // What a step may do: the local error of the loss and the rise of a coarse mesh's, both relative to the
    // loss; `floor`: where sum r^2 is below, the first is relative to it.
    struct Allowed {
        double tolerance, motion, rise, floor;
    };
    // One step of at most H from time t, or with two meshes one of the coarse and two of the fine; the length
    // that the fine mesh went. The step to try next is next(). Less than the step, and stuck() says why: cut
    // off (kInterrupted), beyond the range of numbers (kNonFinite), or no step that changes the time can be
    // taken (kStepLimit); or the watch ended it (kEvent).
    double advance(double t, double H, const Allowed& allowed);
    Status stuck() const { return stuck_; }
    // Rounding of sum r^2 at the fine mesh's state: through r_i = y_i - h_i, of the terms of h_i.
    double rounding() const { return rounding_of(*fine_.model); }
    // The same of the loss, at most all of it, where the labels are nothing beside the outputs' terms, which
    // cancel; else 0.
    double rounding_beside() const;
    double next() const { return next_; }
    void set_next(double H) { next_ = H; }

    CaptureModel& fine() { return *fine_.model; }
    const CaptureModel& fine() const { return *fine_.model; }
    // Of the fine mesh's loss, relative, estimated: by the other mesh, or by what the one tells.
    double error() const;
    bool alone() const { return !coarse_; }
    bool dense() const { return inputs_ != nullptr; }
    const ToldError& told() const { return told_; }  // of the one mesh
    double fall() const;                             // of log L since the start of the run
    // sum r^2 at the start of the run, and what was told before this part of it.
    void go_on(double start, const ToldError::Sums& sums) {
        start_ = start;
        told_.go_on(sums);
    }
    // Mean over the last fine step of sum |dw_j/dt|^2 + (da_j/dt)^2.
    double speed_sq() const { return speed_sq_; }
    double radius() const { return fine_.step->radius(); }
    Index evaluations() const {
        return fine_.model->evaluations() + (coarse_ ? coarse_->model->evaluations() : 0);
    }
    Index accepted() const { return accepted_; }
    Index rejected() const { return rejected_; }
    Index stabilised() const { return fine_.step->stabilised(); }
    // When sum r^2 passed below `level` in the last advance, counted from its start; negative if it did not.
    double passage(double level) const;
    void drop_coarse() { coarse_.reset(); }  // nothing but fine() may be asked after

  private:
    struct Mesh {
        std::unique_ptr<CaptureModel> model;
        std::unique_ptr<CaptureStep> step;  // of it
        double excess = 0;                  // CaptureModel::trial_excess() of the step that led to the state
    };
    struct Mark {
        double t, sum_r2;
    };
    double stand(double t, double H);
    bool half(double t, double h, const Allowed& allowed, int depth, double shown);
    bool lead_step(double t, double& H, const Allowed& allowed);
    double judge(Mesh& lead, const Allowed& allowed);
    bool take(double t, double& h);
    void mark_end(double t, double end);
    bool stop(const CaptureStep& step);
    bool watched(double t, double& h);
    double gain() const;  // of halving the step, for the error of the loss
    double fineness(double H, const Allowed& allowed) const;
    static double fall_of(const CaptureModel& model);
    double rounding_of(const CaptureModel& model) const;
    bool rises(const Mesh& mesh, double slack) const;
    bool above(const CaptureModel& model, double slack, double more) const;
    bool only_shows(const Mesh& mesh, double slack, double& shown) const;

    Mesh make(int threads) const;  // throws CutShort

    const Problem<double>& problem_;
    const Cut cut_;
    StepWatch* const watch_;
    std::shared_ptr<const CaptureInputs> inputs_;  // dense inputs; else null
    Mesh fine_;
    std::optional<Mesh> coarse_;  // of orthogonal inputs, and of few pairs
    const double largest_norm_, largest_label_;
    ToldError told_{problem_.d};
    double local_ = 0, drop_rate_ = 0, speed_ = 0;  // of the last step
    // Of orthogonal inputs: the last step's error of neurons that the loss does not see; sums over the
    // leading steps.
    double unseen_ = 0, by_loss_ = 0, by_unseen_ = 0;
    double of_bound_ = 1;  // what the local error was of its bound when it last was known,
    int since_known_ = 0;  // so many steps ago
    double start_ = 0, next_ = 0, speed_sq_ = 0;
    // Of the leading step, near the length that last would have raised the loss.
    double ceiling_ = std::numeric_limits<double>::infinity();
    std::vector<Mark> marks_;  // of the fine mesh in the last advance
    Index accepted_ = 0, rejected_ = 0;
    bool standing_ = false;  // for good: the state does not change any more
    Status stuck_ = Status::kHorizon;
};

}  // namespace pl
