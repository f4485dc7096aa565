#include "capture/neuron.hpp"

#include <algorithm>

#include "kernel/dispatch.hpp"
#include "problem/packed.hpp"

namespace pl {
namespace {

constexpr Index kLanes = 16;  // places of pairs come in whole vectors of every level
constexpr Index kSpare = 3;   // for pairs that are found later
constexpr int kArrays = 11;   // push, early, z, v, share, side, mean, due, per_drop, start, changed

}  // namespace

// Room for so many pairs. K of the known ones stays where it is.
void KinkSolver::make_room(Index count, Index known) {
    if (known == count || count > args_.ld) {
        args_.ld = round_up(count + kSpare, kLanes);
        if (gram_.size() < args_.ld * args_.ld) gram_ = Buffer<float>(args_.ld * args_.ld);
        args_.made = 0;
    } else {
        args_.made = static_cast<int>(known);
    }
    args_.count = static_cast<int>(count);
    if (arrays_.size() < kArrays * args_.ld) arrays_ = Buffer<float>(kArrays * args_.ld);
    std::fill_n(arrays_.data(), kArrays * args_.ld, 0.0F);
    float* next = arrays_.data();
    for (float** array : {&args_.z, &args_.v, &args_.share, &args_.side, &args_.mean, &args_.due,
                          &args_.per_drop, &args_.start}) {
        *array = next;
        next += args_.ld;
    }
    push_ = next;
    early_ = next + args_.ld;
    changed_ = next + 2 * args_.ld;
    x_.resize(at(count));
    rows_.resize(at(count));
    weights_.resize(at(count));
    order_.resize(at(count));
}

// Lays out the pairs for the kernel; K is taken.
void KinkSolver::prepare(const std::vector<Touched>& touched, Index known, const NeuronPath& path) {
    make_room(size_of(touched), known);
    for (Index l = 0; l < size_of(touched); ++l) {
        const Touched& pair = touched[at(l)];
        x_[at(l)] = inputs_.float_rows + pair.point * inputs_.float_stride;
        rows_[at(l)] = inputs_.row(pair.point);
        push_[l] = static_cast<float>(path.scale * path.impulse[pair.point]);
        early_[l] = path.early != nullptr ? static_cast<float>(path.scale * path.early[pair.point]) : 0.0F;
        args_.z[l] = static_cast<float>(pair.z);
        args_.v[l] = static_cast<float>(pair.v);
        args_.share[l] = static_cast<float>(pair.first);
        args_.side[l] = pair.held ? 0.0F : pair.first > 0.0 ? 1.0F : -1.0F;
        changed_[l] = static_cast<float>(pair.share - pair.first);
    }
    args_.width = inputs_.float_stride;
    args_.cut = path.cut;
    args_.x = x_.data();
    args_.gram = gram_.data();
    args_.push = push_;
    args_.early = early_;
    args_.changed = changed_;
    args_.order = order_.data();
    level().kinks->gram(args_);
    args_.known = static_cast<int>(known);
}

// g under the shares found.
void KinkSolver::conclude(std::vector<Touched>& touched, const float* shares, const NeuronPath& path) {
    for (Index l = 0; l < size_of(touched); ++l) {
        Touched& pair = touched[at(l)];
        const double share = static_cast<double>(shares[l]);
        weights_[at(l)] = (share - pair.share) * path.impulse[pair.point];
        pair.share = share;
        pair.last = static_cast<double>(args_.share[l]);
        pair.rests = args_.side[l] == 0.0F;
    }
    std::fill_n(drive_.data(), drive_.size(), 0.0);
    level().kinks->add_rows(rows_.data(), weights_.data(), args_.count, inputs_.stride, drive_.data());
    for (Index k = 0; k < std::min(path.width, inputs_.stride); ++k) path.g[k] += drive_.data()[k];
}

Index KinkSolver::follow(std::vector<Touched>& touched, Index known, const NeuronPath& path) {
    prepare(touched, known, path);
    level().kinks->follow(args_);
    conclude(touched, args_.mean, path);
    return args_.most;
}

}  // namespace pl
