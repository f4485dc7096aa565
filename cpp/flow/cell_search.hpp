// The earliest events of a step of cells. A neuron's direction turns by no more than its cell's clock tells,
// so one whose v_j is an angle from every kink is not looked at again before the clock has gone by as much.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "flow/cell_series.hpp"
#include "flow/events.hpp"

namespace pl {

struct CellEvent {
    double t;
    int cell, neuron, point;  // of a release, which all of the cell's neurons share: neuron -1
    EventKind kind;
};

class CellSearch {
  public:
    CellSearch(const Inputs& inputs, Cells& cells, const CellSeries& series, const Noise& noise);

    // As EventSearch::search.
    const std::vector<CellEvent>& search(double now, double h);

    // All neurons that may have events within the next h, in order. When each is to be looked at again is to
    // be set (Cells::set_next_look), and then `queue` called.
    const std::vector<int>& neurons(double now, double h);
    void queue();

    // Asked now and then while neurons are looked at; true abandons the search, for good.
    void watch(std::function<bool()> cut) { cut_ = std::move(cut); }
    bool abandoned() const { return abandoned_; }  // what was found is of no use

  private:
    struct Seen {
        int cell, neuron;
        double angle;
    };
    bool ask();
    void due(int c);
    bool take_due(int c, double until);
    double examine(int c, int j);  // the angle
    void crossing(int c, int j, int i);
    void releases(int c);
    double turning(int c);
    void consider(double t, int c, int j, int i, EventKind kind);

    const Inputs& in_;
    Cells& cells_;
    const CellSeries& series_;
    const Noise& noise_;
    std::function<bool()> cut_;
    Index looked_at_ = 0;  // neurons
    bool abandoned_ = false;
    double h_ = 0.0, instant_ = 0.0;  // in units of the polynomials
    double turned_ = 0.0;             // turning(turned_cell_), to turned_h_
    double turned_h_ = -1.0;
    int turned_cell_ = -1;
    std::vector<CellEvent> found_;
    std::vector<Seen> seen_;
    std::vector<int> taken_, all_;   // neurons: off the heaps of their cells; of those asked
    std::vector<double> until_;      // of each cell's clock in the step, where it has events
    std::vector<double> v_, w_, a_;  // of the neuron looked at: its state, its path
    std::vector<std::pair<double, int>> angles_;
};

}  // namespace pl
