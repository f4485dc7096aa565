// Runs of the methods that count in time, flow and capture: tasks in, a thread each, results out.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "bindings/kink_fields.hpp"
#include "bindings/python_watch.hpp"
#include "bindings/run_dict.hpp"
#include "bindings/signals.hpp"
#include "bindings/task.hpp"
#include "bindings/threads.hpp"
#include "parallel/parallel_for.hpp"
#include "problem/memory.hpp"

namespace pl {

// One run: the arrays it points into, and what it gave.
template <class Options, class Result>
struct Work {
    HeldProblem<double> held;
    std::unique_ptr<StepWatch> watch;
    Options options;
    Result result;
};

// Those of flow and capture count pairs one by one, in ints.
template <class Work>
void read_common(const py::dict& task, Work& work) {
    HeldProblem<double>& held = work.held;
    auto& options = work.options;
    held = read_problem<double>(task);
    held.problem.kinks = read_kinks(task);
    const Problem<double>& q = held.problem;
    if (std::max({q.n, q.d, q.p}) > Index{1} << 30)
        throw py::value_error("n, d, p: expected at most 2^30 each for this method");
    options.t_end = read_not_negative(task, "t_end");
    options.rtol = read_positive(task, "rtol");
    options.atol = read_not_negative(task, "atol");
    options.saves = read_saves<double>(task, options.t_end);
    options.stop = read_stop(task);
    if (!task["budget"].is_none()) options.stop.budget = read_positive(task, "budget");
    work.watch = read_watch(task, q);
    options.watch = work.watch.get();
}

// Method: Work, `read(task, work)`, `bytes(problem)`, `run(work, threads, poll)`, `written(work)`.
template <class Method>
py::tuple run_adaptive(const py::sequence& tasks, int threads, const py::object& progress) {
    std::vector<typename Method::Work> works(tasks.size());
    double bytes = 0;
    for (std::size_t k = 0; k < works.size(); ++k) {
        Method::read(tasks[k].cast<py::dict>(), works[k]);
        bytes = std::max(bytes, Method::bytes(works[k].held.problem));
    }
    threads = usable_threads(threads);
    const Index total = static_cast<Index>(works.size());
    const int each = total == 1 ? threads : 1;  // one run is the team's, many are a thread's each
    const auto compute = [&](Control& control) {
        require_bytes(bytes * std::min<double>(threads, static_cast<double>(total)));
        const Poll poll = [&control] { return control.check(); };
        parallel_for(total, threads, control, [&](Index k) {
            auto& work = works[static_cast<std::size_t>(k)];
            work.result = Method::run(work, each, poll);
            control.add_done(1);
        });
    };
    const bool interrupted = run_interruptibly(progress, total, compute);
    py::list results;
    for (auto& work : works) {
        if (work.result.started)
            results.append(Method::written(work));
        else
            results.append(py::none());
    }
    return py::make_tuple(results, interrupted);
}

}  // namespace pl
