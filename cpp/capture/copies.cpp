#include "capture/copies.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/index.hpp"

namespace pl {

Copies::Copies(const Problem<double>& given) : lines_(given), merged_(given) {
    std::vector<int> stands(at(given.n));
    bool any = false;
    for (int i = 0; i < static_cast<int>(given.n); ++i) {
        stands[at(i)] = longest_copy(i);
        any = any || stands[at(i)] != i;
    }
    if (!any) return;
    stands_ = std::move(stands);
    X_.assign(given.X, given.X + given.n * given.d);
    y_.assign(given.y, given.y + given.n);
    all_.resize(at(given.n));
    for (int i = 0; i < static_cast<int>(given.n); ++i)
        if (stands_[at(i)] == i) all_[at(i)].push_back(i);
    for (int i = 0; i < static_cast<int>(given.n); ++i)
        if (stands_[at(i)] != i) all_[at(stands_[at(i)])].push_back(i);
    for (int i = 0; i < static_cast<int>(given.n); ++i)
        if (all_[at(i)].size() > 1) merge(i);
    merged_.X = X_.data();
    merged_.y = y_.data();
    for (PairAtKink& pair : merged_.kinks) pair.point = stands_[at(pair.point)];
    std::stable_sort(merged_.kinks.begin(), merged_.kinks.end(), before);
    const auto same = [](const PairAtKink& u, const PairAtKink& v) { return !before(u, v); };
    merged_.kinks.erase(std::unique(merged_.kinks.begin(), merged_.kinks.end(), same), merged_.kinks.end());
}

// The first of them.
int Copies::longest_copy(int i) const {
    if (!lines_.any()) return i;
    int longest = i;
    double most = 0.0;
    for (const int k : lines_.members(i)) {
        const double ratio = lines_.ratio(k) / lines_.ratio(i);
        if (!(ratio > most)) continue;
        most = ratio;
        longest = k;
    }
    return longest;
}

void Copies::merge(int standing) {
    const std::vector<int>& all = all_[at(standing)];
    const Index d = merged_.d;
    std::vector<double> c;
    double size_sq = 0.0, sum = 0.0, rest_sq = 0.0;
    for (const int k : all) {
        c.push_back(lines_.ratio(k) / lines_.ratio(standing));
        size_sq += c.back() * c.back();
        sum += c.back() * y_[at(k)];
    }
    for (std::size_t l = 0; l < all.size(); ++l) {
        const double rest = y_[at(all[l])] - c[l] * sum / size_sq;
        rest_sq += rest * rest;
    }
    const double size = std::sqrt(size_sq);
    for (Index k = 0; k < d; ++k) X_[at(standing * d + k)] *= size;
    y_[at(standing)] = sum / size;
    for (std::size_t l = 1; l < all.size(); ++l) {
        std::fill_n(X_.begin() + all[l] * d, d, 0.0);
        y_[at(all[l])] = l == 1 ? std::sqrt(rest_sq) : 0.0;
    }
}

std::vector<PairAtKink> Copies::as_given(const std::vector<PairAtKink>& pairs) const {
    if (!any()) return pairs;
    std::vector<PairAtKink> given;
    for (const PairAtKink& pair : pairs)
        for (const int i : all_[at(pair.point)]) given.push_back({pair.neuron, i, pair.mode, pair.share});
    return given;
}

std::vector<int> Copies::as_given(const std::vector<int>& points) const {
    if (!any()) return points;
    std::vector<int> given;
    for (const int point : points) given.insert(given.end(), all_[at(point)].begin(), all_[at(point)].end());
    return given;
}

}  // namespace pl
