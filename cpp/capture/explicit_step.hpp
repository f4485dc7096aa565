// Steps of a model of which only right-hand sides are known:
//     Adams-Bashforth (adams.hpp)         one right-hand side, stable to h rho = 1; where damped to 1/2,
//                                         rho then being that of what damping leaves
//     Runge-Kutta-Chebyshev of s stages   s right-hand sides, stable to h rho = 0.65 (s^2 - 1): in the tail,
//                                         and at the start, which has no past
#pragma once

#include <vector>

#include "capture/adams.hpp"
#include "capture/step.hpp"
#include "stabilised/rkc.hpp"
#include "stabilised/spectral.hpp"

namespace pl {

class ExplicitStep final : public CaptureStep {
  public:
    explicit ExplicitStep(ExplicitModel& model, int threads = 1, Cut cut = nullptr)
        : CaptureStep(std::move(cut)), model_(model), adams_(threads) {}

    void attempt(double h, double fine) override;
    double error() override { return error_; }
    double bound() const override { return error_; }
    void accept(double h) override;
    // Takes over the model's damping, too.
    void refresh() override;
    void follow(const CaptureStep& other) override;
    double longest_cheap() const override;
    // The impulse on the way is the cubic between those of both ends, whose slopes are the residuals there.
    void look_into(double h) override;
    void attempt_within(double s) override;

  private:
    const CaptureModel& model() const override { return model_; }
    double adams_reach() const;  // the longest step of Adams-Bashforth; 0 if there is no past
    bool damped() const { return adams_.damping() != nullptr; }
    void damp();
    bool chebyshev(double h);

    ExplicitModel& model_;
    Adams adams_;
    Rkc rkc_;
    SpectralRadius power_;
    double left_ = 0;  // spectral radius of what damping leaves of dr/dQ
    double error_ = 0;
    bool stages_ = false;              // the last attempt was of Runge-Kutta-Chebyshev
    std::vector<double> whole_, end_;  // impulse of the step that is looked into, residuals at its end
    double length_ = 0;                // of it
};

}  // namespace pl
