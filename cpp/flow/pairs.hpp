// The inputs as the flow reads them, and the discrete state: the mode of every pair with the lists the
// field sums over.
#pragma once

#include <vector>

#include "problem/basis.hpp"
#include "flow/flow.hpp"
#include "kernel/index.hpp"

namespace pl {

constexpr Index kPad = 8;  // neuron vectors are zero-padded to whole vectors of this many numbers

class Inputs {
  public:
    explicit Inputs(const Problem<double>& problem);

    bool dense() const { return !rows_.empty(); }
    Index stride() const { return stride_; }
    const double* row(int i) const { return rows_.data() + i * stride_; }
    const double* rows() const { return rows_.data(); }
    double norm(int i) const { return norms_[at(i)]; }
    double largest_norm() const { return largest_; }
    double largest_label() const { return label_; }
    // Taylor coefficients are those of a polynomial in t / unit(): in seconds they would leave the range of
    // numbers where rates are far from 1. A power of two, and 1 but for such data.
    double unit() const { return unit_; }

    int n, d, p;
    const double* y;

  private:
    Index stride_;
    std::vector<double> rows_, norms_;
    double largest_ = 0.0, label_ = 0.0, unit_ = 1.0;
};

struct Pairs {
    Pairs(int n, int d, int p, bool dense);

    Mode mode(int j, int i) const { return modes[at(index(j, i))]; }
    void set(int j, int i, Mode mode);  // keeps the lists sorted; `slide` is the kink solver's
    void list();                        // `on` and `who` from the modes
    Index index(int j, int i) const { return Index{j} * n + i; }
    bool moves(int j) const { return !on[at(j)].empty() || slide[at(j)].size() > 0; }

    int n, p;
    bool dense;
    std::vector<Mode> modes;
    std::vector<std::vector<int>> on;   // points on, per neuron
    std::vector<std::vector<int>> who;  // neurons on, per point (dense inputs)
    std::vector<KinkBasis> slide;       // points slid on, per neuron
};

}  // namespace pl
