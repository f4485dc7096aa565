// Where the coordinates of every neuron lie in the vectors of jets, one neuron after another: of dense inputs
// all of w_j, padded to whole vectors; of orthogonal ones those of its pairs that are on, for the others
// never move again.
#pragma once

#include <vector>

#include "flow/pairs.hpp"
#include "kernel/index.hpp"

namespace pl {

class JetLayout {
  public:
    explicit JetLayout(const Inputs& inputs) : in_(inputs), from_(at(inputs.p) + 1, 0) {}

    // Lays them out anew, for pairs that are on, and W (p, d).
    void lay_out(const Pairs& pairs, const double* W);

    Index size() const { return from_.back(); }
    Index from(Index j) const { return from_[at(j)]; }
    Index width(Index j) const { return from_[at(j + 1)] - from_[at(j)]; }
    // Orthogonal inputs: the point of a coordinate and its norm, 0 if the pair has died (or for padding).
    int point(Index l) const { return point_[at(l)]; }
    double norm(Index l) const { return norm_[at(l)]; }

    // w (size()) of W (p, d), in zeroed memory.
    void pack(const double* W, Index begin, Index end, double* w) const;  // of these neurons
    // Every w_j (p, d) of a vector of them; the others stay as they are in W.
    void unpack(const double* w, double* W) const;

    // Every coordinate (p, d) where it was laid out, or died; those that no longer move are right.
    const std::vector<double>& outside() const { return outside_; }
    // Orthogonal inputs: of pair (j, i), off for good with w_ji where it is, the place of its coordinate.
    Index bury(int j, int i, const double* w);
    bool crowded() const { return 4 * buried_ >= size_of(norm_); }  // with graves: to be laid out anew

  private:
    const Inputs& in_;
    std::vector<Index> from_;      // (p + 1)
    std::vector<int> point_;       // by coordinate
    std::vector<double> norm_;     // by coordinate
    std::vector<double> outside_;  // (p, d)
    Index buried_ = 0;
};

}  // namespace pl
