// The inputs as the flow reads them, and the discrete state: the mode of every pair with the lists the
// field sums over.
#pragma once

#include <memory>
#include <vector>

#include "flow/flow.hpp"
#include "kernel/index.hpp"
#include "problem/basis.hpp"
#include "problem/buffer.hpp"
#include "problem/parallel_inputs.hpp"
#include "problem/rounding.hpp"

namespace pl {

constexpr Index kPad = 8;  // neuron vectors are zero-padded to whole vectors of this many numbers

class Inputs {
  public:
    explicit Inputs(const Problem<double>& problem);

    bool dense() const { return !rows_.empty(); }
    Index stride() const { return stride_; }
    const double* row(int i) const { return rows_.data() + i * stride_; }
    const double* rows() const { return rows_.data(); }
    double norm(int i) const { return norms_[at(i)]; }
    double largest_norm() const { return largest_; }
    double largest_label() const { return label_; }
    // The size of residuals' terms: of the labels, unless they are nothing beside such outputs.
    double beside(double outputs) const { return nothing_beside(outputs, label_) ? outputs : label_; }
    // Taylor coefficients are those of a polynomial in t / unit(): in seconds they would leave the range of
    // numbers where rates are far from 1. A power of two, and 1 but for such data.
    double unit() const { return unit_; }
    const ParallelInputs& parallel() const { return parallel_; }
    // A basis holds one input of each line slid on; this counts them all.
    Index sliding_pairs(const KinkBasis& slide) const;

    int n, d, p;
    const double* y;

  private:
    Index stride_;
    std::vector<double> rows_, norms_;
    double largest_ = 0.0, label_ = 0.0, unit_ = 1.0;
    ParallelInputs parallel_;
};

// Whether others of its line tell for point i: the first of its points, but while both sides are off those
// opposite, too.
bool stands_aside(const Inputs& in, const Mode* modes, int i);
// Whether events of point i are looked for by itself, under these modes of a neuron.
inline bool crosses(const Inputs& in, const Mode* modes, int i) {
    return modes[i] != Mode::kSlide && !(in.parallel().any() && stands_aside(in, modes, i));
}
// Whether point i stands for a line with opposite points, and the neuron rests on it with all of them off.
bool idles(const Inputs& in, const Mode* modes, int i);

// Points of one neuron, in order.
class PointList {
  public:
    PointList(const int* points, int size) : points_(points), size_(size) {}
    const int* data() const { return points_; }
    const int* begin() const { return points_; }
    const int* end() const { return points_ + size_; }
    int size() const { return size_; }
    bool empty() const { return size_ == 0; }

  private:
    const int* points_;
    int size_;
};

// Nothing of a neuron lies in memory of its own but the few bases there are: of 10^6 neurons that would take
// longer to give back than Ctrl-C may.
class Pairs {
  public:
    Pairs(int n, int d, int p, bool dense);

    Mode mode(int j, int i) const { return modes[at(index(j, i))]; }
    void set(int j, int i, Mode mode);  // keeps the lists sorted; the basis is the kink solver's
    void list();                        // on() and `who` from the modes
    Index index(int j, int i) const { return Index{j} * n + i; }
    PointList on(int j) const { return {on_.data() + index(j, 0), count_[at(j)]}; }
    const KinkBasis& slide(int j) const { return slide_[at(j)] ? *slide_[at(j)] : none_; }  // points slid on
    KinkBasis& sliding(int j);  // the same, to be changed
    void set_slide(int j, const KinkBasis& basis);
    bool moves(int j) const { return count_[at(j)] > 0 || slide(j).size() > 0; }

    int n, p;
    bool dense;
    std::vector<Mode> modes;
    std::vector<std::vector<int>> who;  // neurons on, per point (dense inputs)

  private:
    Buffer<int> on_;                                 // (p, n)
    std::vector<int> count_;                         // (p) of them
    std::vector<std::unique_ptr<KinkBasis>> slide_;  // (p), null: slides on nothing
    const KinkBasis none_;
};

}  // namespace pl
