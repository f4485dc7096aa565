#include "flow/cell_moves.hpp"

#include <algorithm>
#include <utility>

#include "flow/cell_kinks.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr Index kAsked = 2048;  // neurons, a few milliseconds

}  // namespace

CellMoves::CellMoves(const Inputs& inputs, Cells& cells, CellSeries& series, CellSearch& search,
                     const Noise& noise, bool logs, Crew crew)
    : in_(inputs),
      cells_(cells),
      series_(series),
      search_(search),
      noise_(noise),
      logs_(logs),
      crew_(crew),
      followers_(at(crew.size())) {}

CellFollower& CellMoves::follower(int worker) {
    std::unique_ptr<CellFollower>& mine = followers_[at(worker)];
    if (!mine) mine = std::make_unique<CellFollower>(in_, cells_, series_, noise_, logs_);
    return *mine;
}

bool CellMoves::follow(double t, double h, const std::function<bool()>& cut) {
    forget();
    const std::vector<int> all = search_.neurons(t, h);
    turning_.resize(at(cells_.size()));
    for (int c = 0; c < cells_.size(); ++c) turning_[at(c)] = cells_[c].empty() ? 0.0 : series_.turning(c, h);
    const CellStretch step{t, h, turning_};
    bool whole = !search_.abandoned();
    for (Index from = 0; from < size_of(all); from += kAsked) {
        std::vector<CellWalk> part(at(std::min(kAsked, size_of(all) - from)));
        std::vector<CellWalk*> walks(part.size());
        for (std::size_t k = 0; k < part.size(); ++k) {
            part[k].neuron = all[at(from) + k];
            walks[k] = &part[k];
        }
        whole = whole && size() <= kMost && !cut() && go_on(walks, step);
        for (CellWalk& walk : part) {
            cells_.look_again(walk.neuron, cells_.of(walk.neuron).clock + walk.angle - kAngleSlack);
            if (walk.waits || !walk.legs.empty()) walks_.push_back(std::move(walk));
        }
    }
    whole = whole && size() <= kMost;
    while (whole && admit(h)) {
        std::vector<CellWalk*> waiting;
        for (CellWalk& walk : walks_)
            if (walk.waits) waiting.push_back(&walk);
        whole = !cut() && go_on(waiting, step);
    }
    return whole;
}

// Each to its end, or to the cell that it waits for. False: one of them cannot be followed.
bool CellMoves::go_on(const std::vector<CellWalk*>& walks, const CellStretch& step) {
    const double each = 4.0 * in_.n * in_.d + 500.0;
    const Index count = size_of(walks);
    crew_.each(count, each * static_cast<double>(count),
               [&](int worker, Index k) { follower(worker).follow(*walks[at(k)], step); });
    return std::all_of(walks.begin(), walks.end(), [](const CellWalk* walk) { return walk->whole; });
}

// Makes the cells that some wait for; false: none does.
bool CellMoves::admit(double h) {
    bool any = false;
    for (const CellWalk& walk : walks_) {
        if (!walk.waits) continue;
        any = true;
        if (cells_.known(*walk.waits) >= 0) continue;
        const int c = cells_.hold(*walk.waits);
        series_.join(c);
        turning_.resize(at(cells_.size()));
        turning_[at(c)] = series_.turning(c, h);
        made_ = true;
    }
    return any;
}

void CellMoves::forget() {
    walks_.clear();
    if (made_) cells_.release_held();
    made_ = false;
}

double CellMoves::place(double h) {
    std::vector<std::vector<double>> phi(at(cells_.size()));
    std::vector<double> sums(at(cells_.size()) * at(in_.d), 0.0), v(at(cells_.width()));
    const auto at_h = [&](int c) -> const std::vector<double>& {
        if (phi[at(c)].empty()) series_.propagator(c, h, phi[at(c)]);
        return phi[at(c)];
    };
    for (const CellWalk& walk : walks_) {
        const int from = cells_.home(walk.neuron), to = walk.legs.back().cell;
        const auto add = [&](int c, double sign) {
            for (Index l = 0; l < in_.d; ++l) sums[at(Index{c} * in_.d + l)] += sign * v.back() * v[at(l)];
        };
        cells_.state(walk.neuron, at_h(from), v.data());
        add(from, -1.0);
        cells_.state(cells_[to], walk.neuron, walk.legs.back().reference.data(), at_h(to), v.data());
        add(to, 1.0);
    }
    series_.begin_change();
    for (int c = 0; c < cells_.size(); ++c)
        if (!phi[at(c)].empty()) series_.change(c, sums.data() + Index{c} * in_.d);
    return series_.end_change();
}

void CellMoves::write(double h, double* W, double* a) const {
    std::vector<std::vector<double>> phi(at(cells_.size()));
    std::vector<double> v(at(cells_.width()));
    for (const CellWalk& walk : walks_) {
        const auto later = [h](const CellLeg& leg) { return leg.from > h; };
        const auto end = std::find_if(walk.legs.begin(), walk.legs.end(), later);
        if (end == walk.legs.begin()) continue;  // still where it was
        const CellLeg& leg = *(end - 1);
        if (phi[at(leg.cell)].empty()) series_.propagator(leg.cell, h, phi[at(leg.cell)]);
        cells_.state(cells_[leg.cell], walk.neuron, leg.reference.data(), phi[at(leg.cell)], v.data());
        std::copy(v.begin(), v.end() - 1, W + Index{walk.neuron} * in_.d);
        a[walk.neuron] = v.back();
    }
}

void CellMoves::end_at(double h) {
    for (CellWalk& walk : walks_) {
        while (!walk.legs.empty() && walk.legs.back().from > h) walk.legs.pop_back();
    }
    const auto stays = [](const CellWalk& walk) { return walk.legs.empty(); };
    walks_.erase(std::remove_if(walks_.begin(), walks_.end(), stays), walks_.end());
}

void CellMoves::keep(Tally& tally, std::vector<bool>& moved) {
    if (!any()) return forget();
    Tally together(logs_);
    for (const CellWalk& walk : walks_) cells_.hold(walk.legs.back().cell);
    for (const CellWalk& walk : walks_) {
        const CellLeg& last = walk.legs.back();
        cells_.leave(walk.neuron);
        cells_.arrive(walk.neuron, last.cell, last.reference.data());
        moved[at(walk.neuron)] = true;
        for (const CellLeg& leg : walk.legs) together.add(leg.tally);
    }
    cells_.release_held();
    together.sort();
    tally.add(together);
    walks_.clear();
    made_ = false;
}

}  // namespace pl
