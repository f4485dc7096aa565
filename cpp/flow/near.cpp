#include "flow/near.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "flow/kernels.hpp"

namespace pl {
namespace {

constexpr Index kListed = 16;  // pairs listed at least

}  // namespace

Near::Near(const Inputs& inputs) : in_(inputs), refs_(at(inputs.p)) {}

void Near::forget() {
    for (auto& ref : refs_) ref.reset();
}

double Near::reach(int j, const double* w) const {
    if (!refs_[at(j)]) return 0.0;
    const std::vector<double>& from = refs_[at(j)]->w;
    std::array<double, kPad> sum{};
    for (Index l = 0; l < size_of(from); l += kPad) {
        for (Index k = 0; k < kPad; ++k) {
            const double way = w[l + k] - from[at(l + k)];
            sum[at(k)] += way * way;
        }
    }
    return std::sqrt(((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7])));
}

const std::vector<std::pair<double, int>>& Near::within(int j, const double* w, double& reach, double way) {
    std::unique_ptr<Reference>& ref = refs_[at(j)];
    if (!ref || !(reach + way <= ref->radius)) {
        if (!ref) ref = std::make_unique<Reference>();
        refresh(*ref, w, way);
        reach = 0.0;
    }
    return ref->pairs;
}

void Near::refresh(Reference& ref, const double* w, double way) const {
    ref.w.assign(w, w + in_.stride());
    std::vector<std::pair<double, int>> found;
    found.reserve(at(in_.n));
    for (int i = 0; i < in_.n; ++i)
        found.emplace_back(std::abs(dot(w, in_.row(i), in_.stride())) / in_.norm(i), i);
    ref.radius = 2.0 * way;
    if (found.size() > kListed) {
        std::nth_element(found.begin(), found.begin() + kListed, found.end());
        ref.radius = std::max(ref.radius, found[kListed].first);
    } else {
        ref.radius = std::numeric_limits<double>::infinity();
    }
    ref.pairs.clear();
    for (const auto& entry : found) {
        if (entry.first <= ref.radius) ref.pairs.push_back(entry);
    }
    std::sort(ref.pairs.begin(), ref.pairs.end());
}

}  // namespace pl
