// The capture method's model of inputs X (n, d): a state, the trial that a step makes of it (dense_step.hpp),
// K of its pattern (frozen.hpp), and its velocity (velocity.hpp).
#pragma once

#include <memory>
#include <optional>

#include "capture/dense_products.hpp"
#include "capture/dense_state.hpp"
#include "capture/dense_step.hpp"
#include "capture/frozen.hpp"
#include "capture/inputs.hpp"
#include "capture/mean_motion.hpp"
#include "capture/model.hpp"
#include "capture/moved.hpp"
#include "capture/velocity.hpp"
#include "kernel/index.hpp"

namespace pl {

class DenseCapture final : public LinearisedModel {
  public:
    DenseCapture(std::shared_ptr<const CaptureInputs> inputs, int threads, Cut cut = nullptr);
    DenseCapture(const DenseCapture&) = delete;  // its parts look at its states
    DenseCapture& operator=(const DenseCapture&) = delete;

    int points() const override { return static_cast<int>(now_.n()); }
    const std::vector<double>& residuals() const override { return now_.r; }
    double sum_r2() const override { return now_.sum_r2; }

    // Of a step that was not made, the residuals are NaN.
    void attempt(const double* impulse, double h) override;
    const std::vector<double>& trial_residuals() const override { return trial_.r; }
    double trial_sum_r2() const override { return trial_.sum_r2; }
    double trial_excess() const override { return hidden_rise(trial_); }
    double trial_neuron_error() const override { return step_.neuron_error(); }
    double trial_motion() const override;
    double trial_travel_sq() const override { return travel_sq(now_, trial_); }
    void write_trial(const double*, double* W, double* a) const override { trial_.write(W, a); }
    void accept(double h, std::vector<double>& before) override;
    void closely(bool exact) override { closely_ = exact; }

    void product(const double* q, double* out) override;
    bool at_rest() const override { return still_; }
    void decay(double* out) override;

    bool in_range() override { return inputs_in_range_ && is_seen(); }
    bool stands(double t, double speed_sq) override;

    double velocity_sq() override { return velocity().sq; }
    NeuronMotion motion() override;
    Index at_kinks() override;
    // Those at rest, with the shares of this instant, and those within rounding of their kinks.
    std::vector<PairAtKink> kinks() override;
    Index n_active() const override;
    double dead_label_sq() const override { return now_.dead_label_sq(inputs_->given(), inputs_->copies()); }
    NeuronFacts neurons() const override { return now_.facts(); }
    std::vector<double> outputs() const override { return now_.outputs(inputs_->given()); }
    Index output_terms() const override { return now_.d + now_.p(); }
    void write_state(double* W, double* a) const override { now_.write(W, a); }
    const Passes* passes() const override { return &passes_; }
    Index dependent() const override { return dependent_; }
    Index evaluations() const override { return evaluations_; }

    static double bytes(const Problem<double>& problem);

  private:
    bool is_seen();
    const Velocity& take_velocity();
    const Velocity& velocity() { return velocity_ ? *velocity_ : take_velocity(); }
    void count_dependent();
    bool cut() const { return cut_ && cut_(); }
    CutOff cut_off() const {
        return {[](const void* whom) { return static_cast<const DenseCapture*>(whom)->cut(); }, this};
    }

    std::shared_ptr<const CaptureInputs> inputs_;
    const int threads_;
    const Cut cut_;
    const double largest_norm_;  // of an input
    const bool inputs_in_range_;
    DenseState now_, trial_;  // after a step: trial_ the state before it
    DenseProducts products_;
    DenseStep step_;
    FrozenPattern frozen_;
    Passes passes_;
    MeanMotion mean_;

    // Of the state, once asked for: whether K is taken; the velocity, and what drives each neuron in it
    // (p, stride); at rest the same under K's pattern, whether it is known.
    bool frozen_taken_ = false, decay_taken_ = false;
    std::optional<Velocity> velocity_;
    mutable std::optional<double> motion_;  // of the trial
    Buffer<double> drive_, decaying_;

    double h_before_ = 0;                   // of the last step; 0: there was none
    bool closely_ = false, still_ = false;  // asked for; the last step found the run at rest
    // The last step did not change the loss; it was made closely, or the next is to be; since when asked.
    bool unmoved_ = false, made_closely_ = false, to_stand_ = false;
    int since_asked_ = 0;
    Index dependent_ = 0, evaluations_ = 0;
};

}  // namespace pl
