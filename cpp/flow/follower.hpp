// One neuron followed along given residuals, through events of its own, on one thread: it reads the flow, and
// moves nothing but a copy of the neuron.
#pragma once

#include <vector>

#include "flow/grazes.hpp"
#include "flow/on_neurons.hpp"

namespace pl {

// Where a neuron has come, and what happened to it on the way.
struct Moved {
    int neuron = -1;
    bool whole = false;  // false: it could not be followed to the end
    std::vector<double> w;
    double a = 0.0, sign = 0.0, size_sq = 0.0;  // norm(w_j, a_j)^2
    std::vector<Mode> modes;
    KinkBasis slide{0};
    Tally tally{false};
};

// A stretch of time, and the residuals in it: their coefficients from its start.
struct Stretch {
    double t, h;
    const std::vector<std::vector<double>>& residuals;
};

class Follower : OnNeurons {
  public:
    Follower(const Inputs& alone, const OnNeurons& flow);

    // Follows neuron j; `grazes`: its passes are noted there. The same wherever this was used before.
    Moved follow(int j, const Stretch& stretch, Grazes* grazes);
    Index evaluations() const { return jet_.evaluations(); }  // of one neuron's field

  private:
    void load(int j);
    Moved take(int j) const;
    int settle_releases(double t);
    int most_at_once() const { return 64 + 8 * (in_.n + 1); }  // events of one instant
    bool go(int j, const Stretch& stretch, Grazes* grazes);
    double advance(double t, double left, int j, const Stretch& stretch, Grazes* grazes);

    Pairs pair_;
    Jets jet_;
    Noise noise_alone_;
    Near near_;
    Tally tally_;
    Switcher switch_;
    EventSearch search_;
    bool waits_ = false;  // the last step ended at a release alone, which is still to come
};

}  // namespace pl
