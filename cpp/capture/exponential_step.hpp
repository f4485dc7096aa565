// Steps of a model that knows K = -dr/dQ on the frozen pattern, exponential ones (Rosenbrock-Euler):
//     Q = h phi_1(h K) r,
// exact while the pattern lasts, stable at any h; one right-hand side, and 5 to 12 products with K.
#pragma once

#include <vector>

#include "capture/step.hpp"
#include "stabilised/lanczos.hpp"

namespace pl {

class ExponentialStep final : public CaptureStep {
  public:
    explicit ExponentialStep(LinearisedModel& model, Cut cut = nullptr)
        : CaptureStep(std::move(cut)), model_(model) {}

    void attempt(double h, double fine) override;
    double error() override;
    double bound() const override { return known_error_ ? error_ : bound_; }
    void accept(double h) override;
    // Every step shows the radius, and none is held by it but at rest.
    void refresh() override;
    double longest() const override;
    void look_into(double /*h*/) override {}
    void attempt_within(double s) override;

  private:
    const CaptureModel& model() const override { return model_; }
    Lanczos::Product product();  // with K
    void begin_space();
    void take_radius();
    void take_impulse(double h);
    bool predict(double h, double fine);
    void take_off(double h);
    double defect(double h);

    LinearisedModel& model_;
    Lanczos space_, defect_space_;      // of r, or at rest of K r; of what K leaves undone
    std::vector<double> decay_;         // K r at rest, else empty
    std::vector<double> linear_, off_;  // exp(-h K) r; scratch
    std::vector<double> before_;        // residuals at the start of the last step
    double tried_ = 0;                  // length of the last attempt
    double error_ = 0, bound_ = 0;      // of it
    bool known_error_ = true;           // else bound_ is all that is known of it
    bool spanned_ = false;              // space_ is of the state
};

}  // namespace pl
