#include "problem/parallel_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kAsOne = 1e-9;

// abs(cos) of the angle to a direction that no input has but by chance: alike, to kAsOne, of parallel inputs.
std::vector<double> slants(const Problem<double>& problem) {
    std::vector<double> across(at(problem.d)), found(at(problem.n));
    for (Index k = 0; k < problem.d; ++k) across[at(k)] = std::sin(1.0 + 0.7 * static_cast<double>(k * k));
    const double length = std::sqrt(inner(across.data(), across.data(), problem.d));
    for (Index i = 0; i < problem.n; ++i) {
        const double* x = problem.X + i * problem.d;
        found[at(i)] =
            std::abs(inner(x, across.data(), problem.d)) / (length * std::sqrt(inner(x, x, problem.d)));
    }
    return found;
}

}  // namespace

bool parallel(const double* u, const double* v, Index d) {
    const double square = inner(u, u, d), part = inner(u, v, d) / square, size = inner(v, v, d);
    if (part * part * square < 0.5 * size) return false;
    double rest = 0.0;
    for (Index k = 0; k < d; ++k) rest += (v[k] - part * u[k]) * (v[k] - part * u[k]);
    return rest <= kAsOne * kAsOne * size;
}

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
        const auto same = std::find_if(standing.begin(), standing.end(), [&](int k) {
            return parallel(problem.X + k * problem.d, x, problem.d);
        });
        group[at(i)] = same != standing.end() ? *same : i;
        any = any || same != standing.end();
        if (same == standing.end()) standing.push_back(i);
    }
    if (any) group_ = std::move(group);
}

bool ParallelInputs::among(std::vector<int> points) const {
    for (int& point : points) point = group_[at(point)];
    std::sort(points.begin(), points.end());
    return std::adjacent_find(points.begin(), points.end()) != points.end();
}

}  // namespace pl
