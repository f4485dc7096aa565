#include "euler/ensemble.hpp"

#include <algorithm>
#include <numeric>

#include "euler/euler.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/memory.hpp"
#include "problem/packed.hpp"

namespace pl {
namespace {

const Kernel<float>& kernel_of(const Level& level, const EulerTask<float>&) {
    return *level.f32;
}
const Kernel<double>& kernel_of(const Level& level, const EulerTask<double>&) {
    return *level.f64;
}

double work(const AnyEulerTask& any) {
    return std::visit(
        [](const auto& task) {
            return task.problem.flops() * static_cast<double>(task.options.steps_left() + 1);
        },
        any);
}

// Whether a team can share one pass of this problem.
bool divisible(const AnyEulerTask& any) {
    return std::visit(
        [](const auto& task) {
            const auto& q = task.problem;
            constexpr double kPairs = 1 << 21;
            if (q.norms != nullptr) return static_cast<double>(q.n) * static_cast<double>(q.p) > kPairs;
            return superblock_count(q.n, q.d, q.p, sizeof(*q.y)) > 1;
        },
        any);
}

void run_one(AnyEulerTask& any, const Level& level, int inner_threads, Control& control) {
    std::visit(
        [&](auto& task) {
            task.result = euler(task.problem, task.options, kernel_of(level, task), inner_threads, control);
            const Index left = task.options.n_steps - task.result.past.step;
            control.add_done(static_cast<std::int64_t>(task.problem.flops() * static_cast<double>(left)));
        },
        any);
}

template <class Real>
double rows_bytes(const EulerTask<Real>& task) {
    return Recorder<Real, Index>::bytes(task.problem, task.options.saves);
}

// Results of all runs, and the scratch of the largest on every thread.
double bytes_needed(const std::vector<AnyEulerTask>& tasks, const Level& level, int threads) {
    double results = 0, largest = 0;
    for (const AnyEulerTask& any : tasks) {
        std::visit(
            [&](const auto& task) {
                results += rows_bytes(task);
                largest = std::max(largest, scratch_bytes(task.problem, kernel_of(level, task)));
            },
            any);
    }
    return results + largest * std::min<double>(threads, static_cast<double>(tasks.size()));
}

}  // namespace

double total_work(const std::vector<AnyEulerTask>& tasks) {
    return std::accumulate(tasks.begin(), tasks.end(), 0.0,
                           [](double sum, const AnyEulerTask& any) { return sum + work(any); });
}

void euler_ensemble(std::vector<AnyEulerTask>& tasks, const Level& level, int threads, Control& control) {
    require_bytes(bytes_needed(tasks, level, threads));
    // Largest first, so that no long run starts last; equal ones in the caller's order.
    std::vector<std::size_t> order(tasks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<double> cost(tasks.size());
    std::transform(tasks.begin(), tasks.end(), cost.begin(), work);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t i, std::size_t k) { return cost[i] > cost[k]; });

    // Fewer replicates than threads: the large ones are taken one at a time by the whole team.
    std::size_t alone = 0;
    if (tasks.size() < at(threads))
        while (alone < order.size() && divisible(tasks[order[alone]])) ++alone;
    for (std::size_t k = 0; k < alone; ++k) run_one(tasks[order[k]], level, threads, control);
    parallel_for(static_cast<std::int64_t>(order.size() - alone), threads, control,
                 [&](std::int64_t k) { run_one(tasks[order[alone + at(k)]], level, 1, control); });
}

}  // namespace pl
