// Runs that the clock ends: before their first state, and with room for what comes after.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "capture/capture.hpp"
#include "capture/deadline.hpp"
#include "check.hpp"
#include "flow/flow.hpp"
#include "random_orthogonal.hpp"
#include "random_problem.hpp"

namespace {

// The clock ends a run before its first state is known where that takes long: what is returned is the start.
template <class Result, class Run>
void check_unbegun(const pl::Problem<double>& problem, const Run& run) {
    for (const bool slow : {true, false}) {
        bool slept = !slow;
        const Result result = run([&slept] {
            if (!slept) std::this_thread::sleep_for(std::chrono::milliseconds(60));
            slept = true;
            return false;
        });
        CHECK(result.started && result.status == pl::Status::kWallTime);
        CHECK(result.t.size() == 1 && result.t[0] == 0 && std::isnan(result.loss[0]) == slow);
        CHECK((result.n_active[0] < 0) == slow && result.invariant_drift[0] == 0);
        CHECK(std::equal(result.W.begin(), result.W.end(), problem.W));
        CHECK(std::equal(result.a.begin(), result.a.end(), problem.a));
        CHECK(result.W_saved.size() == result.W.size() && result.kink_counts.size() == 1);
        CHECK(result.seconds < 10);
        CHECK(result.past.invariants.empty() == slow);
    }
    const Result cancelled = run([] { return true; });
    CHECK(!cancelled.started);
}

void runs_are_late_before_their_first_state() {
    const RandomProblem<double> random(17, 3, 5, 7);
    const RandomOrthogonal orthogonal(40, 6, 3, 1.0, 3);
    for (const pl::Problem<double>* problem : {&random.view, &orthogonal.view}) {
        pl::FlowOptions flow;
        pl::CaptureOptions capture;
        flow.t_end = capture.t_end = 6.0;
        flow.saves = capture.saves = {{0.0, 2.0, 6.0}, true};
        flow.stop.wall_time = capture.stop.wall_time = 1e-9;
        check_unbegun<pl::FlowResult>(*problem,
                                      [&](const pl::Poll& poll) { return pl::flow(*problem, flow, poll); });
        check_unbegun<pl::CaptureResult>(
            *problem, [&](const pl::Poll& poll) { return pl::capture(*problem, capture, 1, poll); });
    }
}

// Of wall_time some is kept free, of a short one a part.
void a_deadline_leaves_room() {
    pl::StopRules stop;
    stop.wall_time = 8.0;
    const pl::Poll none;
    pl::Deadline deadline(stop, none);
    for (int times = 0; times < 2; ++times) {
        deadline.keep_free(1.0);
        CHECK(deadline.rules().wall_time == 7.0);
    }
    deadline.keep_free(100.0);
    CHECK(deadline.rules().wall_time == 6.0);
    CHECK(!deadline.passed(false) && !deadline.cancelled());
    pl::Deadline never(pl::StopRules{}, none);
    never.keep_free(1.0);
    CHECK(never.rules().wall_time == pl::StopRules::kNever && !never.passed(true));
    stop.wall_time = 0.0;
    CHECK(pl::Deadline(stop, none).passed(false) && !pl::Deadline(stop, none).passed(true));
}

}  // namespace

int main() {
    runs_are_late_before_their_first_state();
    a_deadline_leaves_room();
    return 0;
}
