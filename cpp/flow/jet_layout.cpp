#include "flow/jet_layout.hpp"

#include <algorithm>

namespace pl {
namespace {

Index padded(Index width) {
    return (width + kPad - 1) / kPad * kPad;
}

}  // namespace

void JetLayout::lay_out(const Pairs& pairs, const double* W) {
    outside_.assign(W, W + Index{in_.p} * in_.d);
    for (int j = 0; j < in_.p; ++j)
        from_[at(j + 1)] = from_[at(j)] + (in_.dense() ? in_.stride() : padded(pairs.on(j).size()));
    point_.assign(in_.dense() ? 0 : at(size()), 0);
    norm_.assign(point_.size(), 0.0);
    buried_ = 0;
    for (int j = 0; j < in_.p && !in_.dense(); ++j) {
        Index l = from(j);
        for (const int i : pairs.on(j)) {
            point_[at(l)] = i;
            norm_[at(l++)] = in_.norm(i);
        }
    }
}

void JetLayout::pack(const double* W, Index begin, Index end, double* w) const {
    for (Index j = begin; j < end; ++j) {
        const double* row = W + j * in_.d;
        double* to = w + from(j);
        if (in_.dense()) std::copy(row, row + in_.d, to);
        for (Index l = from(j); !in_.dense() && l < from(j + 1); ++l, ++to)
            if (norm(l) > 0.0) *to = row[point(l)];
    }
}

void JetLayout::unpack(const double* w, double* W) const {
    for (Index j = 0; j < in_.p; ++j) {
        const double* values = w + from(j);
        double* row = W + j * in_.d;
        if (in_.dense()) std::copy(values, values + in_.d, row);
        for (Index l = from(j); !in_.dense() && l < from(j + 1); ++l, ++values)
            if (norm(l) > 0.0) row[point(l)] = *values;
    }
}

Index JetLayout::bury(int j, int i, const double* w) {
    const auto first = point_.begin() + from(j);
    const Index l = std::find(first, point_.end(), i) - point_.begin();
    outside_[at(j) * at(in_.d) + at(i)] = w[l];
    norm_[at(l)] = 0.0;
    ++buried_;
    return l;
}

}  // namespace pl
