// Exponential steps against closed forms: exact while the pattern lasts, of order 2 beyond, with an error
// told.
#include <algorithm>
#include <cmath>

#include "capture/exponential_step.hpp"
#include "check.hpp"
#include "random_problem.hpp"

namespace {

using pl::Index;
using Vector = std::vector<double>;

// dq_i/dt = r_i. Linear: r_i = 1 - k_i q_i, k_i from 1e-3 to 80; else r_i = exp(-k_i q_i).
class Known : public pl::LinearisedModel {
  public:
    Known(Vector rates, bool linear) : rates_(std::move(rates)), linear_(linear), q_(rates_.size(), 0.0) {
        trial_q_ = q_;
        find(q_, r_);
    }
    int points() const override { return static_cast<int>(rates_.size()); }
    const Vector& residuals() const override { return r_; }
    const Vector& trial_residuals() const override { return trial_r_; }
    double sum_r2() const override { return dot(r_, r_); }
    double trial_sum_r2() const override { return dot(trial_r_, trial_r_); }
    void product(const double* v, double* out) override {
        for (std::size_t i = 0; i < rates_.size(); ++i) out[i] = rates_[i] * (linear_ ? 1.0 : r_[i]) * v[i];
    }
    void attempt(const double* impulse, double) override {
        for (std::size_t i = 0; i < q_.size(); ++i) trial_q_[i] = q_[i] + impulse[i];
        find(trial_q_, trial_r_);
    }
    void accept(double, Vector& before) override {
        before = r_;
        q_ = trial_q_;
        r_ = trial_r_;
    }
    // Largest distance from the solution at t.
    double off(double t) const {
        double most = 0.0;
        for (std::size_t i = 0; i < q_.size(); ++i) {
            const double k = rates_[i], exact = linear_ ? -std::expm1(-k * t) / k : std::log1p(k * t) / k;
            most = std::max(most, std::abs(q_[i] - exact));
        }
        return most;
    }

    // what a step does not ask for
    void write_trial(const double*, double*, double*) const override {}
    double trial_travel_sq() const override { return 0; }
    double velocity_sq() override { return 0; }
    Index n_active() const override { return 0; }
    Index at_kinks() override { return 0; }
    Index evaluations() const override { return 0; }
    double dead_label_sq() const override { return 0; }
    pl::NeuronFacts neurons() const override { return {}; }
    pl::NeuronMotion motion() override { return {}; }
    Vector outputs() const override { return {}; }
    Index output_terms() const override { return 0; }
    void write_state(double*, double*) const override {}

  private:
    void find(const Vector& q, Vector& r) const {
        r.resize(q.size());
        for (std::size_t i = 0; i < q.size(); ++i)
            r[i] = linear_ ? 1.0 - rates_[i] * q[i] : std::exp(-rates_[i] * q[i]);
    }
    Vector rates_;
    bool linear_;
    Vector q_, r_, trial_q_, trial_r_;
};

// While the pattern lasts a step of any length is exact: h K up to 8000.
void check_closed_form() {
    Known model({1e-3, 0.3, 0.99, 1.01, 7.0, 80.0}, true);
    pl::ExponentialStep step(model);
    double t = 0.0;
    for (const double h : {3.0, 100.0, 0.5, 20.0}) {
        step.attempt(h, 1e-13);
        CHECK(step.error() < 1e-12);
        step.accept(h);
        t += h;
        CHECK(model.off(t) < 1e-11 * (1.0 + t));
    }
    CHECK(step.stabilised() == 4);
    CHECK(step.radius() > 79.9 && step.radius() < 1.06 * 80.0);
}

// Order 2, and an estimate of the local error that is of order 3 (over h norm(r): 2) and within a factor of
// two of the truth.
void check_order() {
    Vector off, told;
    for (const int steps : {32, 64, 128}) {
        Known model({1.0, 3.0}, false);
        const double h = 1.0 / steps;
        pl::ExponentialStep first(model);  // each step by a method without a past: Adams-Bashforth has none
        first.attempt(h, 1e-13);
        told.push_back(first.error());
        const double size = h * std::sqrt(model.sum_r2());
        first.accept(h);
        const double made = model.off(h) / size;
        CHECK(told.back() > 0.5 * made && told.back() < 2.0 * made);
        for (int k = 1; k < steps; ++k) {
            pl::ExponentialStep step(model);
            step.attempt(h, 1e-13);
            step.accept(h);
        }
        off.push_back(model.off(1.0));
    }
    for (std::size_t k = 0; k < 2; ++k) {
        CHECK(std::abs(std::log2(off[k] / off[k + 1]) - 2.0) < 0.1);
        CHECK(std::abs(std::log2(told[k] / told[k + 1]) - 2.0) < 0.2);
    }
}

}  // namespace

int main() {
    check_closed_form();
    check_order();
    std::printf("ok\n");
}
