#include "flow/pairs.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

constexpr int kOrdinary = 20;  // of the power of two of a rate: all powers of it up to kMaxOrder are squared

double unit_for(double rate) {
    if (!(rate > 0.0 && std::isfinite(rate)) || std::abs(std::ilogb(rate)) <= kOrdinary) return 1.0;
    return std::ldexp(1.0, -std::ilogb(rate));
}

void insert_sorted(std::vector<int>& list, int value) {
    list.insert(std::lower_bound(list.begin(), list.end(), value), value);
}

void erase_sorted(std::vector<int>& list, int value) {
    const auto it = std::lower_bound(list.begin(), list.end(), value);
    if (it != list.end() && *it == value) list.erase(it);
}

}  // namespace

Inputs::Inputs(const Problem<double>& problem)
    : n(static_cast<int>(problem.n)),
      d(static_cast<int>(problem.d)),
      p(static_cast<int>(problem.p)),
      y(problem.y),
      stride_((problem.d + kPad - 1) / kPad * kPad),
      norms_(at(problem.n)) {
    if (problem.X) rows_.assign(at(n * stride_), 0.0);
    for (int i = 0; i < n; ++i) {
        double square = 0.0;
        for (int l = 0; problem.X && l < d; ++l) {
            const double x = problem.X[Index{i} * d + l];
            rows_[at(i * stride_ + l)] = x;
            square += x * x;
        }
        norms_[at(i)] = problem.X ? std::sqrt(square) : problem.norms[i];
        largest_ = std::max(largest_, norms_[at(i)]);
        label_ = std::max(label_, std::abs(y[i]));
    }
    unit_ = unit_for(label_ * largest_);
}

Pairs::Pairs(int points, int d, int neurons, bool is_dense)
    : n(points),
      p(neurons),
      dense(is_dense),
      modes(at(points) * at(neurons), Mode::kOff),
      on(at(neurons)),
      who(is_dense ? at(points) : 0),
      slide(at(neurons), KinkBasis(d)) {}

void Pairs::list() {
    for (auto& points : on) points.clear();
    for (auto& neurons : who) neurons.clear();
    for (int j = 0; j < p; ++j) {
        for (int i = 0; i < n; ++i) {
            if (mode(j, i) != Mode::kOn) continue;
            on[at(j)].push_back(i);
            if (dense) who[at(i)].push_back(j);
        }
    }
}

void Pairs::set(int j, int i, Mode mode) {
    Mode& now = modes[at(index(j, i))];
    if (now == mode) return;
    const auto uj = at(j), ui = at(i);
    if (now == Mode::kOn) {
        erase_sorted(on[uj], i);
        if (dense) erase_sorted(who[ui], j);
    }
    if (mode == Mode::kOn) {
        insert_sorted(on[uj], i);
        if (dense) insert_sorted(who[ui], j);
    }
    now = mode;
}

}  // namespace pl
