// Neurons too small for the residuals to see: what each adds to an output is below the rounding of the
// labels,
//
//   norm(x_i) abs(a_j) norm(w_j) <= norm(x_i) norm(w_j, a_j)^2 / 2 < u max abs(y_i).
//
// To rounding the others do not know of them, so their events end nobody's step: the others' step is taken,
// and each of these then follows the residuals of that step on its own, through events of its own. They are
// looked for anew in every step, as it begins, by the state alone.
#pragma once

#include <functional>
#include <vector>

#include "flow/on_neurons.hpp"

namespace pl {

class Quiet : OnNeurons {
  public:
    Quiet(const Problem<double>& problem, const OnNeurons& flow);

    // Marks them in the jets, which are at order 1; returns for how long they stay quiet (infinity: none).
    double choose();
    bool any() const { return !chosen_.empty(); }
    // Follows them from t to t + h, along the jets' residuals; nothing is changed yet. False: cut off, or
    // there is one that cannot be followed alone.
    bool follow(double t, double h, const std::function<bool()>& cut);
    void commit();  // the jets hold t + h: here they are, too
    void forget();  // the step is not taken, or was: no neuron stands still any more

    Index evaluations() const { return evaluations_; }  // of the field: of as many neurons as there are

  private:
    struct Moved {
        int neuron;
        std::vector<double> w;
        double a, sign, largest_w, largest_a;
        std::vector<Mode> modes;
        KinkBasis slide;
    };
    bool follow(int j, double t, double h);
    void load(int j);
    void take(int j);
    bool settle_releases(double t);
    double advance(double t, double left);

    const Inputs alone_;  // of a network of one neuron: the one that is followed
    Pairs pair_;
    Jets jet_;
    Noise noise_alone_;
    Near near_;
    Switcher switch_;
    EventSearch search_;
    std::vector<int> chosen_;
    std::vector<std::vector<double>> residuals_;  // of the step
    std::vector<Moved> moved_;
    Index evaluations_ = 0;
    const bool possible_;
};

}  // namespace pl
