#include "flow/cell_search.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "flow/polynomial.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInstant = 1e-13;  // as in events.cpp
constexpr double kSlack = 1e-12;    // of an angle, for rounding
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
    seen_.clear();
    while (!cell.due.empty() && cell.due.front().first <= cell.clock + turning(c)) {
        const auto [when, j] = cell.due.front();
        std::pop_heap(cell.due.begin(), cell.due.end(), std::greater<>());
        cell.due.pop_back();
        if (ask()) return;
        if (cells_.home(j) != c || cells_.next_look(j) != when) continue;  // it has gone since
        seen_.push_back({c, j, examine(c, j)});
    }
    for (const Seen& s : seen_) cells_.look_again(s.neuron, cell.clock + s.angle - kSlack);
}

std::vector<int> CellSearch::neurons(double now, double h) {
    std::vector<int> all;
    instant_ = 8.0 * kEps * now / in_.unit();
    for (int c = 0; c < cells_.size(); ++c) {
        Cell& cell = cells_[c];
        if (cell.empty() || (cell.on.empty() && cell.slide.size() == 0)) continue;
        take_due(c, cell.clock + series_.turning(c, h));
        for (const auto& [when, j] : taken_) {
            if (ask()) return all;
            if (cells_.home(j) == c && cells_.next_look(j) == when) all.push_back(j);
        }
        if (cell.slide.size() == 0) continue;
        found_.clear();
        h_ = h / in_.unit();
        releases(c);
        if (!found_.empty()) all.insert(all.end(), cell.members.begin(), cell.members.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

// Off the heap of cell c: what is due until then. Many are parted from the rest, of which a heap is made
// anew.
void CellSearch::take_due(int c, double until) {
    constexpr std::size_t kMany = 32;
    std::vector<std::pair<double, int>>& due = cells_[c].due;
    taken_.clear();
    while (!due.empty() && due.front().first <= until && taken_.size() < kMany) {
        taken_.push_back(due.front());
        std::pop_heap(due.begin(), due.end(), std::greater<>());
        due.pop_back();
    }
    if (due.empty() || due.front().first > until) return;
    const auto first =
        std::partition(due.begin(), due.end(), [until](const auto& entry) { return entry.first > until; });
    taken_.insert(taken_.end(), first, due.end());
    due.erase(first, due.end());
    std::make_heap(due.begin(), due.end(), std::greater<>());
}

double CellSearch::examine(int c, int j) {
    const Cell& cell = cells_[c];
    cells_.state(j, v_.data());
    const double size = norm_of(v_.data(), size_of(v_));
    angles_.clear();
    for (int i = 0; i < in_.n; ++i) {
        if (!crosses(in_, cell.modes.data(), i)) continue;
        const double z = inner(v_.data(), in_.row(i), in_.d);
        angles_.emplace_back(std::abs(z) / (size * in_.norm(i)), i);
    }
    const bool may_turn = cell.slide.size() > 0 && cells_.invariant(j) < 0.0;  // a_j its sign
    if (may_turn) angles_.emplace_back(std::abs(v_.back()) / size, -1);
    if (angles_.empty()) return std::numeric_limits<double>::infinity();
    const double nearest = std::min_element(angles_.begin(), angles_.end())->first;
    if (nearest > turning(c) + kSlack) return nearest;
    std::sort(angles_.begin(), angles_.end());
    bool known = false;
    for (const auto& [angle, i] : angles_) {
        if (angle > turning(c) + kSlack) break;
        if (!known) series_.path(c, v_.data(), w_.data(), a_.data());
        known = true;
        crossing(c, j, i);
    }
    return nearest;
}

void CellSearch::crossing(int c, int j, int i) {
    const int order = series_.order();
    std::array<double, kMaxOrder + 1> p;
    if (i < 0) {
        for (int k = 0; k <= order; ++k) p[at(k)] = cells_[c].sign * a_[at(k)];
        return consider(first_exit(p.data(), order, h_, noise_.outer(j)), c, j, -1, EventKind::kOuterZero);
    }
    const double side = cells_[c].modes[at(i)] == Mode::kOn ? 1.0 : -1.0;
    for (int k = 0; k <= order; ++k) {
        p[at(k)] = side * inner(w_.data() + Index{k} * in_.d, in_.row(i), in_.d);
    }
    consider(first_exit(p.data(), order, h_, noise_.z(j, i)), c, j, i, EventKind::kCross);
}

void CellSearch::releases(int c) {
    const Cell& cell = cells_[c];
    const double tol = noise_.multiplier(cell.slide);
    const int order = series_.order() - 1;
    std::array<double, kMaxOrder + 1> off, on;
    for (int slot = 0; slot < cell.slide.size(); ++slot) {
        const int i = cell.slide.point(slot);
        for (int k = 0; k <= order; ++k) {
            const double mu = series_.multiplier(c, k, slot);
            const LinePush push = in_.parallel().push(series_.r(k).data(), i);
            off[at(k)] = -cell.sign * (mu - push.behind);
            on[at(k)] = -cell.sign * (push.ahead - mu);
        }
        const double within = tol * in_.parallel().weight(i);
        consider(first_exit(off.data(), order, h_, within), c, -1, i, EventKind::kReleaseOff);
        consider(first_exit(on.data(), order, h_, within), c, -1, i, EventKind::kReleaseOn);
    }
}

}  // namespace pl
