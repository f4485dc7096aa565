#include "problem/parallel_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kAsOne = 1e-9;

double largest_entry(const double* x, Index d) {
    double most = 0.0;
    for (Index k = 0; k < d; ++k) most = std::max(most, std::abs(x[k]));
    return most;
}

// A power of two that brings x near 1: squares of its entries are within the range of numbers.
double unit_of(const double* x, Index d) {
    return std::ldexp(1.0, -std::ilogb(largest_entry(x, d)));
}

// abs(cos) of the angle to a direction that no input has but by chance: alike, to kAsOne, of parallel inputs.
std::vector<double> slants(const Problem<double>& problem) {
    std::vector<double> across(at(problem.d)), found(at(problem.n));
    for (Index k = 0; k < problem.d; ++k) across[at(k)] = std::sin(1.0 + 0.7 * static_cast<double>(k * k));
    const double length = norm_of(across.data(), problem.d);
    for (Index i = 0; i < problem.n; ++i) {
        const double* x = problem.X + i * problem.d;
        if (largest_entry(x, problem.d) == 0.0) continue;
        const double unit = unit_of(x, problem.d);
        double part = 0.0, size = 0.0;
        for (Index k = 0; k < problem.d; ++k) {
            part += unit * x[k] * across[at(k)];
            size += unit * x[k] * (unit * x[k]);
        }
        found[at(i)] = std::abs(part) / (length * std::sqrt(size));
    }
    return found;
}

// v (d) is so many times u, where u is largest.
double ratio_of(const double* u, const double* v, Index d) {
    const double most = largest_entry(u, d);
    Index lead = 0;
    while (std::abs(u[lead]) != most) ++lead;
    return v[lead] / u[lead];
}

// Whether v (d) is a multiple of u to kAsOne, by a ratio within the range of numbers.
bool parallel(const double* u, const double* v, Index d) {
    const double ratio = ratio_of(u, v, d), unit = unit_of(v, d);
    if (!std::isnormal(ratio)) return false;
    double rest = 0.0, size = 0.0;
    for (Index k = 0; k < d; ++k) {
        const double off = unit * (v[k] - ratio * u[k]);
        rest += off * off;
        size += unit * v[k] * (unit * v[k]);
    }
    return rest <= kAsOne * kAsOne * size;
}

bool is_multiple(const double* u, const double* v, double ratio, Index d) {
    for (Index k = 0; k < d; ++k)
        if (std::fma(ratio, u[k], -v[k]) != 0.0) return false;
    return true;
}

}  // namespace

ParallelInputs::ParallelInputs(const Problem<double>& problem) {
    if (problem.X == nullptr || problem.d < 2) return;
    const std::vector<double> slant = slants(problem);
    std::vector<int> order(at(problem.n)), group(at(problem.n));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int i, int k) { return slant[at(i)] < slant[at(k)]; });
    std::vector<int> standing;  // for their groups, among those that may be parallel to the next
    bool any = false;
    for (const int i : order) {
        const auto far = [&](int k) { return slant[at(i)] - slant[at(k)] > 2.0 * kAsOne; };
        standing.erase(std::remove_if(standing.begin(), standing.end(), far), standing.end());
        const double* x = problem.X + i * problem.d;
        group[at(i)] = i;
        if (largest_entry(x, problem.d) == 0.0) continue;
        const auto same = std::find_if(standing.begin(), standing.end(), [&](int k) {
            return parallel(problem.X + k * problem.d, x, problem.d);
        });
        if (same == standing.end()) {
            standing.push_back(i);
        } else {
            group[at(i)] = *same;
            any = true;
        }
    }
    if (any) make_lines(problem, group);
}

// The first point of each group stands for it.
void ParallelInputs::make_lines(const Problem<double>& problem, const std::vector<int>& group) {
    const Index n = problem.n, d = problem.d;
    std::vector<int> first(at(n), -1);
    line_.resize(at(n));
    ratio_.assign(at(n), 1.0);
    weight_.assign(at(n), 0.0);
    exact_.assign(at(n), true);
    two_sided_.assign(at(n), false);
    members_.resize(at(n));
    for (int i = 0; i < static_cast<int>(n); ++i) {
        int& stands = first[at(group[at(i)])];
        if (stands < 0) stands = i;
        line_[at(i)] = stands;
        members_[at(stands)].push_back(i);
        const double *u = problem.X + stands * d, *x = problem.X + i * d;
        ratio_[at(i)] = ratio_of(u, x, d);
        exact_[at(i)] = is_multiple(u, x, ratio_[at(i)], d);
        weight_[at(stands)] += std::abs(ratio_[at(i)]);
        if (ratio_[at(i)] < 0.0) two_sided_[at(stands)] = true;
    }
}

int ParallelInputs::opposite(int i) const {
    if (!two_sided(i)) return -1;
    const std::vector<int>& all = members(i);
    return *std::find_if(all.begin(), all.end(), [&](int k) { return ratio(k) * ratio(i) < 0.0; });
}

LinePush ParallelInputs::together(const double* r, int i) const {
    LinePush sum{0.0, 0.0};
    for (const int k : members(i)) (ratio_[at(k)] > 0.0 ? sum.ahead : sum.behind) += ratio_[at(k)] * r[k];
    return sum;
}

bool ParallelInputs::among(std::vector<int> points) const {
    std::sort(points.begin(), points.end(),
              [this](int i, int k) { return line(i) != line(k) ? line(i) < line(k) : i < k; });
    for (std::size_t k = 1; k < points.size(); ++k)
        if (line(points[k - 1]) == line(points[k]) && !(exact(points[k - 1]) && exact(points[k])))
            return true;
    return false;
}

}  // namespace pl
