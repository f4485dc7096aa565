// A step of dense inputs: one drive of every neuron by the impulse, then what each does at kinks on its own
// (crossings.hpp, resting.hpp), then the state that this leads to.
#pragma once

#include <vector>

#include "capture/crossings.hpp"
#include "capture/dense_products.hpp"
#include "capture/dense_state.hpp"
#include "capture/inputs.hpp"
#include "capture/moves.hpp"
#include "capture/neuron_step.hpp"
#include "kernel/index.hpp"

namespace pl {

class DenseStep {
  public:
    // Views: the state that steps start from, and the one that takes where they lead.
    DenseStep(const CaptureInputs& inputs, DenseProducts& products, const DenseState& now, DenseState& trial,
              int threads);

    struct Order {
        const double* impulse;  // (n)
        double h;
        bool still;              // the run is at rest
        const double* decaying;  // (p, stride): then what drives each neuron by r, if that is known; or null
        bool exact;              // the end is to be right to rounding as to which pairs rest
        CutOff cut;
    };
    // False if it was cut off, or if more pairs change side than can be followed: of the trial then nothing
    // may be used.
    bool make(const Order& order);
    // What the trial's neurons are off by because of the outer weights that were held in the middle of the
    // step: the largest, of its own size.
    double neuron_error() const;

    static double bytes(const Problem<double>& problem);

  private:
    template <class Visit>
    void each_neuron(const Visit& visit);
    NeuronStep neuron(Index j);
    double mean_weight(Index j) const;
    void drive();
    void advance();
    void refresh();
    bool too_many_kinks() const;
    void meet_kinks();
    void follow(const NeuronStep& step, Index known);
    void end(const NeuronStep& step);
    void let_go_of_others();
    void conclude();
    void leave();

    const CaptureInputs& inputs_;
    DenseProducts& products_;
    const DenseState& now_;
    DenseState& trial_;
    const int threads_;
    SingleMoves moves_;
    Crossings crossings_;
    const std::vector<double> invariant_;  // (p): a_j^2 - norm(w_j)^2
    Order order_{};                        // under way
    std::vector<double> early_;            // (n): its impulse, were the residuals to stay
    Buffer<double> G_;                     // (p, stride): what drives each neuron
    std::vector<double> middle_;           // (p): a_j in the middle of the step
    // (p): whether kinks have moved the neuron; it does nothing but rest at them; it ends at them to
    // rounding; kinks that coincide had it followed by the rule
    std::vector<unsigned char> moved_, stays_, exact_, by_rule_;
    std::vector<Index> most_held_;  // (p): pairs held at once on the way through the step, at most
};

}  // namespace pl
