#include "flow/near.hpp"

#include <algorithm>
#include <cmath>

#include "flow/kernels.hpp"

namespace pl {
namespace {

constexpr Index kListed = 16;  // pairs listed at least

}  // namespace

Near::Near(const Inputs& inputs) : in_(inputs), refs_(at(inputs.p)) {}

double Near::reach(int j, const double* w) const {
    const std::vector<double>& from = refs_[at(j)].w;
    double sum = 0.0;
    for (Index l = 0; l < size_of(from); ++l) sum += (w[l] - from[at(l)]) * (w[l] - from[at(l)]);
    return std::sqrt(sum);
}

const std::vector<std::pair<double, int>>& Near::within(int j, const double* w, double way) {
    Reference& ref = refs_[at(j)];
    if (ref.radius < 0.0 || !(reach(j, w) + way <= ref.radius)) refresh(ref, w, way);
    return ref.pairs;
}

void Near::refresh(Reference& ref, const double* w, double way) {
    ref.w.assign(w, w + in_.stride());
    scratch_.clear();
    for (int i = 0; i < in_.n; ++i)
        scratch_.emplace_back(std::abs(dot(w, in_.row(i), in_.stride())) / in_.norm(i), i);
    ref.radius = 2.0 * way;
    if (scratch_.size() > kListed) {
        std::nth_element(scratch_.begin(), scratch_.begin() + kListed, scratch_.end());
        ref.radius = std::max(ref.radius, scratch_[kListed].first);
    } else {
        ref.radius = std::numeric_limits<double>::infinity();
    }
    ref.pairs.clear();
    for (const auto& entry : scratch_) {
        if (entry.first <= ref.radius) ref.pairs.push_back(entry);
    }
    std::sort(ref.pairs.begin(), ref.pairs.end());
}

}  // namespace pl
