// The step of the capture method by itself, on a model with a closed form: r_i = exp(-k_i q_i), dq_i/dt =
// r_i, so that q_i = log(1 + k_i t) / k_i. Order 2 of Adams-Bashforth at even and uneven steps, 3 where the
// model is smooth, and an error estimate that is the local error of the impulse.
#include <cmath>
#include <vector>

#include "capture/step.hpp"
#include "check.hpp"

namespace {

using State = std::vector<double>;

class Decay : public pl::CaptureModel {
  public:
    explicit Decay(bool smooth) : smooth_(smooth), q_(kRates.size(), 0.0) { residuals_at(q_, r_); }

    int points() const override { return static_cast<int>(kRates.size()); }
    const State& residuals() const override { return r_; }
    const State& trial_residuals() const override { return trial_r_; }
    double sum_r2() const override { return sum(r_); }
    double trial_sum_r2() const override { return sum(trial_r_); }
    bool smooth() const override { return smooth_; }
    void attempt(const double* impulse, double) override {
        trial_q_ = q_;
        for (std::size_t i = 0; i < q_.size(); ++i) trial_q_[i] += impulse[i];
        residuals_at(trial_q_, trial_r_);
        ++evaluations_;
    }
    void accept(double, State& before) override {
        before = r_;
        q_ = trial_q_;
        r_ = trial_r_;
    }
    std::int64_t evaluations() const override { return evaluations_; }
    // of the impulse since the start, against q(t)
    double off(double t) const {
        double most = 0.0;
        for (std::size_t i = 0; i < q_.size(); ++i)
            most = std::max(most, std::abs(q_[i] - std::log1p(kRates[i] * t) / kRates[i]));
        return most;
    }

    // what a step does not ask for
    double trial_travel_sq() const override { return 0; }
    double velocity_sq() override { return 0; }
    std::int64_t n_active() const override { return 0; }
    std::int64_t at_kinks() const override { return 0; }
    double dead_label_sq() const override { return 0; }
    pl::NeuronFacts neurons() const override { return {}; }
    State outputs() const override { return {}; }
    pl::Index output_terms() const override { return 0; }
    void write_state(double*, double*) const override {}

  private:
    static inline const State kRates{1.0, 3.0};
    static double sum(const State& r) {
        double squares = 0.0;
        for (const double v : r) squares += v * v;
        return squares;
    }
    static void residuals_at(const State& q, State& r) {
        r.resize(q.size());
        for (std::size_t i = 0; i < q.size(); ++i) r[i] = std::exp(-kRates[i] * q[i]);
    }

    bool smooth_;
    State q_, r_, trial_q_, trial_r_;
    std::int64_t evaluations_ = 0;
};

struct Outcome {
    double off, error;  // of the impulse at the end; estimate of the last step
};

// To t = 1 in steps that are `uneven` times longer every other time.
Outcome run(bool smooth, double uneven, int steps) {
    Decay model(smooth);
    pl::CaptureStep step(model);
    const double h = 2.0 / (steps * (1.0 + uneven));
    double t = 0.0;
    for (int k = 0; k < steps; ++k) {
        const double length = k % 2 == 0 ? h : uneven * h;
        step.radius();
        step.attempt(length);
        step.accept(length);
        t += length;
    }
    CHECK(std::abs(t - 1.0) < 1e-12);
    CHECK(step.stabilised() == 1);  // the first, which has no past
    return {model.off(t), step.error()};
}

// A weight of h / (2 h') that is halved, or right at even steps only, leaves order 1.
void check_order() {
    for (const bool smooth : {false, true}) {
        for (const double uneven : {1.0, 1.5}) {
            const Outcome coarse = run(smooth, uneven, 128), fine = run(smooth, uneven, 256);
            const double expected = smooth ? 3.0 : 2.0;
            CHECK(std::abs(std::log2(coarse.off / fine.off) - expected) < 0.1);
            CHECK(std::abs(std::log2(coarse.error / fine.error) - expected) < 0.1);
        }
    }
}

// On the second step, whose past is nearly exact: error() times h norm(r) is what the impulse is off by.
void check_estimate() {
    Decay model(false);
    pl::CaptureStep step(model);
    const double first = 1e-4, h = 1e-3;
    step.radius();
    for (const double length : {first, h / 4, h}) {
        step.attempt(length);
        if (length < h) step.accept(length);
    }
    const double said = step.error() * h * std::sqrt(model.sum_r2());
    const double before = model.off(first + h / 4);
    step.accept(h);
    const double made = model.off(first + h / 4 + h);
    CHECK(before < 0.05 * made);
    CHECK(said > 0.5 * made && said < 2.0 * made);
}

}  // namespace

int main() {
    check_order();
    check_estimate();
    std::printf("ok\n");
}
