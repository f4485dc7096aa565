#include "flow/cell_search.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "flow/cell_kinks.hpp"
#include "flow/polynomial.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInstant = 1e-13;  // as in events.cpp
constexpr Index kAsked = 1024;      // neurons, some tenths of a millisecond

}  // namespace

CellSearch::CellSearch(const Inputs& inputs, Cells& cells, const CellSeries& series, const Noise& noise)
    : in_(inputs),
      cells_(cells),
      series_(series),
      noise_(noise),
      v_(at(inputs.d) + 1),
      w_(at(inputs.d) * at(kMaxOrder + 1)),
      a_(at(kMaxOrder + 1)) {}

void CellSearch::consider(double t, int c, int j, int i, EventKind kind) {
    if (t < 0.0) return;
    found_.push_back({t, c, j, i, kind});
    h_ = std::min(h_, t * (1.0 + kInstant) + instant_);
}

const std::vector<CellEvent>& CellSearch::search(double now, double h) {
    found_.clear();
    turned_cell_ = -1;
    h_ = h / in_.unit();
    instant_ = 8.0 * kEps * now / in_.unit();
    for (int c = 0; c < cells_.size(); ++c) {
        if (cells_[c].empty() || (cells_[c].on.empty() && cells_[c].slide.size() == 0)) continue;
        due(c);
        if (abandoned_) return found_;
        if (cells_[c].slide.size() > 0) releases(c);
    }
    const double last = h_;
    found_.erase(
        std::remove_if(found_.begin(), found_.end(), [last](const CellEvent& e) { return e.t > last; }),
        found_.end());
    std::stable_sort(found_.begin(), found_.end(),
                     [](const CellEvent& a, const CellEvent& b) { return a.t < b.t; });
    for (CellEvent& e : found_) e.t *= in_.unit();
    return found_;
}

bool CellSearch::ask() {
    if (++looked_at_ % kAsked == 0 && cut_) abandoned_ = cut_();
    return abandoned_;
}

// Of cell c within the step as long as it is by now; asked for every neuron, and the same for most.
double CellSearch::turning(int c) {
    if (c == turned_cell_ && h_ == turned_h_) return turned_;
    turned_cell_ = c;
    turned_h_ = h_;
    return turned_ = series_.turning(c, h_ * in_.unit());
}

// Those of cell c that may switch within the step, the nearest first: what they meet shortens it for the
// rest.
void CellSearch::due(int c) {
    Cell& cell = cells_[c];
    cells_.queue(cell);
    seen_.clear();
    while (!cell.due.empty() && cell.due.front().first <= cell.clock + turning(c)) {
        const auto [when, j] = cell.due.front();
        std::pop_heap(cell.due.begin(), cell.due.end(), std::greater<>());
        cell.due.pop_back();
        if (ask()) return;
        if (cells_.home(j) != c || cells_.next_look(j) != when) continue;  // it has gone since
        seen_.push_back({c, j, examine(c, j)});
    }
    for (const Seen& s : seen_) cells_.look_again(s.neuron, cell.clock + s.angle - kAngleSlack);
}

// Where few are due the heaps of their cells tell them. Else, and from then on until single events are looked
// for again, all neurons are asked.
const std::vector<int>& CellSearch::neurons(double now, double h) {
    bool many = false;
    instant_ = 8.0 * kEps * now / in_.unit();
    until_.assign(at(cells_.size()), -std::numeric_limits<double>::infinity());
    taken_.clear();
    for (int c = 0; c < cells_.size(); ++c) {
        Cell& cell = cells_[c];
        if (cell.empty() || (cell.on.empty() && cell.slide.size() == 0)) continue;
        until_[at(c)] = cell.clock + series_.turning(c, h);
        if (cell.slide.size() > 0) {
            found_.clear();
            h_ = h / in_.unit();
            releases(c);
            if (!found_.empty()) until_[at(c)] = std::numeric_limits<double>::infinity();
        }
        many |= !take_due(c, until_[at(c)]);
    }
    std::sort(taken_.begin(), taken_.end());
    taken_.erase(std::unique(taken_.begin(), taken_.end()), taken_.end());
    if (!many) return taken_;
    all_.resize(at(in_.p));
    Index count = 0;
    for (int j = 0; j < in_.p; ++j) {  // no branch: which are due is hard to foresee
        all_[at(count)] = j;
        count += cells_.next_look(j) <= until_[at(cells_.home(j))] ? 1 : 0;
    }
    all_.resize(at(count));
    return all_;
}

// Off the heap of cell c: what is due until then. False: too many.
bool CellSearch::take_due(int c, double until) {
    constexpr int kMany = 32;
    Cell& cell = cells_[c];
    for (int count = 0; cell.queued && !cell.due.empty() && cell.due.front().first <= until; ++count) {
        const auto [when, j] = cell.due.front();
        std::pop_heap(cell.due.begin(), cell.due.end(), std::greater<>());
        cell.due.pop_back();
        if (cells_.home(j) == c && cells_.next_look(j) == when) taken_.push_back(j);
        if (count == kMany) cells_.unqueue(cell);
    }
    return cell.queued;
}

void CellSearch::queue() {
    for (int j : taken_) cells_.look_again(j, cells_.next_look(j));
}

double CellSearch::examine(int c, int j) {
    cells_.state(j, v_.data());
    const double nearest = angles_to_kinks(in_, cells_, cells_[c], j, v_, angles_);
    if (nearest > turning(c) + kAngleSlack) return nearest;
    nearest_kinks(turning(c) + kAngleSlack, angles_);
    bool known = false;
    for (const auto& [angle, i] : angles_) {
        if (angle > turning(c) + kAngleSlack) break;
        if (!known) series_.path(c, v_.data(), w_.data(), a_.data());
        known = true;
        crossing(c, j, i);
    }
    return nearest;
}

void CellSearch::crossing(int c, int j, int i) {
    const int order = series_.order();
    std::array<double, kMaxOrder + 1> p;
    until_crossing(in_, cells_[c], {order, w_.data(), a_.data()}, i, p.data());
    const double within = i < 0 ? noise_.outer(j) : noise_.z(j, i);
    const EventKind kind = i < 0 ? EventKind::kOuterZero : EventKind::kCross;
    consider(first_exit(p.data(), order, h_, within), c, j, i, kind);
}

void CellSearch::releases(int c) {
    const Cell& cell = cells_[c];
    const double tol = noise_.multiplier(cell.slide);
    const int order = series_.order() - 1;
    std::array<double, kMaxOrder + 1> off, on;
    for (int slot = 0; slot < cell.slide.size(); ++slot) {
        const int i = cell.slide.point(slot);
        until_release(in_, cell, series_, c, slot, off.data(), on.data());
        const double within = tol * in_.parallel().weight(i);
        consider(first_exit(off.data(), order, h_, within), c, -1, i, EventKind::kReleaseOff);
        consider(first_exit(on.data(), order, h_, within), c, -1, i, EventKind::kReleaseOn);
    }
}

}  // namespace pl
