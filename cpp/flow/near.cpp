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
    std::fill(refs_.begin(), refs_.end(), nullptr);
    memory_.clear();
}

double Near::reach(int j, const double* w) const {
    if (refs_[at(j)] == nullptr) return 0.0;
    const double* from = refs_[at(j)]->w;
    std::array<double, kPad> sum{};
    for (Index l = 0; l < in_.stride(); l += kPad) {
        for (Index k = 0; k < kPad; ++k) {
            const double way = w[l + k] - from[l + k];
            sum[at(k)] += way * way;
        }
    }
    return std::sqrt(((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7])));
}

NearList Near::within(int j, const double* w, double& reach, double way) {
    Reference*& ref = refs_[at(j)];
    if (ref == nullptr || !(reach + way <= ref->radius)) {
        if (ref == nullptr) {
            ref = memory_.take<Reference>(1);
            *ref = {memory_.take<double>(at(in_.stride())), nullptr, 0, 0, 0.0};
        }
        refresh(*ref, w, way);
        reach = 0.0;
    }
    return {ref->pairs, ref->size};
}

void Near::refresh(Reference& ref, const double* w, double way) {
    std::copy_n(w, in_.stride(), ref.w);
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
    const double radius = ref.radius;
    const auto beyond = [radius](const std::pair<double, int>& entry) { return !(entry.first <= radius); };
    found.erase(std::remove_if(found.begin(), found.end(), beyond), found.end());
    std::sort(found.begin(), found.end());
    ref.size = size_of(found);
    if (ref.size > ref.room) {
        ref.room = std::min(Index{in_.n}, 2 * ref.size);  // what it grows out of is lost until `forget`
        ref.pairs = memory_.take<std::pair<double, int>>(at(ref.room));
    }
    std::copy(found.begin(), found.end(), ref.pairs);
}

}  // namespace pl
