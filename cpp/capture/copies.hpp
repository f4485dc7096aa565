// Inputs given twice act as one (problem/kink_lines.hpp): steps of capture, which follow each pair by itself,
// are those of a problem that has them once. Of points x_i = c_i x, c_i > 0, the residuals are turned,
//     r' = <c, r> / C,  C = norm(c),  and the rest of r, which no neuron changes:
// the first stands for all of them as the input C x of label <c, y> / C, and the others keep input 0, one of
// them with the length of that rest for a label. n, sum r^2, W and a are those of the problem as given.
#pragma once

#include <vector>

#include "problem/parallel_inputs.hpp"
#include "problem/problem.hpp"

namespace pl {

class Copies {
  public:
    explicit Copies(const Problem<double>& given);

    bool any() const { return !X_.empty(); }
    const Problem<double>& merged() const { return merged_; }
    // Lines of the inputs as given.
    const ParallelInputs& lines() const { return lines_; }

    // The longest of the copies of point i. Point i itself if it is alone.
    int stands(int i) const { return any() ? stands_[at(i)] : i; }
    // How many points it stands for.
    Index count(int i) const { return any() ? size_of(all_[at(i)]) : 1; }
    // The same pairs, of all points.
    std::vector<PairAtKink> as_given(const std::vector<PairAtKink>& pairs) const;
    std::vector<int> as_given(const std::vector<int>& points) const;

  private:
    int longest_copy(int i) const;
    void merge(int standing);

    const ParallelInputs lines_;
    Problem<double> merged_;
    std::vector<double> X_, y_;          // (n, d), (n); empty: there are no copies
    std::vector<int> stands_;            // (n)
    std::vector<std::vector<int>> all_;  // by the point that stands for them, itself first; empty for others
};

}  // namespace pl
