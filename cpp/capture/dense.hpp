// The state of a capture run on inputs X (n, d): pre-activations in memory, so that pairs that change sign
// between the two ends of a step can be seen, and for every neuron the pairs that rest at their kinks.
#pragma once

#include <memory>

#include "capture/frozen.hpp"
#include "capture/inputs.hpp"
#include "capture/model.hpp"
#include "capture/moves.hpp"
#include "capture/rest.hpp"
#include "kernel/index.hpp"

namespace pl {

class DenseCapture : public CaptureModel {
  public:
    DenseCapture(std::shared_ptr<const CaptureInputs> inputs, int threads, Cut cut = nullptr);

    int points() const override { return static_cast<int>(n_); }
    const std::vector<double>& residuals() const override { return now_.r; }
    double sum_r2() const override { return now_.sum_r2; }
    // Of a step in which more pairs change side than can be followed, the residuals are NaN.
    void attempt(const double* impulse, double h) override;
    bool has_product() const override { return true; }
    void product(const double* q, double* out) override;
    bool at_rest() const override { return still_; }
    void decay(double* out) override;
    const std::vector<double>& trial_residuals() const override { return trial_.r; }
    double trial_sum_r2() const override { return trial_.sum_r2; }
    double trial_excess() const override;
    double trial_neuron_error() const override;
    double trial_motion() const override;
    void write_trial(const double* impulse, double* W, double* a) const override;
    double trial_travel_sq() const override;
    void accept(double h, std::vector<double>& before) override;
    double velocity_sq() override;
    Index n_active() const override;
    Index at_kinks() override;
    double dead_label_sq() const override;
    NeuronFacts neurons() const override;
    NeuronMotion motion() override;
    std::vector<double> outputs() const override;
    Index output_terms() const override { return d_ + p_; }
    void write_state(double* W, double* a) const override;
    // Those at rest, with the shares of this instant, and those within rounding of their kinks.
    std::vector<PairAtKink> kinks() override;
    const Passes* passes() const override { return &passes_; }
    Index dependent() const override { return dependent_; }
    Index evaluations() const override { return evaluations_; }
    void closely(bool exact) override { closely_ = exact; }

    static double bytes(const Problem<double>& problem);

  private:
    static constexpr Index kChunk = 4;                         // neurons handed to a thread at a time
    static constexpr Index kAsked = 16;                        // chunks between questions whether to stop
    static constexpr double kMostKinkBytes = 128 * 1048576.0;  // of K, of pairs that change side in a step

    struct State {
        Buffer<double> W, a, z;                     // (p, stride), (p), (p, ldz)
        Buffer<Word> masks;                         // (blocks, p)
        std::vector<double> r;                      // (n)
        std::vector<std::vector<Touched>> touched;  // per neuron; in a state, those at rest
        double sum_r2 = 0;
    };
    State make_state() const;
    void take_known();
    void take_velocity();
    std::vector<PairAtKink> select(Index j, double noise);
    AtRest on_whole_lines(Index j, const AtRest& rest) const;
    bool on(Index j, Index i) const {
        return (now_.masks.data()[i / kBlockPoints * p_ + j] >> (i % kBlockPoints) & 1) != 0;
    }
    struct EndOfStep {
        AtRest rest;
        std::vector<Index> pairs;  // of the touched, one per point
        double size = 0;           // of the terms of w_j
    };
    EndOfStep end_of_step(Index j, const double* impulse, double doubtful) const;
    void put(Index j, const double* impulse, const EndOfStep& end);
    bool stays(Index j, const double* impulse);
    bool vanishes(Index j, const double* impulse);
    void hold(Index j);
    bool come_to_rest(Index j, const double* impulse);
    void join(Index j);
    void look_for_rest(double h);
    void count_dependent();
    void gradient(const double* impulse, CutOff cut);
    void drive(const double* impulse, double h, CutOff cut);
    void advance();
    bool too_many_kinks();
    void begin_touched(Index j);
    void move_weights(Index j);
    Index find_crossings(Index j);
    void refresh();
    void preactivations(const double* W, double* z);
    bool meet_kinks(Index j, const double* impulse);
    bool look_again(Index j, const double* impulse);
    struct Moved {
        double across, along;  // squares
        double all() const { return across + along; }
    };
    Moved moved(Index j) const;
    double turned_sq() const;
    double middle_weight(Index j) const;
    NeuronPath path(Index j, const double* impulse, double outer);
    template <class Visit>
    void over_neurons(const Visit& visit);
    void each_neuron(bool (DenseCapture::*visit)(Index, const double*), const double* impulse);
    void conclude();
    void outer_weights();
    void evaluate_outputs(State& state);
    HalvesArgs<double> halves();
    bool cut() const { return cut_ && cut_(); }
    void abandon();  // the trial
    CutOff cut_off() const {
        return {[](const void* whom) { return static_cast<const DenseCapture*>(whom)->cut(); }, this};
    }

    std::shared_ptr<const CaptureInputs> inputs_;
    const Kernel<double>& kernel_;
    Index n_, d_, p_, stride_, blocks_, ldz_;
    State now_, trial_;
    // Of each neuron that has met kinks: what it knows of its pairs serves the second look.
    std::vector<std::unique_ptr<KinkSolver>> solvers_;
    SingleMoves moves_;
    FrozenPattern frozen_;
    Passes passes_;
    const KinkSweeps sweeps_;
    Index dependent_ = 0;
    bool frozen_taken_ = false;  // of the state
    std::vector<unsigned char> moved_;
    int threads_;
    Buffer<double> G_, scratch_, weights_, r_;
    Buffer<Word> signs_, seen_;  // (p, blocks): of the trial's z; pairs already among the touched
    std::vector<double> invariant_, rate_, middle_;  // (p): a^2 - |w|^2; da/dt; a in the middle of the step
    double velocity_sq_ = -1;                        // of the state; negative: not known yet
    double h_before_ = 0;  // of the last step, from trial_ to now_; 0: there is none
    double clock_ = 0;     // time that this model has gone
    struct {
        std::vector<double> W, a;
        double clock = 0;
    } mark_;                            // a state that motion() has seen; empty: none
    std::vector<PairAtKink> kinks_;     // that it was found with: those at rest
    std::vector<double> norms_;         // (n) of the inputs
    std::vector<double> decaying_;      // (p, stride): the drive by r, once decay() was asked for; else empty
    std::vector<unsigned char> stays_;  // (p): nothing but rests at its kinks in the trial
    std::vector<unsigned char> exact_;  // (p): pairs at rest in the trial are at their kinks to rounding
    bool closely_ = false, still_ = false;  // asked for; the last step found the run at rest
    Index on_at_kinks_ = 0;                 // pairs at z_ji = 0 that are on, once the velocity is known
    Index evaluations_ = 0;
    Cut cut_;
};

}  // namespace pl
