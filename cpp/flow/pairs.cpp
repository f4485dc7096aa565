#include "flow/pairs.hpp"

#include <algorithm>
#include <cmath>

namespace pl {
namespace {

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
      stride_((static_cast<std::size_t>(problem.d) + kPad - 1) / kPad * kPad),
      norms_(static_cast<std::size_t>(problem.n)) {
    if (problem.X) rows_.assign(static_cast<std::size_t>(n) * stride_, 0.0);
    for (int i = 0; i < n; ++i) {
        const auto u = static_cast<std::size_t>(i);
        double square = 0.0;
        for (int l = 0; problem.X && l < d; ++l) {
            const double x = problem.X[u * static_cast<std::size_t>(d) + static_cast<std::size_t>(l)];
            rows_[u * stride_ + static_cast<std::size_t>(l)] = x;
            square += x * x;
        }
        norms_[u] = problem.X ? std::sqrt(square) : problem.norms[i];
        largest_ = std::max(largest_, norms_[u]);
        label_ = std::max(label_, std::abs(y[i]));
    }
}

Pairs::Pairs(int points, int d, int neurons, bool is_dense)
    : n(points),
      p(neurons),
      dense(is_dense),
      modes(static_cast<std::size_t>(points) * static_cast<std::size_t>(neurons), Mode::kOff),
      on(static_cast<std::size_t>(neurons)),
      who(is_dense ? static_cast<std::size_t>(points) : 0),
      slide(static_cast<std::size_t>(neurons), KinkBasis(d)) {}

void Pairs::set(int j, int i, Mode mode) {
    Mode& now = modes[index(j, i)];
    if (now == mode) return;
    const auto uj = static_cast<std::size_t>(j), ui = static_cast<std::size_t>(i);
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
