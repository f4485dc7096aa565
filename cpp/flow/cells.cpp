#include "flow/cells.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kTurn = 1.0;  // of the clock, after which a cell is renewed: Phi stays well conditioned

// x with A x = b, by elimination with pivots; A (n, n) and b are used up.
void solve(std::vector<double>& A, double* b, int n) {
    for (Index k = 0; k < n; ++k) {
        Index pivot = k;
        for (Index i = k + 1; i < n; ++i)
            if (std::abs(A[at(i * n + k)]) > std::abs(A[at(pivot * n + k)])) pivot = i;
        if (pivot != k) {
            std::swap_ranges(A.begin() + k * n, A.begin() + (k + 1) * n, A.begin() + pivot * n);
            std::swap(b[k], b[pivot]);
        }
        for (Index i = k + 1; i < n; ++i) {
            const double factor = A[at(i * n + k)] / A[at(k * n + k)];
            for (Index l = k; l < n; ++l) A[at(i * n + l)] -= factor * A[at(k * n + l)];
            b[i] -= factor * b[k];
        }
    }
    for (Index k = n - 1; k >= 0; --k) {
        for (Index l = k + 1; l < n; ++l) b[k] -= A[at(k * n + l)] * b[l];
        b[k] /= A[at(k * n + k)];
    }
}

std::vector<double> identity(Index width) {
    std::vector<double> one(at(width * width), 0.0);
    for (Index l = 0; l < width; ++l) one[at(l * width + l)] = 1.0;
    return one;
}

std::string key_of(const CellPattern& pattern) {
    const std::vector<Mode>& modes = pattern.modes;
    std::string key(modes.size() + 1, '\0');
    std::transform(modes.begin(), modes.end(), key.begin(), [](Mode m) { return static_cast<char>(m); });
    if (pattern.slide.size() > 0) key.back() = pattern.sign < 0.0 ? '-' : '+';
    return key;
}

}  // namespace

Cells::Cells(const Inputs& inputs, Noise& noise, Crew crew)
    : in_(inputs), noise_(noise), crew_(crew), width_(inputs.d + 1) {}

bool Cells::take(const Jets& jets, const Pairs& pairs, const std::vector<double>& sign, Index most,
                 const std::function<bool()>& cut) {
    constexpr int kAsked = 4096;
    drop();
    home_.resize(at(in_.p));
    place_.resize(at(in_.p));
    reference_.resize(at(in_.p) * at(width_));
    next_look_.resize(at(in_.p));
    invariant_ = jets.invariants();
    CellPattern of;
    of.modes.resize(at(in_.n));
    std::vector<double> v(at(width_));
    for (int j = 0; j < in_.p; ++j) {
        const auto from = pairs.modes.begin() + pairs.index(j, 0);
        std::copy(from, from + in_.n, of.modes.begin());
        of.slide = pairs.slide(j);
        of.sign = sign[at(j)];
        std::copy(jets.w(0, j), jets.w(0, j) + in_.d, v.begin());
        v.back() = jets.a(0, j);
        const int c = find(of);
        if (patterns() > most || (j % kAsked == kAsked - 1 && cut && cut())) {
            drop();
            return false;
        }
        cells_[at(c)].queued = false;
        enter(j, c, v.data());
    }
    for (Cell& cell : cells_) renew(cell);
    return true;
}

void Cells::drop() {
    cells_.clear();
    free_.clear();
    index_.clear();
}

int Cells::find(const CellPattern& pattern) {
    const auto [entry, fresh] = index_.try_emplace(key_of(pattern), size());
    if (!fresh) return entry->second;
    if (!free_.empty()) {
        entry->second = free_.back();
        free_.pop_back();
    } else {
        cells_.emplace_back();
    }
    Cell& cell = cells_[at(entry->second)];
    static_cast<CellPattern&>(cell) = pattern;
    for (int i = 0; i < in_.n; ++i)
        if (cell.modes[at(i)] == Mode::kOn) cell.on.push_back(i);
    cell.phi = identity(width_);
    cell.moment.assign(cell.phi.size(), 0.0);
    return entry->second;
}

void Cells::enter(int j, int c, const double* v) {
    Cell& cell = cells_[at(c)];
    home_[at(j)] = c;
    place_[at(j)] = static_cast<int>(cell.members.size());
    cell.members.push_back(j);
    look_again(j, cell.clock);
    std::copy(v, v + width_, reference_.begin() + Index{j} * width_);
    add(cell, v, 1.0);
}

void Cells::look_again(int j, double when) {
    Cell& cell = cells_[at(home_[at(j)])];
    next_look_[at(j)] = when;
    if (!cell.queued) return;
    cell.due.emplace_back(when, j);
    std::push_heap(cell.due.begin(), cell.due.end(), std::greater<>());
}

void Cells::queue(Cell& cell) const {
    if (cell.queued) return;
    cell.queued = true;
    for (int j : cell.members) cell.due.emplace_back(next_look(j), j);
    std::make_heap(cell.due.begin(), cell.due.end(), std::greater<>());
}

