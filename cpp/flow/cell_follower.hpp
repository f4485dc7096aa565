// One neuron of a cell followed through events of its own along the residuals of a step, on one thread: it
// reads the cells and their series, and moves nothing.
#pragma once

#include <memory>
#include <vector>

#include "flow/cell_series.hpp"
#include "flow/cell_settling.hpp"
#include "flow/release.hpp"

namespace pl {

// From time `from` of the step on the neuron goes with this cell, as if it had always been there, from this
// reference.
struct CellLeg {
    double from;
    int cell;
    std::vector<double> reference;  // (d + 1)
    Tally tally;                    // of what happened where it begins
};

struct CellWalk {
    int neuron = -1;
    bool whole = true;                   // false: it cannot be followed to the end
    double angle = 0.0;                  // to the nearest kink, at the start
    std::vector<CellLeg> legs;           // behind that of the cell it is in
    std::unique_ptr<CellPattern> waits;  // for a cell of this pattern, to be followed on
};

// Inside a step: its length, and how far the clocks of all cells go.
struct CellStretch {
    double t, h;
    const std::vector<double>& turning;
};

class CellFollower {
  public:
    CellFollower(const Inputs& inputs, const Cells& cells, const CellSeries& series, const Noise& noise,
                 bool logs);

    void follow(CellWalk& walk, const CellStretch& step);

  private:
    struct Found {
        double t;
        int point;
        EventKind kind;
    };
    bool search(CellWalk& walk, const CellStretch& step);
    void trace();
    void crossing(const Cell& cell, int i);
    void releases(const Cell& cell);
    void consider(double t, int i, EventKind kind);
    void land(CellWalk& walk, const CellStretch& step);
    bool release(CellNeuron& neuron, Tally& tally, bool promised);
    void enter(CellWalk& walk, CellNeuron& neuron, CellLeg leg);

    const Inputs& in_;
    const Cells& cells_;
    const CellSeries& series_;
    const Noise& noise_;
    const bool logs_;
    int j_ = -1, cell_ = -1;
    double from_ = 0.0;             // in the step
    double by_ = 0.0, left_ = 0.0;  // that, and what is left, in units of the polynomials
    double instant_ = 0.0;
    const double* reference_ = nullptr;
    std::vector<double> v_, w_, a_, r_, phi_;  // state and path from `from_` on, residuals, a propagator
    std::vector<std::pair<double, int>> angles_;
    std::vector<Found> found_;
    CellSeries::Scratch scratch_;
    SettlingSpace space_;
};

}  // namespace pl
