// Ensembles: the same bits for 1 and 2 threads, cut into superblocks or not; many callers at
// once; memory refused.
#include <memory>

#include "check.hpp"
#include "euler/ensemble.hpp"
#include "problem/memory.hpp"
#include "random_problem.hpp"

namespace {

using pl::Index;

template <class Real>
std::vector<std::unique_ptr<RandomProblem<Real>>> problems() {
    std::vector<std::unique_ptr<RandomProblem<Real>>> all;
    for (unsigned k = 0; k < 5; ++k)
        all.push_back(std::make_unique<RandomProblem<Real>>(10 + 17 * k, 3 + k, 2 + 3 * k, k));
    return all;
}

template <class Real>
std::vector<pl::AnyEulerTask> tasks(const std::vector<std::unique_ptr<RandomProblem<Real>>>& all,
                                    Index n_steps) {
    std::vector<pl::AnyEulerTask> list;
    for (const auto& problem : all) {
        pl::EulerTask<Real> task;
        task.problem = problem->view;
        task.options.step = 0.01;
        task.options.n_steps = n_steps;
        task.options.saves = {{0, n_steps / 2, n_steps}, true};
        list.emplace_back(std::move(task));
    }
    return list;
}

template <class Real>
void threads_do_not_matter() {
    const auto all = problems<Real>();
    auto one = tasks<Real>(all, 20), two = tasks<Real>(all, 20);
    pl::Control control;
    pl::euler_ensemble(one, pl::level(), 1, control);
    pl::euler_ensemble(two, pl::level(), 2, control);
    for (std::size_t k = 0; k < one.size(); ++k) {
        const auto &r = std::get<pl::EulerTask<Real>>(one[k]).result,
                   &s = std::get<pl::EulerTask<Real>>(two[k]).result;
        CHECK(r.started && r.status == pl::Status::kHorizon);
        CHECK(r.t == s.t && r.loss == s.loss && r.W == s.W && r.a == s.a && r.W_saved == s.W_saved);
        CHECK(r.loss.size() == 3 && r.loss[2] < r.loss[0] && r.W_saved.size() == 3 * r.W.size());
    }
}

// A run to its middle, and one that goes on from there with what the first has left: the bits of one run.
template <class Real>
void a_run_goes_on() {
    const auto all = problems<Real>();
    auto whole = tasks<Real>(all, 20), first = tasks<Real>(all, 10), later = tasks<Real>(all, 20);
    pl::Control control;
    pl::euler_ensemble(whole, pl::level(), 1, control);
    pl::euler_ensemble(first, pl::level(), 2, control);
    for (std::size_t k = 0; k < all.size(); ++k) {
        auto& task = std::get<pl::EulerTask<Real>>(later[k]);
        const auto& r = std::get<pl::EulerTask<Real>>(first[k]).result;
        task.problem.W = r.W.data();
        task.problem.a = r.a.data();
        task.options.past = r.past;
        task.options.saves.at = {20};
    }
    pl::euler_ensemble(later, pl::level(), 2, control);
    for (std::size_t k = 0; k < all.size(); ++k) {
        const auto &r = std::get<pl::EulerTask<Real>>(whole[k]).result,
                   &s = std::get<pl::EulerTask<Real>>(later[k]).result;
        CHECK(s.status == r.status && s.W == r.W && s.a == r.a && s.loss[0] == r.loss[2]);
        CHECK(s.invariant_drift[0] == r.invariant_drift[2] && s.past.invariants == r.past.invariants);
        CHECK(s.past.step == 20 && s.past.rises == r.past.rises);
        CHECK(s.past.loss_start == r.loss[0] && s.past.loss_least == r.past.loss_least);
    }
}

void superblocks_do_not_matter_to_the_bits() {
    const RandomProblem<float> large(3000, 60, 150, 1);  // cut in two
    std::vector<pl::UnsetVector<float>> ends;
    for (int threads : {1, 2}) {
        std::vector<pl::AnyEulerTask> list(1);
        pl::EulerTask<float> task;
        task.problem = large.view;
        task.options = {0.01, 3, {{0, 3}, false}, {}, {}};
        list[0] = std::move(task);
        pl::Control control;
        pl::euler_ensemble(list, pl::level(), threads, control);
        ends.push_back(std::get<pl::EulerTask<float>>(list[0]).result.W);
    }
    CHECK(ends[0] == ends[1]);
}

void cancelled_before_the_start() {
    const auto all = problems<double>();
    auto list = tasks<double>(all, 20);
    pl::Control control;
    control.cancel();
    pl::euler_ensemble(list, pl::level(), 2, control);
    for (const auto& any : list) CHECK(!std::get<pl::EulerTask<double>>(any).result.started);
}

void memory_is_refused() {
    setenv("PL_NATIVE_MAX_BYTES", "100", 1);
    const auto all = problems<double>();
    auto list = tasks<double>(all, 20);
    pl::Control control;
    bool refused = false;
    try {
        pl::euler_ensemble(list, pl::level(), 1, control);
    } catch (const pl::MemoryBudget&) {
        refused = true;
    }
    unsetenv("PL_NATIVE_MAX_BYTES");
    CHECK(refused);
}

}  // namespace

int main() {
    threads_do_not_matter<float>();
    threads_do_not_matter<double>();
    a_run_goes_on<float>();
    a_run_goes_on<double>();
    superblocks_do_not_matter_to_the_bits();
    cancelled_before_the_start();
    std::vector<std::thread> crowd;
    for (int k = 0; k < 4; ++k) crowd.emplace_back([] { threads_do_not_matter<double>(); });
    for (std::thread& member : crowd) member.join();
    memory_is_refused();
    std::printf("ok\n");
}
