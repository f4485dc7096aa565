// The step loop of explicit Euler over integer time, on any model of the state (dense_model.hpp,
// orthogonal_model.hpp): a State that also knows evaluate, prepare, advance, retreat and finite.
#pragma once

#include <limits>
#include <utility>

#include "euler/euler.hpp"

namespace pl {

template <class Real, class Model>
class Trajectory {
  public:
    // `first` is asked until the first state is known, as it was while the model was made. The run began
    // then.
    Trajectory(const Problem<Real>& problem, const EulerOptions& options, Model& model, int threads,
               const Watch& first, StopRules::Clock::time_point began);

    EulerResult<Real> run();

  private:
    bool evaluate(Index k);
    EulerResult<Real> unbegun();
    double loss() const { return model_.sum_r2() / (2 * static_cast<double>(problem_.n)); }
    void note_rise(Index k);
    const Moment& moment(Index k);
    EulerResult<Real> finish(Index k, Status status);

    const Problem<Real>& problem_;
    const EulerOptions& options_;
    Model& model_;
    const int threads_;
    const Watch& first_watch_;
    const StopRules::Clock::time_point began_;
    Control& control_;
    Ticker ticker_;
    const Index first_;
    double loss_before_ = 0;
    Moment moment_;
    EulerResult<Real> result_;
    Recorder<Real, Index> recorder_;
    Verdict<Real> verdict_;
};

}  // namespace pl

#include "euler/trajectory.inl"
