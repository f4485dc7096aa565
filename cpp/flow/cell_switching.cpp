// What an event does to a neuron of a cell: its modes are selected anew, and it moves to another one.
#include <algorithm>

#include "flow/cell_flow.hpp"
#include "flow/release.hpp"
#include "kernel/index.hpp"

namespace pl {

void CellFlow::settle(double t, int j, double sign, const Cause& cause) {
    const Cell& cell = cells_.of(j);
    CellNeuron here{t, j, std::vector<double>(at(cells_.width())), {cell.modes, cell.slide, sign}};
    cells_.state(j, here.v.data());
    if (at_zero(noise_, here)) return freeze(t, j);
    SettlingSpace space(in_);
    pl::settle({in_, noise_, series_.r(0).data(), space}, cause, here, journal_);
    move(j, here.pattern, here.v.data());
    degenerate_ |= here.degenerate;
    if (here.gone) freeze(t, j);
}

// w_j = 0: the rule keeps it there for ever.
void CellFlow::freeze(double t, int j) {
    const std::vector<Mode> before = cells_.of(j).modes;
    std::vector<double> v(at(cells_.width()));
    cells_.state(j, v.data());
    std::fill(v.begin(), v.end() - 1, 0.0);
    for (int i = 0; i < in_.n; ++i)
        if (before[at(i)] != Mode::kOff) journal_.changed({t, j, i, before[at(i)], Mode::kOff}, false);
    move(j, {std::vector<Mode>(at(in_.n), Mode::kOff), KinkBasis(in_.d), 0.0}, v.data());
    journal_.zero_neuron();
}

void CellFlow::move(int j, const CellPattern& pattern, const double* v) {
    cells_.leave(j);
    cells_.join(j, pattern, v);
    moved_[at(j)] = true;
}

// As Switcher::release, once for all neurons of a cell.
std::vector<Forced> CellFlow::forced(int c) const {
    const Cell& cell = cells_[c];
    const auto promised = [&](int i) {
        Promised of;
        for (const CellEvent& e : due_)
            if (e.cell == c && e.point == i) of.add(e.kind);
        return of;
    };
    const Sliding sliding{cell.slide, series_.r(0).data(), cell.sign, noise_.multiplier(cell.slide)};
    return let_go(
        in_.parallel(), sliding, [&](int slot) { return series_.multiplier(c, 0, slot); }, promised);
}

bool CellFlow::release(double t) {
    struct Leaving {
        std::vector<int> members;
        double sign;
        std::vector<Forced> forced;
    };
    std::vector<Leaving> all;  // before the first of them changes the cells
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty() || cells_[c].slide.size() == 0) continue;
        std::vector<Forced> out = forced(c);
        if (!out.empty()) all.push_back({cells_[c].members, cells_[c].sign, std::move(out)});
    }
    due_.clear();
    constexpr std::size_t kAsked = 256;  // those left where the run is cut off are released when it goes on
    for (const Leaving& some : all) {
        for (std::size_t k = 0; k < some.members.size(); ++k) {
            if (k % kAsked == kAsked - 1 && cut()) break;
            settle(t, some.members[k], some.sign, {{}, some.forced});
        }
    }
    return !all.empty();
}

}  // namespace pl
