#include "flow/pairs.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr int kOrdinary = 20;  // of the power of two of a rate: all powers of it up to kMaxOrder are squared

double unit_for(double rate) {
    if (!(rate > 0.0 && std::isfinite(rate)) || std::abs(std::ilogb(rate)) <= kOrdinary) return 1.0;
    return std::ldexp(1.0, -std::ilogb(rate));
}

// Bound of the network's outputs: norm(x) (1/p) sum_j abs(a_j) norm(w_j).
double largest_output(const Problem<double>& problem, double norm) {
    double sum = 0.0;
    for (Index j = 0; j < problem.p; ++j)
        sum += std::abs(problem.a[j]) * std::sqrt(norm_sq(problem.W + j * problem.d, problem.d));
    return norm * sum / static_cast<double>(problem.p);
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
      norms_(at(problem.n)),
      parallel_(problem) {
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
    unit_ = unit_for(beside(largest_output(problem, largest_)) * largest_);
}

bool stands_aside(const Inputs& in, const Mode* modes, int i) {
    const int first = in.parallel().line(i);
    return i != first &&
           !(in.parallel().ratio(i) < 0.0 && modes[i] == Mode::kOff && modes[first] == Mode::kOff);
}

bool idles(const Inputs& in, const Mode* modes, int i) {
    if (!in.parallel().two_sided(i) || in.parallel().line(i) != i) return false;
    const std::vector<int>& all = in.parallel().members(i);
    return std::all_of(all.begin(), all.end(), [modes](int k) { return modes[k] == Mode::kOff; });
}

Index Inputs::sliding_pairs(const KinkBasis& slide) const {
    if (!parallel_.any()) return slide.size();
    Index sum = 0;
    for (int slot = 0; slot < slide.size(); ++slot) sum += size_of(parallel_.members(slide.point(slot)));
    return sum;
}

Pairs::Pairs(int points, int d, int neurons, bool is_dense)
    : n(points),
      p(neurons),
      dense(is_dense),
      modes(at(points) * at(neurons), Mode::kOff),
      who(is_dense ? at(points) : 0),
      on_(Index{points} * neurons),
      count_(at(neurons), 0),
      slide_(at(neurons)),
      none_(d) {}

KinkBasis& Pairs::sliding(int j) {
    std::unique_ptr<KinkBasis>& basis = slide_[at(j)];
    if (!basis) basis = std::make_unique<KinkBasis>(none_);
    return *basis;
}

void Pairs::set_slide(int j, const KinkBasis& basis) {
    if (basis.size() == 0)
        slide_[at(j)].reset();
    else
        sliding(j) = basis;
}

void Pairs::list() {
    std::fill(count_.begin(), count_.end(), 0);
    for (auto& neurons : who) neurons.clear();
    for (int j = 0; j < p; ++j) {
        for (int i = 0; i < n; ++i) {
            if (mode(j, i) != Mode::kOn) continue;
            on_.data()[index(j, count_[at(j)]++)] = i;
            if (dense) who[at(i)].push_back(j);
        }
    }
}

void Pairs::set(int j, int i, Mode mode) {
    Mode& now = modes[at(index(j, i))];
    if (now == mode) return;
    int *first = on_.data() + index(j, 0), *last = first + count_[at(j)],
        *place = std::lower_bound(first, last, i);
    if (now == Mode::kOn) {
        std::copy(place + 1, last, place);
        --count_[at(j)];
        if (dense) erase_sorted(who[at(i)], j);
    }
    if (mode == Mode::kOn) {
        std::copy_backward(place, last, last + 1);
        *place = i;
        ++count_[at(j)];
        if (dense) insert_sorted(who[at(i)], j);
    }
    now = mode;
}

}  // namespace pl
