// How far a step of dense inputs has moved, and what it leaves hidden.
#pragma once

#include "capture/dense_state.hpp"
#include "kernel/index.hpp"

namespace pl {

// Of neuron j, of its own size: squares across w_j, and along it.
struct Travel {
    double across, along;
    double all() const { return across + along; }
};
Travel moved(const DenseState& before, const DenseState& after, Index j);

// The root of their mean square. Growth along w_j itself meets no kink, and is exact while the drive points
// one way (mean_outer_weight()): it counts by no more than so many times what r has changed.
double moved(const DenseState& before, const DenseState& after);

// sum_j norm(dw_j)^2 + da_j^2.
double travel_sq(const DenseState& before, const DenseState& after);

// What sum r^2 would rise by if every pair at rest counted with what its weights leave of z.
double hidden_rise(const DenseState& state);

}  // namespace pl
