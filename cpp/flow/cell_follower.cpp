#include "flow/cell_follower.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "flow/cell_kinks.hpp"
#include "flow/polynomial.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInstant = 1e-13;  // as in events.cpp

// Makes of a polynomial in t, its coefficients `stride` apart, one in t - by.
void shift(double* c, int order, Index stride, double by) {
    for (int low = 0; low < order; ++low)
        for (int k = order - 1; k >= low; --k) c[k * stride] += by * c[(k + 1) * stride];
}

}  // namespace

CellFollower::CellFollower(const Inputs& inputs, const Cells& cells, const CellSeries& series,
                           const Noise& noise, bool logs)
    : in_(inputs),
      cells_(cells),
      series_(series),
      noise_(noise),
      logs_(logs),
      v_(at(inputs.d) + 1),
      w_(at(inputs.d) * at(kMaxOrder + 1)),
      a_(at(kMaxOrder + 1)),
      r_(at(inputs.n)),
      space_(inputs) {}

void CellFollower::follow(CellWalk& walk, const CellStretch& step) {
    const int most = 64 + 8 * (in_.n + 1);
    walk.waits.reset();
    while (walk.whole && !walk.waits && search(walk, step)) {
        land(walk, step);
        walk.whole &= size_of(walk.legs) <= most;
    }
}

// The first events of what is left; false: there are none.
bool CellFollower::search(CellWalk& walk, const CellStretch& step) {
    const bool first = walk.legs.empty();
    j_ = walk.neuron;
    cell_ = first ? cells_.home(j_) : walk.legs.back().cell;
    from_ = first ? 0.0 : walk.legs.back().from;
    reference_ = first ? cells_.reference(j_) : walk.legs.back().reference.data();
    by_ = from_ / in_.unit();
    left_ = (step.h - from_) / in_.unit();
    instant_ = 8.0 * kEps * (step.t + from_) / in_.unit();
    found_.clear();
    if (!(left_ > 0.0)) return false;
    const Cell& cell = cells_[cell_];
    if (first) {
        cells_.state(j_, v_.data());
    } else {
        cells_.state(cell, j_, reference_, cell.phi, v_.data());
        trace();
    }
    const double turning = step.turning[at(cell_)] - (first ? 0.0 : series_.turning(cell_, from_));
    const double nearest = angles_to_kinks(in_, cells_, cell, j_, v_, angles_);
    if (first) walk.angle = nearest;
    const bool slides = cell.slide.size() > 0;
    if (nearest > turning + kAngleSlack && !slides) return false;
    if (first) trace();
    nearest_kinks(turning + kAngleSlack, angles_);
    for (const auto& entry : angles_) crossing(cell, entry.second);
    if (slides) releases(cell);
    const auto later = [this](const Found& e) { return e.t > left_; };
    found_.erase(std::remove_if(found_.begin(), found_.end(), later), found_.end());
    return !found_.empty();
}

// Its path from `from_` on, and where it is then.
void CellFollower::trace() {
    series_.path(cell_, v_.data(), w_.data(), a_.data());
    if (!(by_ > 0.0)) return;
    const int order = series_.order();
    for (Index l = 0; l < in_.d; ++l) shift(w_.data() + l, order, in_.d, by_);
    shift(a_.data(), order, 1, by_);
    std::copy_n(w_.begin(), in_.d, v_.begin());
    v_.back() = a_[0];
}

void CellFollower::consider(double t, int i, EventKind kind) {
    if (t < 0.0) return;
    found_.push_back({t, i, kind});
    left_ = std::min(left_, t * (1.0 + kInstant) + instant_);
}

void CellFollower::crossing(const Cell& cell, int i) {
    const int order = series_.order();
    std::array<double, kMaxOrder + 1> p;
    until_crossing(in_, cell, {order, w_.data(), a_.data()}, i, p.data());
    const double within = i < 0 ? noise_.outer(j_) : noise_.z(j_, i);
    const EventKind kind = i < 0 ? EventKind::kOuterZero : EventKind::kCross;
    consider(first_exit(p.data(), order, left_, within), i, kind);
}

