// The capture method's state for orthogonal inputs x_i = norms[i] e_i, at the cost of the live pairs. The map
// is explicit: an impulse Q takes a live pair to
//     w_ji' = max(0, w_ji + abar_j norms_i Q_i / n),
// and a pair with w_ji <= 0 rests for ever. A trial is not stored: sweeps over the state make it anew, one
// for |w_j'|^2, hence a', and one for r'.
#pragma once

#include "capture/live_pairs.hpp"
#include "capture/model.hpp"
#include "kernel/dispatch.hpp"
#include "kernel/index.hpp"

namespace pl {

class OrthogonalCapture final : public ExplicitModel {
  public:
    // Keeps views on the problem's arrays: W is read again by write_state.
    OrthogonalCapture(const Problem<double>& problem, int threads, const Cut& cut = nullptr,
                      const LiveKernel& kernel = *level().live);

    int points() const override { return n_; }
    const std::vector<double>& residuals() const override { return now_.r; }
    double sum_r2() const override { return now_.sum_r2; }

    // abar_j = a_j + (h/2) da_j/dt, the rate that of the last step. The path of every pair is straight and
    // ends at 0.
    void attempt(const double* impulse, double h) override;
    // The same map: there is no cheaper one. Only the residuals are wanted, and no trial is left.
    void stage(const double* impulse, double h, double* r) override;
    const std::vector<double>& trial_residuals() const override { return trial_.r; }
    double trial_sum_r2() const override { return trial_.sum_r2; }
    void write_trial(const double* impulse, double* W, double* a) const override;
    double trial_travel_sq() const override { return travel_sq_; }
    double trial_neuron_error() const override;
    void accept(double h, std::vector<double>& before) override;

    bool stands(double t, double speed_sq) override;

    double velocity_sq() override;
    // norms_i^2 / (n p) sum of a_j^2 over live pairs: what point i does to itself. A pair dies at z = 0,
    // where its share of r is 0 too.
    std::vector<double> damping() override;
    Index n_active() const override { return pairs_.count(); }
    Index at_kinks() override { return 0; }  // a pair at 0 is dead
    double dead_label_sq() const override;
    NeuronFacts neurons() const override;
    NeuronMotion motion() override;
    std::vector<double> outputs() const override;
    Index output_terms() const override { return p_ + 4; }
    void write_state(double* W, double* a) const override;
    Index evaluations() const override { return evaluations_; }

    // What a model of the problem allocates.
    static double bytes(const Problem<double>& problem);

  private:
    struct State {
        std::vector<double> a, live_squares;  // (p): a_j, and sum of w_ji^2 over live pairs
        std::vector<double> r;                // (n)
        double sum_r2 = 0;
    };

    void start();
    double move(const double* impulse, double h, double* r);
    double off_middle(Index j) const;
    double unseen(Index j) const;
    void set_middle(double h);
    void set_outer();
    OuterWeights outer() const;
    bool keeps_sign(Index j) const;

    const Problem<double> problem_;
    const int n_, p_;
    const Cut cut_;
    mutable LivePairs pairs_;  // its values may be a step behind what it stands for
    State now_, trial_;
    NeuronSums sums_;
    std::vector<double> rate_;       // da_j/dt, mean over the last step
    std::vector<double> bend_;       // d^2 a_j/dt^2, from the last two steps
    double h_before_ = 0;            // their last
    std::vector<double> invariant_;  // a_j^2 - live_squares_j (Lemma 1: dead pairs rest)
    std::vector<double> abar_, escape_;
    std::vector<unsigned char> crossing_;          // a_j may cross 0
    double travel_sq_ = 0, push_ = 0, tried_ = 0;  // of the last attempt: norm of g = (norms_i Q_i / n), h
    const double largest_norm_, label_;
    Index evaluations_ = 0;
};

}  // namespace pl
