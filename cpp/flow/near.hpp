// Which points can a neuron reach? |z_ji(t) - z_ji(t')| <= norm(x_i) norm(w_j(t) - w_j(t')), so a pair whose
// distance |z_ji| / norm(x_i) from its kink exceeds the way the neuron has gone since the distances were
// taken cannot have switched. Each neuron keeps the pairs within a radius of a reference state, nearest
// first; only those are looked at. Threads may ask about different neurons.
#pragma once

#include <utility>
#include <vector>

#include "flow/arena.hpp"
#include "flow/jets.hpp"
#include "kernel/index.hpp"

namespace pl {

// Pairs of one neuron (distance, point), nearest first.
class NearList {
  public:
    NearList(const std::pair<double, int>* pairs, Index size) : pairs_(pairs), size_(size) {}
    const std::pair<double, int>* begin() const { return pairs_; }
    const std::pair<double, int>* end() const { return pairs_ + size_; }

  private:
    const std::pair<double, int>* pairs_;
    Index size_;
};

class Near {
  public:
    explicit Near(const Inputs& inputs);

    // Pairs (distance at the reference, point) of neuron j, nearest first; those beyond `reach + way` may
    // be missing or follow. `w` is the present state, `reach` its own, `way` bounds the distance it may still
    // go.
    // `reach` becomes 0 if distances are taken now.
    NearList within(int j, const double* w, double& reach, double way);
    double reach(int j, const double* w) const;  // way gone since the reference

    void forget();

  private:
    struct Reference {
        double* w;
        std::pair<double, int>* pairs;
        Index size, room;  // of them
        double radius;
    };
    void refresh(Reference& ref, const double* w, double way);

    const Inputs& in_;
    Arena memory_;
    std::vector<Reference*> refs_;  // null: not asked for yet
};

}  // namespace pl
