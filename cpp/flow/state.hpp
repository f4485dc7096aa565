// What the flow tells of its state: the jets hold it, the pairs know which of it is on.
#pragma once

#include <vector>

#include "flow/cell_flow.hpp"
#include "flow/jets.hpp"
#include "problem/state.hpp"

namespace pl {

class FlowState final : public State<double> {
  public:
    FlowState(const Problem<double>& problem, const Inputs& inputs, const Jets& jets, const Pairs& pairs,
              CellFlow& cells);

    double sum_r2() const override { return cells_.on() ? cells_.sum_r2() : jets_.residual_sq(); }
    double velocity_sq() override { return cells_.on() ? cells_.velocity_sq() : jets_.velocity_sq(); }
    Index n_active() const override;
    // Points whose live neurons are gone, or pull the wrong way with signs that cannot change: they keep
    // abs(r_i) >= abs(y_i) for ever.
    double dead_label_sq() const override;
    NeuronFacts neurons() const override;
    NeuronMotion motion() override;
    std::vector<double> outputs() const override;  // of the numbers (W, a), whatever the modes
    Index output_terms() const override;
    void write_state(double* W, double* a) const override;
    std::vector<PairAtKink> kinks() override;

  private:
    struct Rows {
        const double* first;
        Index stride;
        const double* of(Index j) const { return first + j * stride; }
    };
    Rows rows() const;  // w_j
    void preactivations(const double* w, Index first, Index last,
                        double* z) const;  // of points first .. last - 1
    double share(int j, int i) const;      // lam_ji

    const Problem<double>& problem_;
    const Inputs& in_;
    const Jets& jets_;
    const Pairs& pairs_;
    CellFlow& cells_;  // they may hold the state: what is more than a sum over cells they show first
    mutable std::vector<double> W_;  // (p, d) of orthogonal inputs
};

}  // namespace pl
