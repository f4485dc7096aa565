#include "flow/cell_kinks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {

double angles_to_kinks(const Inputs& in, const Cells& cells, const Cell& cell, int j,
                       const std::vector<double>& v, std::vector<std::pair<double, int>>& angles) {
    const double size = norm_of(v.data(), size_of(v));
    angles.clear();
    for (int i = 0; i < in.n; ++i) {
        if (!crosses(in, cell.modes.data(), i)) continue;
        angles.emplace_back(std::abs(inner(v.data(), in.row(i), in.d)) / (size * in.norm(i)), i);
    }
    const bool may_turn = cell.slide.size() > 0 && cells.invariant(j) < 0.0;  // a_j its sign
    if (may_turn) angles.emplace_back(std::abs(v.back()) / size, -1);
    if (angles.empty()) return std::numeric_limits<double>::infinity();
    return std::min_element(angles.begin(), angles.end())->first;
}

void nearest_kinks(double most, std::vector<std::pair<double, int>>& angles) {
    const auto beyond = [most](const std::pair<double, int>& entry) { return entry.first > most; };
    angles.erase(std::remove_if(angles.begin(), angles.end(), beyond), angles.end());
    std::sort(angles.begin(), angles.end());
}

void until_crossing(const Inputs& in, const Cell& cell, const CellPath& path, int i, double* p) {
    const double side = i < 0 ? cell.sign : cell.modes[at(i)] == Mode::kOn ? 1.0 : -1.0;
    for (int k = 0; k <= path.order; ++k)
        p[k] = side * (i < 0 ? path.a[k] : inner(path.w + Index{k} * in.d, in.row(i), in.d));
}

void until_release(const Inputs& in, const Cell& cell, const CellSeries& series, int c, int slot, double* off,
                   double* on) {
    const int i = cell.slide.point(slot);
    for (int k = 0; k < series.order(); ++k) {
        const double mu = series.multiplier(c, k, slot);
        const LinePush push = in.parallel().push(series.r(k).data(), i);
        off[k] = -cell.sign * (mu - push.behind);
        on[k] = -cell.sign * (push.ahead - mu);
    }
}

}  // namespace pl
