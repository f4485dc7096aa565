// The pairs that a step touches: found, followed through their kinks, and looked for once more.
#include <algorithm>

#include "capture/dense.hpp"
#include "kernel/index.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {
template <class Visit>
void DenseCapture::over_neurons(const Visit& visit) {
    parallel_for((p_ + kChunk - 1) / kChunk, threads_, [&](Index chunk) {
        if (chunk % kAsked == 0 && cut()) return;
        for (Index j = chunk * kChunk; j < std::min((chunk + 1) * kChunk, p_); ++j) visit(j);
    });
}

// visit(j) for every neuron; which of them it moved.
void DenseCapture::each_neuron(bool (DenseCapture::*visit)(Index, const double*), const double* impulse) {
    over_neurons([&](Index j) { moved_[at(j)] = (this->*visit)(j, impulse); });
}

// The pairs that rest or change side, found; whether K of those that change side would take more than
// kMostKinkBytes. Of n = 3500, half of all pairs in one step took a gigabyte, and no such step was ever good.
bool DenseCapture::too_many_kinks() {
    over_neurons([&](Index j) {
        begin_touched(j);
        find_crossings(j);
    });
    double bytes = 0;
    for (Index j = 0; j < p_; ++j) {
        const auto all = static_cast<double>(trial_.touched[at(j)].size());
        const auto rest = static_cast<double>(now_.touched[at(j)].size());
        bytes += sizeof(float) * (all * all - rest * rest);
    }
    return bytes > kMostKinkBytes;
}

// The pairs at rest, as the step finds them.
void DenseCapture::begin_touched(Index j) {
    trial_.touched[at(j)] = now_.touched[at(j)];
    std::fill_n(seen_.data() + j * blocks_, blocks_, Word{0});
    for (Touched& pair : trial_.touched[at(j)]) {
        pair.held = true;
        pair.first = pair.share = pair.last;
        pair.v = trial_.z.data()[j * ldz_ + pair.point] - pair.z;
        seen_.data()[j * blocks_ + pair.point / kBlockPoints] |= Word{1} << (pair.point % kBlockPoints);
    }
}

// Adds the pairs whose z changes sign to the touched ones; how many.
Index DenseCapture::find_crossings(Index j) {
    std::vector<Touched>& touched = trial_.touched[at(j)];
    const Index known = size_of(touched);
    kernel_.signs(trial_.z.data() + j * ldz_, blocks_, signs_.data() + j * blocks_, 1);
    for (Index b = 0; b < blocks_; ++b) {
        const Word before = now_.masks.data()[b * p_ + j];
        Word &seen = seen_.data()[j * blocks_ + b], fresh = (before ^ signs_.data()[j * blocks_ + b]) & ~seen;
        seen |= fresh;
        for (; fresh != 0; fresh &= fresh - 1) {
            const int bit = __builtin_ctzll(fresh);
            Touched pair;
            pair.point = static_cast<int>(b * kBlockPoints) + bit;
            pair.z = now_.z.data()[j * ldz_ + pair.point];
            pair.v = trial_.z.data()[j * ldz_ + pair.point] - pair.z;
            pair.first = pair.share = static_cast<double>((before >> bit) & 1);
            touched.push_back(pair);
        }
    }
    return size_of(touched) - known;
}

NeuronPath DenseCapture::path(Index j, const double* impulse, double outer) {
    return {stride_, G_.data() + j * stride_, outer / static_cast<double>(n_), impulse};
}

// Follows the pairs of neuron j that change side or rest; true if it moved.
bool DenseCapture::meet_kinks(Index j, const double* impulse) {
    const bool any = !trial_.touched[at(j)].empty();
    stays_[at(j)] = any && still_ && stays(j, impulse);
    if (!any) return false;
    if (stays_[at(j)] != 0 || vanishes(j, impulse)) return true;
    NeuronPath way = path(j, impulse, middle_[at(j)]);
    way.cut = cut_off();
    if (!solvers_[at(j)]) solvers_[at(j)] = std::make_unique<KinkSolver>(inputs_->rows(), sweeps_);
    solvers_[at(j)]->follow(trial_.touched[at(j)], size_of(trial_.touched[at(j)]), way);
    move_weights(j);
    return true;
}

// Neurons that meet kinks of parallel inputs, not those that rest at them.
void DenseCapture::count_dependent() {
    if (!inputs_->parallel().any()) return;
    for (const std::vector<Touched>& touched : trial_.touched) {
        const auto held = [](const Touched& pair) { return pair.held; };
        if (touched.size() < 2 || std::all_of(touched.begin(), touched.end(), held)) continue;
        std::vector<int> points(touched.size());
        std::transform(touched.begin(), touched.end(), points.begin(),
                       [](const Touched& pair) { return pair.point; });
        dependent_ += inputs_->parallel().among(std::move(points)) ? 1 : 0;
    }
}

// Once more with the pairs that switch only because others did: three in a hundred, but without them the
// error falls in proportion to h and not to its square.
bool DenseCapture::look_again(Index j, const double* impulse) {
    std::vector<Touched>& touched = trial_.touched[at(j)];
    const Index known = size_of(touched);
    if (known == 0 || find_crossings(j) == 0 || stays_[at(j)] != 0) return false;
    NeuronPath way = path(j, impulse, middle_[at(j)]);
    way.cut = cut_off();
    solvers_[at(j)]->follow(touched, known, way);
    move_weights(j);
    return true;
}

}  // namespace pl