void CellFollower::releases(const Cell& cell) {
    const int order = series_.order() - 1;
    const double tol = noise_.multiplier(cell.slide);
    std::array<double, kMaxOrder + 1> off, on;
    for (int slot = 0; slot < cell.slide.size(); ++slot) {
        const int i = cell.slide.point(slot);
        until_release(in_, cell, series_, cell_, slot, off.data(), on.data());
        shift(off.data(), order, 1, by_);
        shift(on.data(), order, 1, by_);
        const double within = tol * in_.parallel().weight(i);
        consider(first_exit(off.data(), order, left_, within), i, EventKind::kReleaseOff);
        consider(first_exit(on.data(), order, left_, within), i, EventKind::kReleaseOn);
    }
}

// Where its first events are: what they do, and the cell in which it goes on.
void CellFollower::land(CellWalk& walk, const CellStretch& step) {
    double first = left_;
    for (const Found& e : found_) first = std::min(first, e.t);
    const double tau = from_ + first * in_.unit();
    const Cell& cell = cells_[cell_];
    CellNeuron neuron{step.t + tau, j_, std::vector<double>(v_.size()), CellPattern(cell)};
    series_.propagator(cell_, tau, phi_, scratch_);
    cells_.state(cell, j_, reference_, phi_, neuron.v.data());
    series_.residuals(tau, r_.data());
    CellLeg leg{tau, -1, {}, Tally(logs_)};
    Cause cause;
    bool met = false;
    for (const Found& e : found_) {
        met |= e.kind == EventKind::kCross || e.kind == EventKind::kOuterZero;
        if (e.kind == EventKind::kCross) cause.crossed.push_back(e.point);
        if (e.kind != EventKind::kOuterZero) continue;
        neuron.pattern.sign = -neuron.pattern.sign;
        leg.tally.outer_zero();
    }
    walk.whole = !at_zero(noise_, neuron);
    if (met && walk.whole) settle({in_, noise_, r_.data(), space_}, cause, neuron, leg.tally);
    for (int count = 0; count <= in_.n && walk.whole && release(neuron, leg.tally, count == 0); ++count)
        met = true;
    if (met) leg.tally.event();
    walk.whole &= !neuron.gone && !neuron.degenerate;
    if (walk.whole) enter(walk, neuron, std::move(leg));
}

// Of what it slides on, that whose multiplier has left its bounds, or was to leave them now.
bool CellFollower::release(CellNeuron& neuron, Tally& tally, bool promised) {
    const KinkBasis& slide = neuron.pattern.slide;
    if (slide.size() == 0) return false;
    std::vector<double> g, coeff(at(slide.size())), mu(coeff.size());
    gradient_of(in_, neuron.pattern.modes, r_.data(), g);
    slide.project(g.data(), coeff.data());
    slide.multipliers(coeff.data(), mu.data());
    const auto promise = [&](int i) {
        Promised of;
        for (const Found& e : found_) {
            const bool lets_go = e.kind == EventKind::kReleaseOff || e.kind == EventKind::kReleaseOn;
            if (promised && lets_go && e.point == i) of.add(e.kind);
        }
        return of;
    };
    const Sliding sliding{slide, r_.data(), neuron.pattern.sign, noise_.multiplier(slide)};
    const auto forced = let_go(in_.parallel(), sliding, [&](int slot) { return mu[at(slot)]; }, promise);
    if (!forced.empty()) settle({in_, noise_, r_.data(), space_}, {{}, forced}, neuron, tally);
    return !forced.empty();
}

void CellFollower::enter(CellWalk& walk, CellNeuron& neuron, CellLeg leg) {
    leg.cell = cells_.known(neuron.pattern);
    if (leg.cell < 0) {
        walk.waits = std::make_unique<CellPattern>(std::move(neuron.pattern));
        return;
    }
    series_.propagator(leg.cell, leg.from, phi_, scratch_);
    cells_.bring_back(phi_, neuron.v.data());
    leg.reference = std::move(neuron.v);
    walk.legs.push_back(std::move(leg));
}

}  // namespace pl