void Cells::unqueue(Cell& cell) const {
    cell.queued = false;
    cell.due.clear();
}

int Cells::join(int j, const CellPattern& pattern, const double* v) {
    const int c = find(pattern);
    enter(j, c, v);
    std::vector<double> phi = cells_[at(c)].phi;
    bring_back(phi, reference_.data() + Index{j} * width_);
    return c;
}

void Cells::bring_back(std::vector<double>& phi, double* v) const {
    solve(phi, v, width_);
}

int Cells::known(const CellPattern& pattern) const {
    const auto entry = index_.find(key_of(pattern));
    return entry == index_.end() ? -1 : entry->second;
}

int Cells::hold(const CellPattern& pattern) {
    const int c = find(pattern);
    hold(c);
    return c;
}

void Cells::release_held() {
    for (int c = 0; c < size(); ++c) {
        if (!cells_[at(c)].held) continue;
        cells_[at(c)].held = false;
        if (cells_[at(c)].empty()) discard(c);
    }
}

void Cells::arrive(int j, int c, const double* reference) {
    std::vector<double> v(at(width_));
    state(cells_[at(c)], j, reference, cells_[at(c)].phi, v.data());
    enter(j, c, v.data());
    std::copy_n(reference, width_, reference_.begin() + Index{j} * width_);
}

void Cells::leave(int j) {
    Cell& cell = cells_[at(home_[at(j)])];
    std::vector<double> v(at(width_));
    raw(cell.phi, reference(j), v.data());
    add(cell, v.data(), -1.0);
    const int last = cell.members.back();
    cell.members[at(place_[at(j)])] = last;
    place_[at(last)] = place_[at(j)];
    cell.members.pop_back();
    if (cell.empty()) discard(home_[at(j)]);
}

void Cells::discard(int c) {
    Cell& cell = cells_[at(c)];
    index_.erase(key_of(cell));
    free_.push_back(c);
    cell = Cell();
}

void Cells::add(Cell& cell, const double* v, double weight) const {
    for (Index l = 0; l < width_; ++l)
        for (Index m = 0; m < width_; ++m) cell.moment[at(l * width_ + m)] += weight * v[l] * v[m];
}

void Cells::raw(const std::vector<double>& phi, const double* reference, double* v) const {
    for (Index l = 0; l < width_; ++l) {
        double sum = 0.0;
        for (Index m = 0; m < width_; ++m) sum += phi[at(l * width_ + m)] * reference[m];
        v[l] = sum;
    }
}

// Lemma 1: the larger of the two weights follows from the smaller.
double Cells::restore(const Cell& cell, int j, const double* reference, double* v) const {
    std::vector<double> coeff(at(cell.slide.size()));
    if (cell.slide.size() > 0) cell.slide.project(v, coeff.data());
    double square = 0.0;
    for (Index l = 0; l < in_.d; ++l) square += v[l] * v[l];
    const double invariant = invariant_[at(j)], a = reference[in_.d];
    double& outer = v[in_.d];
    if (invariant >= 0.0) {
        outer = std::copysign(std::sqrt(invariant + square), a != 0.0 ? a : outer);
    } else if (square > 0.0) {
        const double scale = std::sqrt((outer * outer - invariant) / square);
        for (Index l = 0; l < in_.d; ++l) v[l] *= scale;
    }
    return square;
}

void Cells::state(int j, double* v) const {
    const Cell& cell = of(j);
    raw(cell.phi, reference(j), v);
    const double square = restore(cell, j, reference(j), v);
    noise_.grow(j, std::sqrt(square), std::abs(v[in_.d]));
}

void Cells::state(int j, const std::vector<double>& phi, double* v) const {
    state(of(j), j, reference(j), phi, v);
}

void Cells::state(const Cell& cell, int j, const double* reference, const std::vector<double>& phi,
                  double* v) const {
    raw(phi, reference, v);
    restore(cell, j, reference, v);
}

bool Cells::stale(const Cell& cell) const {
    return !cell.empty() &&
           (cell.clock - cell.renewed > kTurn || 2 * size_of(cell.members) < cell.at_renewal);
}

void Cells::renew(Cell& cell) {
    const Index count = size_of(cell.members);
    crew_.over(0, count, kStateWork * static_cast<double>(count), [&](Index from, Index to) {
        std::vector<double> v(at(width_));
        for (Index k = from; k < to; ++k) {
            const int j = cell.members[at(k)];
            state(j, v.data());
            std::copy(v.begin(), v.end(), reference_.begin() + Index{j} * width_);
        }
    });
    cell.moment.assign(cell.moment.size(), 0.0);
    for (int j : cell.members) add(cell, reference(j), 1.0);
    cell.phi = identity(width_);
    cell.at_renewal = size_of(cell.members);
    cell.renewed = cell.clock;
}

}  // namespace pl
