// What a neuron of a cell may meet within a step: the angles of its v_j to its kinks, and the polynomials
// whose first exits are its events.
#pragma once

#include <utility>
#include <vector>

#include "flow/cell_series.hpp"

namespace pl {

constexpr double kAngleSlack = 1e-12;  // for rounding

// (angle, point) of every kink that neuron j would meet in this cell with its state at v (d + 1), -1 for the
// one of its outer weight; the least, infinite if there are none.
double angles_to_kinks(const Inputs& in, const Cells& cells, const Cell& cell, int j,
                       const std::vector<double>& v, std::vector<std::pair<double, int>>& angles);

// Leaves of them those no larger than `most`, the least first.
void nearest_kinks(double most, std::vector<std::pair<double, int>>& angles);

// Of a neuron, in the units of the series: coefficients of w_j (order + 1, d) and a_j (order + 1).
struct CellPath {
    int order;
    const double *w, *a;
};

// p (order + 1): above 0 until the neuron passes its kink at point i; -1: until a_j passes 0.
void until_crossing(const Inputs& in, const Cell& cell, const CellPath& path, int i, double* p);

// off, on (order): below 0 until the multiplier in this slot of cell c leaves its bounds to that side.
void until_release(const Inputs& in, const Cell& cell, const CellSeries& series, int c, int slot, double* off,
                   double* on);

}  // namespace pl
