// The passes over dense inputs that a state is made of, in double precision. What only tells which pairs
// change side takes single precision (moves.hpp).
#pragma once

#include "capture/dense_state.hpp"
#include "capture/inputs.hpp"
#include "kernel/index.hpp"

namespace pl {

class DenseProducts {
  public:
    DenseProducts(const CaptureInputs& inputs, int threads);

    // z (p, ldz) = X W^T of weights (p, stride).
    void preactivations(const double* W, double* z, CutOff cut);
    // G (p, stride): sum_i weights_i 1_ji x_i over the pairs that are on in the masks.
    void gradient(const double* weights, const Word* masks, double* G, CutOff cut);
    // From the state's z and a: its masks, residuals and their squares.
    void outputs(DenseState& state);
    // out_i = sum_j 1_ji z_ji.
    void masked_sums(const double* z, const Word* masks, double* out);

  private:
    HalvesArgs<double> args(CutOff cut) const;

    const PackedProblem<double>& packed_;
    const Kernel<double>& kernel_;
    const int threads_;
    Index n_, p_, blocks_;
    Buffer<double> scratch_, weights_, sums_;  // of the kernel; (ldz) each
};

}  // namespace pl
