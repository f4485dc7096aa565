// Neurons of cells that are followed one by one in a step that holds several events, and move to other cells
// at its end. Threads share them; what comes of them lies in their order, whoever followed which.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "flow/cell_follower.hpp"
#include "flow/cell_search.hpp"
#include "parallel/crew.hpp"

namespace pl {

class CellMoves {
  public:
    CellMoves(const Inputs& inputs, Cells& cells, CellSeries& series, CellSearch& search, const Noise& noise,
              bool logs, Crew crew);

    // A step holds no more: they move within some 50 ms, in which nothing is asked.
    static constexpr Index kMost = 100000;

    // Follows all neurons that have events from t to t + h. False: one of them cannot be followed, they are
    // more than kMost, or `cut`, asked now and then, says so.
    bool follow(double t, double h, const std::function<bool()>& cut);
    void forget();
    bool any() const { return !walks_.empty(); }
    Index size() const { return size_of(walks_); }
    bool new_cells() const { return made_; }  // whose series the step is to be trusted with, too

    // Of the attempt at h that the series hold: puts the neurons where they are. By how much, in norm, that
    // changes the residuals.
    double place(double h);
    void write(double h, double* W, double* a) const;  // their rows of W (p, d), a (p) at time h
    void end_at(double h);                             // forgets what is later
    // The series have moved on: so do they, and what happened to them is told.
    void keep(Tally& tally, std::vector<bool>& moved);

  private:
    bool look(const int* neurons, Index count, const CellStretch& step);
    void look_again(int j, double angle);  // the turn to its nearest kink
    bool go_on(const std::vector<CellWalk*>& walks, const CellStretch& step);
    double work(Index neurons) const;
    bool admit(double h);
    CellFollower& follower(int worker);

    const Inputs& in_;
    Cells& cells_;
    CellSeries& series_;
    CellSearch& search_;
    const Noise& noise_;
    const bool logs_;
    const Crew crew_;
    std::vector<std::unique_ptr<CellFollower>> followers_;  // of each of the crew
    std::vector<CellWalk> walks_;
    std::vector<double> turning_;  // of every cell, in the step
    bool made_ = false;
};

}  // namespace pl
