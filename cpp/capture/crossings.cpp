#include "capture/crossings.hpp"

#include <algorithm>
#include <utility>

#include "capture/attempts.hpp"
#include "kernel/dispatch.hpp"

namespace pl {
namespace {

// Where two meshes tell the error by what they differ by, of few pairs. A pair whose push vanishes while it
// is held goes on or off by what the shares of the others leave of its speed: at 0.002 that was chance, the
// same on both meshes, and a loss was off by a third.
constexpr KinkSweeps kFineSweeps{2e-5F, 40};
constexpr Index kFew = 16;  // pairs, whose K is not kept

}  // namespace

Crossings::Crossings(const CaptureInputs& inputs)
    : rows_(inputs.rows()),
      sweeps_(two_meshes(inputs.problem()) ? kFineSweeps : KinkSweeps{}),
      opposite_(inputs.parallel().any()),
      p_(inputs.problem().p),
      blocks_(block_count(inputs.problem().n)),
      signs_(p_ * blocks_),
      seen_(p_ * blocks_),
      solvers_(at(p_)) {}

void Crossings::begin(const NeuronStep& step, const std::vector<Touched>& resting,
                      const std::vector<int>& beside, const Word* masks) {
    step.met = resting;
    Word* seen = seen_.data() + step.j * blocks_;
    std::fill_n(seen, blocks_, Word{0});
    for (Touched& pair : step.met) {
        pair.held = true;
        pair.first = pair.share = pair.last;
        pair.v = step.z_next[pair.point] - pair.z;
        seen[pair.point / kBlockPoints] |= Word{1} << (pair.point % kBlockPoints);
    }
    for (Index l = 0; step.lines.any() && l < size_of(resting); ++l) {
        const int point = step.lines.opposite(resting[at(l)].point);
        if (point >= 0) add_unseen(step, point, masks);
    }
    for (const int point : beside) add_unseen(step, point, masks);
    find(step, masks);
}

void Crossings::add_unseen(const NeuronStep& step, int point, const Word* masks) {
    if (step.find(point) != nullptr) return;
    seen_.data()[step.j * blocks_ + point / kBlockPoints] |= Word{1} << (point % kBlockPoints);
    add(step, point, masks);
}

void Crossings::add(const NeuronStep& step, int point, const Word* masks) const {
    Touched pair;
    pair.point = point;
    pair.z = step.z[point];
    pair.v = step.z_next[point] - pair.z;
    pair.first = pair.share =
        static_cast<double>(masks[point / kBlockPoints * p_ + step.j] >> (point % kBlockPoints) & 1);
    step.met.push_back(pair);
}

Index Crossings::find(const NeuronStep& step, const Word* masks) {
    const Index known = size_of(step.met);
    Word* signs = signs_.data() + step.j * blocks_;
    kernel<double>().signs(step.z_next, blocks_, signs, 1);
    for (Index b = 0; b < blocks_; ++b) {
        const Word before = masks[b * p_ + step.j];
        Word &seen = seen_.data()[step.j * blocks_ + b], fresh = (before ^ signs[b]) & ~seen;
        seen |= fresh;
        for (; fresh != 0; fresh &= fresh - 1)
            add(step, static_cast<int>(b * kBlockPoints) + __builtin_ctzll(fresh), masks);
    }
    return size_of(step.met) - known;
}

Index Crossings::follow(const NeuronStep& step, Index known, CutOff cut) {
    Solver& own = solvers_[at(step.j)];
    const bool few = size_of(step.met) <= kFew && !own;
    if (!few && !own) own = std::make_unique<KinkSolver>(rows_, sweeps_, opposite_);
    Solver borrowed = few ? borrow() : nullptr;
    KinkSolver& solver = few ? *borrowed : *own;
    const double* early = step.turns() ? nullptr : step.early;
    const Index most =
        solver.follow(step.met, known, {step.stride, step.g, step.factor, step.impulse, early, cut});
    step.move();
    if (few) give_back(std::move(borrowed));
    return most;
}

Crossings::Solver Crossings::borrow() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return std::make_unique<KinkSolver>(rows_, sweeps_, opposite_);
    Solver solver = std::move(idle_.back());
    idle_.pop_back();
    solver->forget();
    return solver;
}

void Crossings::give_back(Solver solver) {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(solver));
}

}  // namespace pl
