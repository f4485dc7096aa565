// What a state on orthogonal inputs tells, asked for where it is recorded or decided: superblock by
// superblock on the whole team, or the two ends of a run would cost as much as dozens of its steps.
#pragma once

#include <vector>

#include "euler/orthogonal_tiles.hpp"
#include "problem/state.hpp"

namespace pl {

template <class Real>
Index active_pairs(const OrthogonalTiles<Real>& tiles);

// The sum of y_i^2 over points without a live pair.
template <class Real>
double dead_label_sq(const OrthogonalTiles<Real>& tiles);

// Of each neuron norm(w_j)^2 on the represented coordinates, summed in the order of the places.
template <class Real>
std::vector<double> squared_norms(const OrthogonalTiles<Real>& tiles);

// The velocity of each neuron, push_i = r_i norms_i by the place of point i.
template <class Real>
NeuronMotion motion_of(const OrthogonalTiles<Real>& tiles, const Real* push, const Real* a);

// p h(x_i), by the caller's index.
template <class Real>
std::vector<double> outputs_of(const OrthogonalTiles<Real>& tiles, const Real* a);

// W (p, n) as the caller orders it.
template <class Real>
void write_pairs(const OrthogonalTiles<Real>& tiles, Real* W);

}  // namespace pl

#include "euler/orthogonal_facts.inl"
