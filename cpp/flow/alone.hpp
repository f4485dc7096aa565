// Neurons followed one by one along the residuals of a step, each through events of its own: those of which
// the others need not know within the step (quiet.hpp, several.hpp). Nothing is changed until they are
// placed.
#pragma once

#include <vector>

#include "flow/grazes.hpp"
#include "flow/on_neurons.hpp"

namespace pl {

class Alone : OnNeurons {
  public:
    Alone(const Problem<double>& problem, const OnNeurons& flow);

    void begin();  // along the residuals of the polynomial that the jets hold
    // Follows neuron j from t to t + h; false: it cannot be. `grazes`: its passes are noted there.
    bool follow(int j, double t, double h, Grazes* grazes = nullptr);
    double size_sq() const;  // norm(w_j, a_j)^2 of the neuron followed last, at t + h

    void write(double* W, double* a) const;  // their rows of W (p, d) and a (p)
    void place();   // into the jets' trial state, which is at t + h, their modes into those of the pairs
    void remove();  // the modes are what they were
    void keep();    // the trial state is the present one, and what happened to them is told
    void forget();  // or not
    Index evaluations() const { return evaluations_; }  // of the field: of as many neurons as there are

  private:
    struct Moved {
        int neuron;
        std::vector<double> w;
        double a, sign;
        std::vector<Mode> modes;
        KinkBasis slide;
    };
    void load(int j);
    void take(int j);
    void exchange();
    bool settle_releases(double t);
    double advance(double t, double left, int j, Grazes* grazes);

    const Inputs alone_;  // of a network of one neuron: the one that is followed
    Pairs pair_;
    Jets jet_;
    Noise noise_alone_;
    Near near_;
    Switcher switch_;
    EventSearch search_;
    std::vector<std::vector<double>> residuals_;  // of the step
    std::vector<Moved> moved_;
    Index before_ = 0, evaluations_ = 0;
};

}  // namespace pl
