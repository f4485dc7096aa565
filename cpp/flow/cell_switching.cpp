// What an event does to a neuron of a cell: its modes are selected anew, and it moves to another one.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "flow/cell_flow.hpp"
#include "flow/release.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

// A pair that rests at its kink because others slide: its events are looked for on the neurons only, as are
// those of lines at rest.
bool depends(const KinkBasis& slide, const KinkPoint& k) {
    if (slide.size() == 0) return false;
    KinkBasis larger = slide;
    return !larger.add(k.point, k.x);
}

}  // namespace

void CellFlow::settle(double t, int j, double sign, const Cause& cause) {
    const Cell& cell = cells_.of(j);
    std::vector<double> v(at(cells_.width())), w(at(in_.stride()), 0.0), g(at(in_.stride()));
    cells_.state(j, v.data());
    std::copy(v.begin(), v.end() - 1, w.begin());
    if (std::sqrt(std::inner_product(w.begin(), w.end(), w.begin(), 0.0)) <= noise_.w(j)) return freeze(t, j);
    series_.gradient(cell, g.data());
    if (cell.slide.size() == 0)
        sign = sign_of(v.back(), std::inner_product(w.begin(), w.end(), g.begin(), 0.0));
    std::vector<int> all(at(in_.n));
    std::iota(all.begin(), all.end(), 0);
    const NeuronAtEvent here{j, w.data(), g.data(), series_.r(0).data(), cell.modes.data(), sign};
    KinkBasis slide = cell.slide;
    const auto [points, dependent, gone] = settled(in_, noise_, here, all, cause, slide, v.data());
    if (dependent) journal_.dependent_inputs();
    std::vector<Mode> modes = cell.modes;
    for (const KinkPoint& k : points) {
        if (modes[at(k.point)] == k.mode) continue;
        journal_.changed({t, j, k.point, modes[at(k.point)], k.mode}, k.repels);
        modes[at(k.point)] = k.mode;
    }
    for (const KinkPoint& k : points) {
        const bool idle = idles(in_, modes.data(), k.point);
        degenerate_ |= idle || (k.mode == Mode::kOn && depends(slide, k));
    }
    move(j, modes, slide, slide.size() > 0 ? sign : 0.0, v.data());
    if (gone) freeze(t, j);
}

// w_j = 0: the rule keeps it there for ever.
void CellFlow::freeze(double t, int j) {
    const std::vector<Mode> before = cells_.of(j).modes;
    std::vector<double> v(at(cells_.width()));
    cells_.state(j, v.data());
    std::fill(v.begin(), v.end() - 1, 0.0);
    for (int i = 0; i < in_.n; ++i)
        if (before[at(i)] != Mode::kOff) journal_.changed({t, j, i, before[at(i)], Mode::kOff}, false);
    move(j, std::vector<Mode>(at(in_.n), Mode::kOff), KinkBasis(in_.d), 0.0, v.data());
    journal_.zero_neuron();
}

void CellFlow::move(int j, const std::vector<Mode>& modes, const KinkBasis& slide, double sign,
                    const double* v) {
    cells_.leave(j);
    cells_.join(j, modes, slide, sign, v);
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
