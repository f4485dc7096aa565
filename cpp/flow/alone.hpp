// Neurons followed one by one along the residuals of a step, each through events of its own: those of which
// the others need not know within the step (quiet.hpp, several.hpp). Nothing is changed until they are
// placed. Threads share the neurons; what comes of them lies in their order, whoever followed which.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "flow/follower.hpp"

namespace pl {

class Alone : OnNeurons {
  public:
    Alone(const Problem<double>& problem, const OnNeurons& flow, Crew crew);

    void begin();  // along the residuals of the polynomial that the jets hold
    // Follows these neurons from t to t + h; false: one of them cannot be, or `cut` says so, which is asked
    // now and then. `grazes`, which holds them: their passes are noted there.
    bool follow(const std::vector<int>& neurons, double t, double h, Grazes* grazes,
                const std::function<bool()>& cut);
    bool below(double size_sq) const;  // all that were followed, at t + h: their norm(w_j, a_j)^2

    void write(double* W, double* a) const;  // their rows of W (p, d) and a (p)
    void place();   // into the jets' trial state, which is at t + h, their modes into those of the pairs
    void remove();  // the modes are what they were
    void keep();    // the trial state is the present one, and what happened to them is told
    void forget();  // or not
    Index evaluations() const { return evaluations_; }  // of the field: of as many neurons as there are

  private:
    Follower& follower(int worker);
    void exchange();
    Index all_evaluations() const;

    const Inputs alone_;  // of a network of one neuron: the one that is followed
    const Crew crew_;
    std::vector<std::unique_ptr<Follower>> followers_;  // of each of the crew; null before its first neuron
    std::vector<std::vector<double>> residuals_;        // of the step
    std::vector<Moved> moved_;
    Index before_ = 0, evaluations_ = 0;
};

}  // namespace pl
