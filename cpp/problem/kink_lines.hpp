// Kinks as a neuron meets them: one per line of inputs. Of points x_i = c_i x of one line, those ahead (c_i >
// 0) are on above <w, x> = 0 and off below, those behind (c_i < 0) the other way round, all at once: so the
// kink is that of one point whose push is what theirs change by, seen from below,
//   e = sum_{ahead} c_i e_i - sum_{behind} c_i e_i,
// with those behind on to begin with; while it slides, those ahead have the share lam and those behind 1 -
// lam. Inputs given twice act as one, then, and opposite ones whose pushes cancel (a linear network's) have
// no kink.
//
// Where e > 0, off stays off: each side of points that repel is off until others push <w, x> to it. Where one
// side repels and the other does not, off is no state to begin with: the one of the two sides that pushes
// less is. Where both attract and nothing else pushes, off is where the neuron rests.
#pragma once

#include <cmath>
#include <vector>

#include "kernel/index.hpp"
#include "problem/kink.hpp"

namespace pl {

struct KinkLine {
    int point;         // the first of its points in the set
    const double* x;   // its input
    Mode mode;         // kOff: below, those behind are on; kOn: above
    double ahead = 0;  // what they push along x, each side all on
    double behind = 0;
    double vtol, etol;
    bool two_sided = false;
    bool idle = false;  // off on both sides, though it attracts

    double jump() const { return ahead - behind; }
    bool attracts() const { return jump() < -etol; }
    // Both sides off is a state of its own, where neither pulls back.
    bool may_be_left() const { return ahead >= -etol && behind <= etol; }
    // Attracted from both sides, with nothing to balance: lam = 0 with <v, x> = 0.
    bool may_idle(double phi) const {
        return two_sided && std::abs(behind + phi) <= etol && ahead <= etol && behind >= -etol;
    }
};

struct KinkLines {
    KinkLines(const std::vector<KinkPoint>& points, double etol);

    std::vector<KinkLine> lines;
    std::vector<Index> of;      // the line of each point
    std::vector<double> ratio;  // of each point's input to that of its line
};

// The share of a point of a line that slides, of which `force` is left along x.
double sliding_share(const KinkLine& line, double force, bool ahead);

}  // namespace pl
