// What every method tells of the state it has reached: to whoever records it (rows.hpp) and to whoever judges
// it (verdict.hpp). Asked for only where it is wanted: some answers cost a pass over the data.
#pragma once

#include <vector>

#include "kernel/kernel.hpp"
#include "problem/at_kinks.hpp"

namespace pl {

// Outer weights and norm(w_j)^2 (represented coordinates) of a state, in double.
struct NeuronFacts {
    std::vector<double> a, w_sq;  // (p)
};

// sum_j abs(a_j) norm(w_j): over p and times norm(x_i) it bounds the sizes of the terms of h(x_i).
double output_size(const NeuronFacts& neurons);

// a_j^2 - norm(w_j)^2, constant along the flow (Lemma 1).
std::vector<double> invariants(const NeuronFacts& neurons);
// max_j abs( (a_j^2 - norm(w_j)^2) - (the same at the start) ).
double invariant_drift(const std::vector<double>& start, const NeuronFacts& now);

// The velocity taken, per neuron, theta_j = (w_j, a_j): norm(dtheta_j/dt)^2 and <theta_j, dtheta_j/dt>.
struct NeuronMotion {
    std::vector<double> speed_sq, growth;  // (p)
};

template <class Real>
class State {
  public:
    virtual ~State() = default;

    virtual double sum_r2() const = 0;
    virtual double velocity_sq() = 0;  // sum_j norm(dw_j/dt)^2 + (da_j/dt)^2, the velocity taken
    virtual Index n_active() const = 0;
    // Orthogonal inputs: sum of y_i^2 over the points on which the loss can never fall below y_i^2 / (2n).
    virtual double dead_label_sq() const = 0;
    virtual NeuronFacts neurons() const = 0;
    virtual NeuronMotion motion() = 0;  // of a method that knows no better, its mean over the last step
    // sum_j a_j max(z_ji, 0) (n) in double, each as a sum of at most output_terms() products.
    virtual std::vector<double> outputs() const = 0;
    virtual Index output_terms() const = 0;
    virtual void write_state(Real* W, Real* a) const = 0;  // (p, d), (p)
    // Every pair whose mode the sign of its z in (W, a) does not say, by neuron and point.
    virtual std::vector<PairAtKink> kinks() { return {}; }
};

}  // namespace pl
