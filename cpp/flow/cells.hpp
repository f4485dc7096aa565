// Neurons of one pattern, held together. Given the residuals, v_j = (w_j, a_j) moves linearly,
//
//   dv_j/dt = A v_j,     A = [[0, D], [D^T, 0]],     D = (1/n) Pi sum_{i on} r_i x_i,
//
// with the same A for every neuron whose pairs have the same modes (Pi: off the inputs slid on). All of them
// are one propagator, v_j(t) = Phi(t) v_j(0), and the residuals see them only by their moments
//
//   M = sum_j v_j v_j^T,     sum_j a_j w_j = its last column,     M(t) = Phi M(0) Phi^T.
//
// So the field costs what the patterns cost, however many neurons there are; this is exact. Neurons that
// slide on a point are together if their a_j have one sign, too: their multipliers are then the same.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flow/jets.hpp"
#include "flow/noise.hpp"
#include "flow/pairs.hpp"
#include "parallel/crew.hpp"

namespace pl {

// What neurons of one cell share.
struct CellPattern {
    std::vector<Mode> modes;  // (n)
    KinkBasis slide{0};
    double sign = 0.0;  // of a_j, where they slide
};

struct Cell : CellPattern {
    std::vector<int> on;
    std::vector<double> moment, phi;  // (d + 1, d + 1): M now, Phi since the cell was renewed
    std::vector<int> members;
    Index at_renewal = 0;  // members then
    // int norm(D) dt: by no more can the direction of a v_j have turned. And its value at the renewal.
    double clock = 0.0, renewed = 0.0;
    // A neuron cannot switch before the clock shows its first number: a heap, that number least first. Of a
    // cell that is not queued only next_look tells.
    std::vector<std::pair<double, int>> due;
    bool queued = true;
    bool held = false;  // for neurons that are to come

    bool empty() const { return members.empty() && !held; }
};

class Cells {
  public:
    // Forming a v_j, in floating-point operations: for the crew.
    static constexpr double kStateWork = 200.0;

    Cells(const Inputs& inputs, Noise& noise, Crew crew);

    // Takes over every neuron; false (and nothing is held) if there are more than `most` patterns, or if
    // `cut`, asked now and then, says so.
    bool take(const Jets& jets, const Pairs& pairs, const std::vector<double>& sign, Index most,
              const std::function<bool()>& cut = nullptr);
    void drop();

    int size() const { return static_cast<int>(cells_.size()); }  // empty ones, to be skipped, included
    Index patterns() const { return static_cast<Index>(index_.size()); }
    Cell& operator[](int c) { return cells_[at(c)]; }
    const Cell& operator[](int c) const { return cells_[at(c)]; }
    const Cell& of(int j) const { return cells_[at(home_[at(j)])]; }
    int home(int j) const { return home_[at(j)]; }
    int width() const { return width_; }  // d + 1
    // What the clock of its cell shows when j is to be looked at again.
    double next_look(int j) const { return next_look_[at(j)]; }
    void look_again(int j, double when);
    // The same where others queue them anew: threads may say it of different neurons.
    void set_next_look(int j, double when) { next_look_[at(j)] = when; }
    void queue(Cell& cell) const;    // its heap, of all members
    void unqueue(Cell& cell) const;  // it is of no use where many are looked at in a step
    double invariant(int j) const { return invariant_[at(j)]; }

    // v_j now, on its invariant and on the kinks it slides on.
    void state(int j, double* v) const;
    // The same of a later time within a step, at which the propagator of its cell is `phi`; noise follows
    // not.
    void state(int j, const std::vector<double>& phi, double* v) const;
    // The same of neuron j as it would be in this cell, from `reference` (d + 1).
    void state(const Cell& cell, int j, const double* reference, const std::vector<double>& phi,
               double* v) const;
    const double* reference(int j) const { return reference_.data() + Index{j} * width_; }
    // Makes of v, at which the propagator `phi` has brought it, the reference; phi is used up.
    void bring_back(std::vector<double>& phi, double* v) const;
    void leave(int j);
    int join(int j, const CellPattern& pattern, const double* v);  // into the cell of this; its number
    // A cell kept for neurons that will arrive; -1: there is none. Made if need be.
    int known(const CellPattern& pattern) const;
    int hold(const CellPattern& pattern);
    void hold(int c) { cells_[at(c)].held = true; }
    void release_held();  // all of them: those without members are dropped
    void arrive(int j, int c, const double* reference);
    // v_j of all members from the propagator, which begins anew; the moments are summed anew.
    void renew(Cell& cell);
    bool stale(const Cell& cell) const;  // time for that

  private:
    int find(const CellPattern& pattern);
    void enter(int j, int c, const double* v);
    void discard(int c);
    // Phi v_j as it comes; and put on its invariant, from whose reference it came: norm(w_j)^2 before that.
    void raw(const std::vector<double>& phi, const double* reference, double* v) const;
    double restore(const Cell& cell, int j, const double* reference, double* v) const;
    void add(Cell& cell, const double* v, double weight) const;

    const Inputs& in_;
    Noise& noise_;
    const Crew crew_;
    const int width_;
    std::vector<Cell> cells_;
    std::vector<int> free_;
    std::unordered_map<std::string, int> index_;
    std::vector<int> home_, place_;  // (p): the cell, and where among its members
    std::vector<double> reference_;  // (p, d + 1)
    std::vector<double> invariant_, next_look_;
};

}  // namespace pl
