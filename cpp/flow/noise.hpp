// What of a state is rounding: its scales, by the sizes seen so far.
#pragma once

#include <utility>
#include <vector>

#include "flow/flow.hpp"
#include "flow/jets.hpp"
#include "flow/pairs.hpp"
#include "problem/basis.hpp"

namespace pl {

// Scales below which z_ji, multipliers and a_j are rounding noise.
class Noise {
  public:
    explicit Noise(const Inputs& inputs);
    void follow(const Jets& jets);         // after every step: norms seen so far, and the terms of residuals
    void grow(int j, double w, double a);  // the same of one neuron
    void leave(FlowPast& past) { past.largest_w = std::move(w_), past.largest_a = std::move(a_); }
    void recall(const std::vector<double>& w, const std::vector<double>& a) { w_ = w, a_ = a; }
    void recall(const Noise& whole, int j);  // of one neuron of it, which sees the residuals of all
    const std::vector<double>& largest_w() const { return w_; }
    const std::vector<double>& largest_a() const { return a_; }
    double z(int j, int i) const;
    double w(int j) const;
    double outer(int j) const;
    double residual() const { return residual_; }
    double multiplier(const KinkBasis& slide) const;
    double gradient() const;  // of <v, x>/norm(x) in the kink solver's units

  private:
    const Inputs& in_;
    double residual_;
    std::vector<double> w_, a_;
};

}  // namespace pl
