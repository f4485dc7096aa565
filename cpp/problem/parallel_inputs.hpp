// Inputs that are parallel or opposite to a relative 1e-9 and are taken as exactly so (docs/numerics.md).
#pragma once

#include <vector>

#include "problem/problem.hpp"

namespace pl {

// Whether v (d) is a multiple of u to a relative 1e-9.
bool parallel(const double* u, const double* v, Index d);

// Of dense inputs in more than one dimension (in one, all kinks are w_j = 0).
class ParallelInputs {
  public:
    explicit ParallelInputs(const Problem<double>& problem);

    bool any() const { return !group_.empty(); }
    // Whether two of these points are parallel. Only where there are any.
    bool among(std::vector<int> points) const;

  private:
    std::vector<int> group_;  // (n) number of a point that stands for all parallel to it; empty: none are
};

}  // namespace pl
