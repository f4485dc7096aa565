// Inputs that are parallel or opposite to a relative 1e-9 and are taken as exactly so (docs/numerics.md): of
// one line. A neuron meets all their kinks in one instant, where those on one side turn on and those on the
// other turn off.
#pragma once

#include <vector>

#include "problem/problem.hpp"

namespace pl {

// What the points of one line push along the input that stands for it, the sum of r_i times their ratios:
// those on its side, and those opposite.
struct LinePush {
    double ahead, behind;
    double jump() const { return ahead - behind; }  // from the side where only those opposite are on
};

// Of dense inputs in more than one dimension (in one, all kinks are w_j = 0). An input 0 is of no line.
class ParallelInputs {
  public:
    explicit ParallelInputs(const Problem<double>& problem);

    bool any() const { return !line_.empty(); }
    // Whether two of these points are parallel, but for exact multiples. Only where there are any.
    bool among(std::vector<int> points) const;

    // The first point parallel to point i: it stands for all of them. Point i itself if it is alone.
    int line(int i) const { return any() ? line_[at(i)] : i; }
    // x_i is so many times the input of line(i).
    double ratio(int i) const { return any() ? ratio_[at(i)] : 1.0; }
    bool exact(int i) const { return !any() || exact_[at(i)]; }
    bool two_sided(int i) const { return any() && two_sided_[at(line_[at(i)])]; }  // has opposite ones
    // The first that is opposite to point i; -1 if none is.
    int opposite(int i) const;
    // All parallel to point i, in order.
    const std::vector<int>& members(int i) const { return members_[at(line_[at(i)])]; }
    LinePush push(const double* r, int i) const { return any() ? together(r, i) : LinePush{r[i], 0.0}; }
    // Of the ratios' sizes: how much more than the rounding of one push that of all may be.
    double weight(int i) const { return any() ? weight_[at(line_[at(i)])] : 1.0; }

  private:
    LinePush together(const double* r, int i) const;
    void make_lines(const Problem<double>& problem, const std::vector<int>& group);

    std::vector<int> line_;  // (n); empty: none are parallel
    std::vector<double> ratio_, weight_;
    std::vector<bool> exact_, two_sided_;
    std::vector<std::vector<int>> members_;  // by the point that stands for them; empty for others
};

}  // namespace pl
