// One state of a capture run on inputs X (n, d), and what it tells of itself. Pre-activations are in memory,
// so that pairs that change sign between the two ends of a step can be seen.
#pragma once

#include <vector>

#include "capture/inputs.hpp"
#include "capture/neuron.hpp"
#include "kernel/index.hpp"
#include "problem/buffer.hpp"
#include "problem/state.hpp"

namespace pl {

struct DenseState {
    explicit DenseState(const CaptureInputs& inputs);

    Index d, stride, blocks, ldz;
    Buffer<double> W, a, z;  // (p, stride), (p), (p, ldz)
    Buffer<Word> masks;      // (blocks, p)
    std::vector<double> r;   // (n)
    std::vector<std::vector<Touched>>
        touched;  // (p): the pairs at rest; while a step is made, those it meets
    // (p): points whose kinks the neuron is at, though it is not held there: where it slides nothing moves it
    // off them (coinciding.hpp)
    std::vector<std::vector<int>> beside;
    double sum_r2 = 0;

    Index n() const { return size_of(r); }
    Index p() const { return size_of(touched); }
    double* w_of(Index j) { return W.data() + j * stride; }
    const double* w_of(Index j) const { return W.data() + j * stride; }
    double* z_of(Index j) { return z.data() + j * ldz; }
    const double* z_of(Index j) const { return z.data() + j * ldz; }
    bool on(Index j, Index i) const {
        return (masks.data()[i / kBlockPoints * p() + j] >> (i % kBlockPoints) & 1) != 0;
    }

    void write(double* to_W, double* to_a) const;  // (p, d), (p)
    NeuronFacts facts() const;
    std::vector<double> outputs(const Problem<double>& problem) const;
    double dead_label_sq(const Problem<double>& problem, const Copies& copies) const;
    // Pairs known to slide, where they are at their kinks, and known to be off, where rounding has them on:
    // the sign of z_ji does not say it, so that they are among those at rest. A neuron at w_j = 0 stays
    // there.
    void take_known(const Problem<double>& problem, const std::vector<double>& norms);
    // Those of which nothing is known, within rounding of their kinks, are put on them, off. Their neurons.
    std::vector<Index> put_on_kinks(const Problem<double>& problem, const std::vector<double>& norms);
    // What the rule says of pairs of neuron j that are at z_ji = 0.
    void take(Index j, const std::vector<PairAtKink>& kinks);
    void hold(Index j, Index i, double share);  // at its kink
    // Adds the pairs of neuron j that are not at 0, but within rounding of it.
    void within_rounding(Index j, const std::vector<double>& norms, std::vector<PairAtKink>& found) const;
};

}  // namespace pl
