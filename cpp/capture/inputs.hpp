// Dense inputs in the layouts that a run of the capture method reads.
#pragma once

#include <optional>
#include <vector>

#include "capture/copies.hpp"
#include "capture/cut.hpp"
#include "capture/neuron.hpp"
#include "kernel/index.hpp"
#include "problem/packed.hpp"
#include "problem/parallel_inputs.hpp"
#include "problem/problem.hpp"

namespace pl {

// The inputs in the layouts that the models of one problem share.
class CaptureInputs {
  public:
    CaptureInputs(const Problem<double>& problem, int threads, const Cut& cut = nullptr);

    // As steps see it, each input once.
    const Problem<double>& problem() const { return copies_.merged(); }
    const Problem<double>& given() const { return given_; }
    const Copies& copies() const { return copies_; }
    const PackedProblem<double>& packed() const { return packed_; }
    const PackedProblem<float>& single() const { return single_; }
    InputRows rows() const { return {rows_.data(), stride_, float_rows_.data(), float_stride_}; }
    const std::vector<double>& norms() const { return norms_; }  // (n)
    double largest_norm() const;
    bool in_single_range() const;  // all of them, and their products
    // Lines of each input once: at most one opposite.
    const ParallelInputs& parallel() const { return parallel_ ? *parallel_ : copies_.lines(); }
    // Whether there are inputs whose entries are small multiples of one number: such depend on few others.
    bool lattice() const { return lattice_; }
    static double bytes(const Problem<double>& problem);

  private:
    Problem<double> given_;
    Copies copies_;
    PackedProblem<double> packed_;
    PackedProblem<float> single_;
    Index stride_, float_stride_;
    Buffer<double> rows_;
    Buffer<float> float_rows_;
    std::vector<double> norms_;
    bool lattice_ = false;
    std::optional<ParallelInputs> parallel_;  // where there are copies
};

}  // namespace pl
