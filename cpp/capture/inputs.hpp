// Dense inputs in the layouts that a run of the capture method reads.
#pragma once

#include "capture/neuron.hpp"
#include "flow/problem.hpp"
#include "kernel/index.hpp"
#include "run/packed.hpp"

namespace pl {

double norm_sq(const double* w, Index width);

// The problem in the terms of Euler's kernel; orthogonal inputs stay norms.
Problem<double> as_problem(const FlowProblem& flow);

// The inputs in the layouts that the models of one problem share.
class CaptureInputs {
  public:
    CaptureInputs(const FlowProblem& problem, int threads);

    const Problem<double>& problem() const { return problem_; }
    const PackedProblem<double>& packed() const { return packed_; }
    const PackedProblem<float>& single() const { return single_; }
    InputRows rows() const { return {rows_.data(), stride_, float_rows_.data(), float_stride_}; }
    static double bytes(const FlowProblem& problem);

  private:
    Problem<double> problem_;
    PackedProblem<double> packed_;
    PackedProblem<float> single_;
    Index stride_, float_stride_;
    Buffer<double> rows_;
    Buffer<float> float_rows_;
};

}  // namespace pl
