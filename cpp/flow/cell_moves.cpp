#include "flow/cell_moves.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "flow/cell_kinks.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr Index kAsked = 2048;   // neurons, a few milliseconds
constexpr Index kTogether = 32;  // neurons given out together: ten microseconds or more

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
    const std::vector<int>& all = search_.neurons(t, h);
    turning_.resize(at(cells_.size()));
    for (int c = 0; c < cells_.size(); ++c) turning_[at(c)] = cells_[c].empty() ? 0.0 : series_.turning(c, h);
    const CellStretch step{t, h, turning_};
    bool whole = true;
    for (Index from = 0; from < size_of(all); from += kAsked) {
        const int* part = all.data() + from;
        const Index count = std::min(kAsked, size_of(all) - from);
        for (Index m = 0; m < count; ++m) look_again(part[m], 0.0);
        whole = whole && size() <= kMost && !cut() && look(part, count, step);
    }
    search_.queue();
    whole = whole && size() <= kMost;
    while (whole && admit(h)) {
        std::vector<CellWalk*> waiting;
        for (CellWalk& walk : walks_)
            if (walk.waits) waiting.push_back(&walk);
        whole = !cut() && go_on(waiting, step);
    }
    return whole;
}

void CellMoves::look_again(int j, double angle) {
    cells_.set_next_look(j, cells_.of(j).clock + angle - kAngleSlack);
}

double CellMoves::work(Index neurons) const {
    return (4.0 * in_.n * in_.d + 500.0) * static_cast<double>(neurons);
}

// Those of these neurons that have events are behind the others then. Whoever looks at some keeps what comes
// of them to the end: most have none.
bool CellMoves::look(const int* neurons, Index count, const CellStretch& step) {
    struct Found {
        std::vector<CellWalk> walks;
        bool whole = true;
    };
    std::vector<Found> found(at((count + kTogether - 1) / kTogether));
    crew_.each(size_of(found), work(count), [&](int worker, Index k) {
        CellFollower& mine = follower(worker);
        Found some;
        for (Index m = k * kTogether; m < std::min((k + 1) * kTogether, count); ++m) {
            CellWalk walk;
            walk.neuron = neurons[m];
            mine.follow(walk, step);
            look_again(walk.neuron, walk.angle);
            some.whole &= walk.whole;
            if (walk.waits || !walk.legs.empty()) some.walks.push_back(std::move(walk));
        }
        found[at(k)] = std::move(some);
    });
    bool whole = true;
    for (Found& some : found) {
        whole &= some.whole;
        std::move(some.walks.begin(), some.walks.end(), std::back_inserter(walks_));
    }
    return whole;
}

// Each to its end, or to the cell that it waits for. False: one of them cannot be followed.
bool CellMoves::go_on(const std::vector<CellWalk*>& walks, const CellStretch& step) {
    crew_.each(size_of(walks), work(size_of(walks)),
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
    const Index d = in_.d;
    std::vector<std::vector<double>> phi(at(cells_.size()));
    const auto know = [&](int c) {
        if (phi[at(c)].empty()) series_.propagator(c, h, phi[at(c)]);
    };
    for (const CellWalk& walk : walks_) {
        know(cells_.home(walk.neuron));
        know(walk.legs.back().cell);
    }
    std::vector<double> pushed(at(2 * d * size()));  // a_j w_j of each, where it was and where it is
    crew_.over(0, size(), 2.0 * Cells::kStateWork * static_cast<double>(size()), [&](Index begin, Index end) {
        std::vector<double> v(at(cells_.width()));
        for (Index k = begin; k < end; ++k) {
            const CellWalk& walk = walks_[at(k)];
            double* to = pushed.data() + 2 * d * k;
            cells_.state(walk.neuron, phi[at(cells_.home(walk.neuron))], v.data());
            for (Index l = 0; l < d; ++l) to[l] = v.back() * v[at(l)];
            const CellLeg& last = walk.legs.back();
            cells_.state(cells_[last.cell], walk.neuron, last.reference.data(), phi[at(last.cell)], v.data());
            for (Index l = 0; l < d; ++l) to[d + l] = v.back() * v[at(l)];
        }
    });
    std::vector<double> sums(at(cells_.size() * d), 0.0);
    const double* next = pushed.data();
    for (const CellWalk& walk : walks_) {
        double* from = sums.data() + cells_.home(walk.neuron) * d;
        for (Index l = 0; l < d; ++l) from[l] -= *next++;
        double* to = sums.data() + walk.legs.back().cell * d;
        for (Index l = 0; l < d; ++l) to[l] += *next++;
    }
    series_.begin_change();
    for (int c = 0; c < cells_.size(); ++c)
        if (!phi[at(c)].empty()) series_.change(c, sums.data() + c * d);
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
