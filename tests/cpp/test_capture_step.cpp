// The step of the capture method by itself, on a model with a closed form: r_i = exp(-k_i q_i), dq_i/dt =
// r_i, so that q_i = log(1 + k_i t) / k_i. Order 2 of Adams-Bashforth at even and uneven steps, 3 with
// damping right or wrong, and an error estimate that is the local error of the impulse. On r_i = 1 - k_i q_i
// with the right damping: exact at any step.
#include <cmath>
#include <optional>
#include <vector>

#include "capture/explicit_step.hpp"
#include "check.hpp"

namespace {

using Vector = std::vector<double>;
constexpr double kFine = 1e-4;

class Decay : public pl::ExplicitModel {
  public:
    // D is `share` of -dr/dq.
    explicit Decay(std::optional<double> share) : share_(share), q_(kRates.size(), 0.0) {
        residuals_at(q_, r_);
    }

    int points() const override { return static_cast<int>(kRates.size()); }
    const Vector& residuals() const override { return r_; }
    const Vector& trial_residuals() const override { return trial_r_; }
    double sum_r2() const override { return sum(r_); }
    double trial_sum_r2() const override { return sum(trial_r_); }
    Vector damping() override {
        Vector d;
        for (std::size_t i = 0; share_ && i < q_.size(); ++i) d.push_back(*share_ * kRates[i] * r_[i]);
        return d;
    }
    void attempt(const double* impulse, double) override {
        trial_q_ = q_;
        for (std::size_t i = 0; i < q_.size(); ++i) trial_q_[i] += impulse[i];
        residuals_at(trial_q_, trial_r_);
        ++evaluations_;
    }
    void accept(double, Vector& before) override {
        before = r_;
        q_ = trial_q_;
        r_ = trial_r_;
    }
    std::int64_t evaluations() const override { return evaluations_; }
    void write_trial(const double*, double*, double*) const override {}
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
    std::int64_t at_kinks() override { return 0; }
    double dead_label_sq() const override { return 0; }
    pl::NeuronFacts neurons() const override { return {}; }
    pl::NeuronMotion motion() override { return {}; }
    Vector outputs() const override { return {}; }
    pl::Index output_terms() const override { return 0; }
    void write_state(double*, double*) const override {}

  private:
    static inline const Vector kRates{1.0, 3.0};
    static double sum(const Vector& r) {
        double squares = 0.0;
        for (const double v : r) squares += v * v;
        return squares;
    }
    static void residuals_at(const Vector& q, Vector& r) {
        r.resize(q.size());
        for (std::size_t i = 0; i < q.size(); ++i) r[i] = std::exp(-kRates[i] * q[i]);
    }

    std::optional<double> share_;
    Vector q_, r_, trial_q_, trial_r_;
    std::int64_t evaluations_ = 0;
};

struct Outcome {
    double off, error;  // of the impulse at the end; estimate of the last step
};

// To t = 1 in steps that are `uneven` times longer every other time.
Outcome run(std::optional<double> share, double uneven, int steps) {
    Decay model(share);
    pl::ExplicitStep step(model);
    const double h = 2.0 / (steps * (1.0 + uneven));
    double t = 0.0;
    for (int k = 0; k < steps; ++k) {
        const double length = k % 2 == 0 ? h : uneven * h;
        step.refresh();
        step.attempt(length, kFine);
        step.accept(length);
        t += length;
    }
    CHECK(std::abs(t - 1.0) < 1e-12);
    CHECK(step.stabilised() == 1);  // the first, which has no past
    return {model.off(t), step.error()};
}

// A weight of h / (2 h') that is halved, or right at even steps only, leaves order 1; so does a bend that is
// not carried over to another damping (two changes in 128 steps, four in 256).
void check_order() {
    for (const std::optional<double> share : {std::optional<double>(), {0.0}, {1.0}, {0.6}}) {
        for (const double uneven : {1.0, 1.5}) {
            const Outcome coarse = run(share, uneven, 128), fine = run(share, uneven, 256);
            const double expected = share ? 3.0 : 2.0;
            CHECK(std::log2(coarse.off / fine.off) > expected - 0.1);
            CHECK(std::abs(std::log2(coarse.error / fine.error) - expected) < 0.1);
        }
    }
}

// dq_i/dt = 1 - k_i q_i, k_i from 1e-3 to 80, h k_i up to 240: r is exp(-k_i t).
class Linear : public Decay {
  public:
    Linear() : Decay(1.0), q_(kDecays.size(), 0.0), r_(kDecays.size(), 1.0) {}
    int points() const override { return static_cast<int>(kDecays.size()); }
    const Vector& residuals() const override { return r_; }
    const Vector& trial_residuals() const override { return trial_r_; }
    double sum_r2() const override { return 1; }
    Vector damping() override { return kDecays; }
    void attempt(const double* impulse, double) override {
        trial_q_ = q_, trial_r_ = r_;
        for (std::size_t i = 0; i < q_.size(); ++i) {
            trial_q_[i] += impulse[i];
            trial_r_[i] = 1.0 - kDecays[i] * trial_q_[i];
        }
    }
    void accept(double, Vector& before) override {
        before = r_;
        q_ = trial_q_;
        r_ = trial_r_;
    }
    static inline const Vector kDecays{1e-3, 0.3, 0.99, 1.01, 7.0, 80.0};

  private:
    Vector q_, r_, trial_q_, trial_r_;
};

void check_linear() {
    Linear model;
    pl::ExplicitStep step(model);
    double t = 0;
    for (const double h : {1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 4e-3, 0.016, 0.06, 0.2, 0.8, 3.0}) {
        step.refresh();
        step.attempt(h, kFine);
        step.accept(h);
        t += h;
    }
    CHECK(step.stabilised() == 1);
    for (std::size_t i = 0; i < Linear::kDecays.size(); ++i)
        CHECK(std::abs(model.residuals()[i] - std::exp(-Linear::kDecays[i] * t)) < 1e-12);
}

// On the second step, whose past is nearly exact: error() times h norm(r) is what the impulse is off by.
void check_estimate() {
    Decay model(std::nullopt);
    pl::ExplicitStep step(model);
    const double first = 1e-4, h = 1e-3;
    step.refresh();
    for (const double length : {first, h / 4, h}) {
        step.attempt(length, kFine);
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
    check_linear();
    check_estimate();
    std::printf("ok\n");
}
