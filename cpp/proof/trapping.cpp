#include "proof/trapping.hpp"

#include <algorithm>
#include <limits>

#include "proof/sliding.hpp"
#include "proof/stratum.hpp"

namespace pl {
namespace {

// Float64 leaves pairs that slide at 1e-17, runs of capture at 1e-9; any threshold is sound.
constexpr double kResting = 1e-8, kNearby = 1e-6;
constexpr int kRounds = 3;  // radii tried, each the one that the last showed to do

// What the kinks of all neurons ask for and cost.
struct Kinks {
    std::vector<NeuronKinks> neurons;
    std::vector<std::vector<Index>> slid;                      // (p)
    double gap = std::numeric_limits<double>::infinity();      // of the pairs that must not switch
    double allowed = std::numeric_limits<double>::infinity();  // move of the residual
    double outer = std::numeric_limits<double>::infinity();    // least abs(a_j) of a neuron that moves
    double time = 0, moved = 0;
    double apart = 0, slow = 0;  // norms over all neurons that move: of Hold::apart, of slow_speed
};

bool same_kinks(const std::vector<NeuronKinks>& a, const std::vector<NeuronKinks>& b) {
    const auto same_kink = [](const Kink& s, const Kink& t) { return s.points == t.points; };
    const auto same = [&](const NeuronKinks& s, const NeuronKinks& t) {
        return s.kind == t.kind && s.on == t.on &&
               std::equal(s.kinks.begin(), s.kinks.end(), t.kinks.begin(), t.kinks.end(), same_kink);
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool hold(const Enclosure& state, Kinks& kinks, Trapping& found) {
    kinks.slid.resize(at(state.p));
    double moved_sq = 0, apart_sq = 0, slow_sq = 0;
    for (Index j = 0; j < state.p; ++j) {
        const NeuronKinks& neuron = kinks.neurons[at(j)];
        if (neuron.kind == Kind::kDead) continue;
        const bool moves = neuron.kind == Kind::kMoves || neuron.kind == Kind::kSlides;
        if (moves) kinks.gap = std::min(kinks.gap, neuron.gap);
        if (moves) kinks.outer = std::min(kinks.outer, std::abs(state.a(j)));
        if (neuron.kind == Kind::kMoves) {
            const double slow = slow_speed(state, j, neuron.on, {});
            slow_sq += slow * slow;
            continue;
        }
        const Hold held = moves ? hold_sliding(state, j, neuron) : hold_resting(state, j, neuron);
        if (!held.sound) {
            found.reason = held.reason;
            return false;
        }
        kinks.allowed = std::min(kinks.allowed, held.allowed);
        kinks.time = std::max(kinks.time, held.time);
        moved_sq += held.moved * held.moved;
        (moves ? found.sliding : found.resting) += static_cast<Index>(neuron.kinks.size());
        if (!moves) continue;
        kinks.slid[at(j)] = held.points;
        const double slow = slow_speed(state, j, neuron.on, held.points);
        apart_sq += held.apart * held.apart;
        slow_sq += slow * slow;
    }
    const double rounded = 1 + gamma(static_cast<double>(state.p));
    kinks.moved = upward(std::sqrt(moved_sq * rounded));
    kinks.apart = upward(std::sqrt(apart_sq * rounded));
    kinks.slow = upward(std::sqrt(slow_sq * rounded));
    return true;
}

// What happens before the theorem's state is reached: neurons at rest are put on their kinks, sliding pairs
// come to theirs.
struct Settling {
    double way = 0;                  // of the solution meanwhile
    double shifted = 0;              // of the theorem's state from this one
    double r_moved = 0;              // of the residual
    double needed_over_allowed = 0;  // at most 1: it settles
};

// Until the sliding pairs are on their kinks: theta' <= (sigma/n) norm(r) norm(theta); or their own parts
// only fall, and all the rest has the speed that it has, but for what the way changes of it.
Settling settle(const Enclosure& state, const Kinks& kinks) {
    const double n = static_cast<double>(state.n), p = static_cast<double>(state.p);
    const double sigma = state.x_operator, time = kinks.time;
    Settling found;
    const double theta = upward(state.theta_norm + kinks.moved);
    const double r_norm = upward(state.r_norm + sigma * theta / p * kinks.moved);
    const double growth = upward(time * sigma / n * r_norm);
    found.way = growth < 0.5 ? upward(growth / (1 - growth) * theta) : kinks.outer;
    const double slow = kinks.slow + sigma * theta / n * (sigma * theta / p) * kinks.moved;
    const double start = upward(2 * kinks.apart + time * slow), largest = upward(theta + 2 * start);
    const double turn = upward(time * (sigma * r_norm / n + sigma * sigma * largest * largest / (n * p)));
    if (turn <= 0.5) found.way = std::min(found.way, upward(start / (1 - turn)));
    if (time <= 0) found.way = 0;
    found.shifted = upward(found.way + kinks.moved);
    found.r_moved = upward(sigma * (theta + found.way) / p * found.shifted);
    if (time <= 0) return found;
    found.needed_over_allowed = std::max(found.way / (kinks.outer / 4), found.r_moved / (kinks.allowed / 4));
    if (turn > 0.5) found.needed_over_allowed = std::min(found.needed_over_allowed, 2 * turn);
    return found;
}

// The theorem at one radius; false, and `found` as it was but for the reason, if it does not hold there.
bool holds_at(const Enclosure& state, double rho, const StratumBound& bound, const Kinks& kinks,
              const Settling& settling, Trapping& found) {
    const double n = static_cast<double>(state.n), p = static_cast<double>(state.p);
    const double part = upward(bound.part_norm + settling.r_moved);
    const double rate = downward(2 * bound.smallest / (n * p));
    // 2 sqrt(p L_V / mu_rho)
    const double length = std::isfinite(rate) ? upward(2 * std::sqrt(p * part * part / (2 * n) / rate)) : 0.0;
    const double turned = upward(2 * part + 3 * settling.r_moved);
    if (!found.proved)
        found.needed_over_allowed = std::max((length + settling.way) / rho, turned / kinks.allowed);
    if (!(length + settling.way < downward(rho)) || !(turned < kinks.allowed)) return false;
    // norm(r_perp) at the state, from below: the space V is the pattern's, the same when it is reached
    const double stays = downward(state.sum_r2_low - upward(bound.part_norm * bound.part_norm));
    const double least = std::max(0.0, downward(std::sqrt(std::max(stays, 0.0))) - settling.r_moved);
    const double most = state.r_norm + settling.r_moved;
    const double low = downward(downward(least * least) / (2 * n));
    if (!(low > 0)) {
        if (!found.proved) found.reason = "no residual outside what the pattern can still remove";
        return false;
    }
    found.proved = true;
    found.reason.clear();
    found.rho = rho;
    found.rate = rate;
    found.distance = upward(length + settling.shifted);
    found.smallest = bound.smallest;
    found.moved = kinks.moved;
    found.settled = kinks.time;
    found.limit_low = low;
    found.limit_high = upward(most * most / (2 * n));
    return true;
}

// With these kinks, unless they are those of `last`.
Trapping trapped_with(const Enclosure& state, std::vector<NeuronKinks> neurons, Kinks& last,
                      Workers workers) {
    Trapping found;
    Kinks kinks;
    if (same_kinks(neurons, last.neurons)) return found;
    last.neurons = neurons;
    kinks.neurons = std::move(neurons);
    if (!hold(state, kinks, found)) return found;
    const Stratum stratum = stratum_of(state, kinks.neurons, kinks.slid, workers);
    if (!stratum.sound) {
        found.reason = stratum.reason;
        return found;
    }
    const Settling settling = settle(state, kinks);
    if (!(settling.needed_over_allowed <= 1)) {
        found.needed_over_allowed = settling.needed_over_allowed;
        found.reason = "pairs too far from the kinks they slide on";
        return found;
    }
    found.reason = "a pattern not firm enough";
    double rho = std::min(kinks.gap, 0.5 * kinks.outer) * (1 - 1e-9);  // K_rho counts abs(a_j) - rho
    if (!std::isfinite(rho)) rho = 0x1p-40 * state.theta_norm;         // nothing can switch
    for (int round = 0; round < kRounds; ++round) {
        const StratumBound bound = bound_stratum(state, stratum, rho, workers);
        if (!(bound.smallest > 0) && !found.proved) found.reason = "dependent patterns";
        if (!(bound.smallest > 0) || !holds_at(state, rho, bound, kinks, settling, found)) break;
        const double enough = 2 * found.distance;  // the least radius has the largest rate
        if (!(enough < rho / 2) || !(enough > 0)) break;
        rho = enough;
    }
    if (found.proved) found.neurons = std::move(kinks.neurons);
    return found;
}

}  // namespace

// The kinks that are known, and pairs near theirs: how near tells those that rest from those that are on
// their way. Last only those at rounding: of a known one that has left its kink the sign of z is firmer, and
// the proof is of the state without it.
Trapping prove_trapping(const Enclosure& state, Workers workers, Known known) {
    Trapping found;
    Kinks last;
    struct Guess {
        double share;
        bool known;
    };
    const double rounding = 8 * gamma(static_cast<double>(state.d));  // of z as a run sums it
    for (const Guess& guess : {Guess{kResting, true}, {kNearby, true}, {rounding, true}, {rounding, false}}) {
        if (!guess.known && (known == Known::kStays || !state.knows_kinks())) break;
        Trapping next = trapped_with(state, find_kinks(state, guess.share, guess.known), last, workers);
        if (next.proved || workers.control.cancelled()) return next;
        const double nearest = std::min(found.needed_over_allowed, next.needed_over_allowed);
        if (found.reason.empty()) found = std::move(next);
        found.needed_over_allowed = nearest;
    }
    return found;
}

}  // namespace pl
