#include "capture/resting.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "capture/rest.hpp"
#include "capture/to_zero.hpp"
#include "kernel/inner.hpp"
#include "kernel/kernel.hpp"
#include "problem/at_kinks.hpp"
#include "problem/basis.hpp"

namespace pl {
namespace {

constexpr double kUnit = 4.0 * std::numeric_limits<double>::epsilon();  // rounding of a sum, of its terms
// Of the push of its whole share over a step, how far from its kink a pair may be that was let go by mistake:
// by what single precision knows, and at rest by what the sweeps over shares leave undone (KinkSweeps).
constexpr double kDoubtful = 1e-5, kDoubtfulStill = 2e-2;
// More than d pairs rest at once only where inputs depend on each other; a step that has many more is not a
// good one, and would take long here.
constexpr Index kMostPerInput = 4;
constexpr double kShrunk = 1e-5;  // of norm(w_j) in one step: perhaps to 0

bool rests(const Touched& pair) {
    return pair.rests;
}

// Whether a pair that acts for `share` of its push holds the neuron less than the opposite one, off, would
// push it away: it leaves for that one's side.
bool leaves(const NeuronStep& step, const Touched& pair, double share) {
    const Touched* other = step.opposite(pair);
    if (other == nullptr) return false;
    const double ratio = step.lines.ratio(other->point) / step.lines.ratio(pair.point);
    return share * step.push(pair) > step.push(*other) * ratio;
}

struct EndOfStep {
    AtRest rest;
    std::vector<Index> pairs;  // of those met, one per point
    double size = 0;           // of the terms of w_j
};

// Of the pairs met those at rest, and those whose z at the end is within `doubtful` of the push of their
// whole share: as they are at the end of the step, under the mean shares found so far.
EndOfStep end_of(const NeuronStep& step, double doubtful) {
    EndOfStep end;
    end.size = norm_of(step.w, step.d);
    end.rest.v.assign(step.next, step.next + step.d);
    for (Index l = 0; l < size_of(step.met); ++l) {
        const Touched& pair = step.met[at(l)];
        const double push = step.push(pair), norm = step.norms[pair.point];
        const double *x = step.inputs.row(pair.point), z = inner(step.next, x, step.d);
        end.size += std::abs(push) * norm;
        const bool two_sided = step.opposite(pair) != nullptr;
        if (!(push < 0.0 || two_sided)) continue;
        if (!(pair.rests || std::abs(z) <= doubtful * std::abs(push) * norm * norm)) {
            const Touched* other = step.opposite(pair);
            if (other == nullptr || !other->rests) continue;
        }
        end.rest.add(pair.point, x, push,
                     pair.rests ? Mode::kSlide
                     : z > 0.0  ? Mode::kOn
                                : Mode::kOff,
                     two_sided ? step.lines.line(pair.point) : -1, step.lines.ratio(pair.point));
        end.pairs.push_back(l);
        for (Index k = 0; k < step.d; ++k) end.rest.v[at(k)] -= pair.share * push * x[k];
    }
    return end;
}

}  // namespace

bool stays(const NeuronStep& step) {
    KinkBasis basis(static_cast<int>(step.d));
    const auto beside = [&](const Touched& pair) {  // of a pair held
        const Touched* other = step.opposite(pair);
        return !pair.held && pair.first == 0.0 && other != nullptr && other->held;
    };
    for (const Touched& pair : step.met) {
        if (beside(pair)) continue;
        if (!pair.held || !(step.push(pair) < 0.0)) return false;
        basis.add(pair.point, step.inputs.row(pair.point));
    }
    std::vector<double> w(step.next, step.next + step.d), coeff(at(basis.size())), phi(coeff.size());
    basis.project(w.data(), coeff.data());
    basis.multipliers(coeff.data(), phi.data());
    const double within = kAtKink * norm_of(w.data(), step.d);
    std::vector<double> shares;
    for (const Touched& pair : step.met) {
        if (beside(pair)) {
            shares.push_back(0.0);
            continue;
        }
        const int slot = basis.find(pair.point);
        const double by = slot < 0 ? 0.0 : phi[at(slot)] / step.push(pair), share = pair.share + by;
        const double z = inner(w.data(), step.inputs.row(pair.point), step.d);
        if (std::abs(z) > within * step.norms[pair.point]) return false;
        if (!(share >= 0.0 && share <= 1.0) || leaves(step, pair, share)) return false;
        shares.push_back(share);
    }
    for (Index l = 0; l < size_of(step.met); ++l) {
        Touched& pair = step.met[at(l)];
        step.give(pair, shares[at(l)]);
        pair.last = pair.share;
        pair.rests = pair.held;
    }
    std::copy(w.begin(), w.end(), step.next);
    return true;
}

bool all_rest(const NeuronStep& step) {
    return std::all_of(step.met.begin(), step.met.end(), [&](const Touched& pair) {
        const Touched* other = step.opposite(pair);
        return pair.rests || (other != nullptr && other->rests);
    });
}

bool ends_exactly(const NeuronStep& step, bool wanted) {
    const Index count = std::count_if(step.met.begin(), step.met.end(), rests);
    const bool shrunk = norm_sq(step.next, step.d) <= kShrunk * kShrunk * norm_sq(step.w, step.d);
    return (wanted || count >= step.d || shrunk) && count <= kMostPerInput * step.d;
}

void end_at_rest(const NeuronStep& step, bool still) {
    EndOfStep end = end_of(step, still ? kDoubtfulStill : kDoubtful);
    if (end.pairs.empty() || !end.rest.settle(kUnit * end.size)) return;
    end.rest.one_of_each_line();
    std::copy(end.rest.v.begin(), end.rest.v.end(), step.next);
    for (Index m = 0; m < size_of(end.pairs); ++m) {
        Touched& pair = step.met[at(end.pairs[at(m)])];
        const KinkPoint& k = end.rest.points[at(m)];
        step.give(pair, end.rest.share[at(m)]);
        // held too far off for all of its share to lead it back in this step: the next ones go on
        const double z = inner(step.next, k.x, step.d);
        const bool returns = pair.rests && pair.held && (z - pair.z) * z < 0.0;
        pair.rests = k.mode == Mode::kSlide || returns;
        if (!pair.rests) pair.last = pair.share;
    }
    if (end.rest.held < step.d && norm_of(step.next, step.d) > kUnit * end.size) return;
    put_to_zero(step);
}

void keep_sides(const NeuronStep& step) {
    for (const Touched& pair : step.met) {
        const Touched* other = step.opposite(pair);
        if (!pair.rests && other != nullptr && other->rests) step.z_next[pair.point] = 0.0;
    }
}

void join(const NeuronStep& step, const double* r, const Word* masks, Index n, Index p) {
    const double within = kAtKink * norm_of(step.next, step.d);
    if (within == 0.0) return;
    const Index known = size_of(step.met);
    for (Index i = 0; i < n; ++i) {
        const double z = step.z_next[i];
        const auto end = step.met.begin() + known;
        if (step.norms[i] == 0.0 || std::abs(z) > within * step.norms[i] || !(step.factor * r[i] < 0.0) ||
            std::any_of(step.met.begin(), end, [i](const Touched& pair) { return pair.point == i; }))
            continue;
        Touched pair;
        pair.point = static_cast<int>(i);
        pair.rests = true;
        pair.z = z;
        pair.share = pair.last =
            static_cast<double>(masks[i / kBlockPoints * p + step.j] >> (i % kBlockPoints) & 1);
        step.met.push_back(pair);
    }
}

}  // namespace pl
