// Many trajectories: one replicate per thread, or one large problem over the team.
#pragma once

#include <variant>
#include <vector>

#include "euler/euler.hpp"
#include "kernel/dispatch.hpp"
#include "parallel/control.hpp"

namespace pl {

template <class Real>
struct EulerTask {
    Problem<Real> problem;
    EulerOptions options;
    EulerResult<Real> result;
};

using AnyEulerTask = std::variant<EulerTask<float>, EulerTask<double>>;

// Flops if every run goes to its n_steps: the total that Control's counter of work done goes up to.
double total_work(const std::vector<AnyEulerTask>& tasks);

// Fills every result; those not started when control was cancelled say so. Throws MemoryBudget
// before any work.
void euler_ensemble(std::vector<AnyEulerTask>& tasks, const Level& level, int threads, Control& control);

}  // namespace pl
