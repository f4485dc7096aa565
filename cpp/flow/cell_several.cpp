// A step of cells that holds several events.
#include <algorithm>
#include <cmath>
#include <limits>

#include "flow/cell_flow.hpp"

namespace pl {

// sum r^2 at its end, which is at h_, the neurons with events in it in moves_; none there: there is no such
// step, and the series may be of higher order.
double CellFlow::attempt_several(double t, double left) {
    const double most = std::min(several_.length(), left);
    double h = 0.0;
    while (h < most && series_.order() < natural_) {
        series_.extend();
        h = std::min(series_.trusted(options_.rtol), most);
    }
    const auto cut = [this] { return this->cut(); };
    for (int tries = 0; tries < Several::kTries && t + h > t; ++tries) {
        const bool followed = moves_.follow(t, h, cut);
        if (!followed && moves_.size() > CellMoves::kMost) {
            h *= 0.5;
            continue;
        }
        if (!followed || moves_.size() < several_.few()) break;
        const double trusted = moves_.new_cells() ? series_.trusted(options_.rtol) : h;
        if (trusted < h) {
            h = trusted;
            continue;
        }
        series_.attempt(h);
        const double off = moves_.place(h), sum = series_.trial_sq();
        const double error = several_.error(h, off, std::sqrt(sum));
        if (error <= 1.0) {
            const double fill = static_cast<double>(moves_.size()) / CellMoves::kMost;
            several_.taken(h, std::max(error, fill * fill * fill));
            h_ = h;
            return sum;
        }
        journal_.rejected();
        const double shorter = several_.shorter(h, error), held = static_cast<double>(moves_.size());
        if (held * shorter < static_cast<double>(several_.few()) * h) break;
        h = shorter;
    }
    refuse();
    return std::numeric_limits<double>::quiet_NaN();
}

void CellFlow::refuse() {
    moves_.forget();
    several_.in_vain();
}

}  // namespace pl
