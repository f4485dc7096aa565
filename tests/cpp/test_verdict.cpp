// What may be claimed: every status against every later one, milestones, the proof and its rounding, bounds.
#include <cmath>
#include <initializer_list>
#include <vector>

#include "check.hpp"
#include "problem/certificate.hpp"
#include "problem/rounding.hpp"
#include "problem/verdict.hpp"

namespace {

using pl::Index;
using pl::Moment;
using pl::Status;

// A state that answers what it is told to.
struct Told : pl::State<double> {
    double sum = 1.0, speed = 1.0, dead = 0.0;
    double turning = 0.0, growth = 0.0;  // rho^2 = 5: norm(dtheta/dt) / rho and d log rho/dt
    std::vector<double> a{2.0}, w_sq{1.0}, h{0.0};
    Index terms = 1;

    double sum_r2() const override { return sum; }
    double velocity_sq() override { return speed; }
    Index n_active() const override { return 0; }
    double dead_label_sq() const override { return dead; }
    pl::NeuronFacts neurons() const override { return {a, w_sq}; }
    pl::NeuronMotion motion() override { return {{turning * turning * 5.0}, {growth * 5.0}}; }
    std::vector<double> outputs() const override { return h; }
    Index output_terms() const override { return terms; }
    void write_state(double*, double*) const override {}
};

// One point x = 1 with label 1, one neuron: the level is 1.
struct One {
    double x = 1.0, y = 1.0, w = 1.0, a = 2.0;
    pl::Problem<double> problem;
    One() {
        problem.n = problem.d = problem.p = 1;
        problem.X = &x;
        problem.y = &y;
        problem.W = &w;
        problem.a = &a;
        problem.certifiable = problem.orthogonal = true;
    }
};

Moment at_time(double t, const Told& state) {
    Moment moment;
    moment.sum_r2 = state.sum;
    moment.now = moment.t = t;
    return moment;
}

// All rules at once; what holds is taken away from the front, so each status shows once those before it are
// gone.
void in_the_order_of_the_table() {
    One one;
    pl::StopRules stop;
    stop.criterion = true;
    stop.loss = 1e9;
    stop.stall = 1e9;
    stop.wall_time = 0.0;
    stop.max_steps = 0;
    stop.rise = 1.0;
    Told state;
    state.sum = std::nan("");
    state.h = {0.9};
    state.dead = 1.0;
    Moment moment = at_time(1.0, state);
    moment.cancelled = true;
    moment.loss_least = 1e-9;
    const auto judged = [&] {
        moment.sum_r2 = state.sum;
        return pl::Verdict<double>(one.problem, stop, pl::Follows::kFlow, {}).judge(moment, state);
    };
    CHECK(judged() == Status::kNonFinite);
    state.sum = 0.01;
    CHECK(judged() == Status::kConverged);
    one.problem.certifiable = false;
    CHECK(judged() == Status::kDeadPoint);
    state.dead = 0.0;
    CHECK(judged() == Status::kCriterion);
    state.sum = 1.5;
    CHECK(judged() == Status::kTarget);
    stop.loss = 0.0;
    CHECK(judged() == Status::kStalled);
    stop.stall = 0.0;
    CHECK(judged() == Status::kInterrupted);
    moment.cancelled = false;
    CHECK(judged() == Status::kWallTime);
    moment.moved = false;  // the first state of a run that goes on
    CHECK(judged() == Status::kStepLimit);
    moment.end = true;  // a limit that comes with the end has not ended the run
    CHECK(judged() == Status::kUnstable);
    moment.loss_least = pl::StopRules::kNever;
    CHECK(judged() == Status::kHorizon);
    moment.loss_start = 0.1;
    CHECK(judged() == Status::kUnstable);
}

// A theorem stands where the table has it, and only the better of two counts.
void a_theorem_has_its_place_in_the_order() {
    One one;
    one.problem.certifiable = false;
    pl::StopRules stop;
    stop.criterion = true;
    stop.loss = stop.stall = 1e9;
    stop.proof = true;
    Told state;
    state.dead = 1.0;
    Moment moment;
    const auto judged = [&](std::initializer_list<Status> theorems, double sum = 0.01) {
        state.sum = sum;
        moment = at_time(1.0, state);
        moment.cancelled = true;
        pl::Verdict<double> verdict(one.problem, stop, pl::Follows::kFlow, {});
        for (Status theorem : theorems) verdict.note_proof(theorem, 1.0);
        return verdict.judge(moment, state);
    };
    CHECK(judged({Status::kConverged}, std::nan("")) == Status::kNonFinite);
    CHECK(judged({Status::kConverged}) == Status::kConverged);
    CHECK(judged({Status::kTrapped}) == Status::kDeadPoint);  // by the labels that are dead
    state.dead = 0.0;
    CHECK(judged({Status::kDeadPoint}) == Status::kDeadPoint);
    CHECK(judged({Status::kTrapped}) == Status::kTrapped);
    CHECK(judged({Status::kDeadPoint, Status::kTrapped}) == Status::kDeadPoint);
    CHECK(judged({Status::kTrapped, Status::kConverged}) == Status::kConverged);
    CHECK(judged({Status::kConverged, Status::kTrapped}) == Status::kConverged);
    CHECK(judged({}) == Status::kCriterion);
    stop.criterion = false;
    CHECK(judged({Status::kConverged}) == Status::kConverged);
    CHECK(judged({Status::kTrapped}) == Status::kTrapped);
    CHECK(judged({}) == Status::kTarget);
}

// When a theorem was first found; of a limit above 0 apart from convergence.
void theorems_are_milestones() {
    const One one;
    const pl::StopRules stop;
    pl::Verdict<double> verdict(one.problem, stop, pl::Follows::kFlow, {});
    verdict.note_proof(Status::kTrapped, 2.0);
    CHECK(verdict.milestones().marks.trapped == 2.0 && verdict.milestones().proved < 0);
    verdict.note_proof(Status::kConverged, 3.0);
    verdict.note_proof(Status::kConverged, 4.0);
    CHECK(verdict.milestones().proved == 3.0 && verdict.milestones().marks.trapped == 2.0);
}

void stalled_only_where_a_speed_is_known() {
    const One one;
    pl::StopRules stop;
    stop.stall = 1e9;
    Told state;
    const auto judged = [&](const Moment& moment) {
        return pl::Verdict<double>(one.problem, stop, pl::Follows::kFlow, {}).judge(moment, state);
    };
    CHECK(judged(at_time(0.0, state)) == Status::kHorizon);
    Moment moment = at_time(1.0, state);
    CHECK(judged(moment) == Status::kStalled);
    moment.mean_speed_sq = std::nan("");
    CHECK(judged(moment) == Status::kHorizon);
    moment.mean_speed_sq = 1e12;
    CHECK(judged(moment) == Status::kHorizon);
}

// Rates of the neurons: growth or turning holds a stall up, shrinking does not, and the run must have lived
// one of its time scales.
void stalled_where_nothing_grows_or_turns() {
    const One one;
    pl::StopRules stop;
    stop.stall = 1e-4;
    Told state;
    state.speed = 1e-9;
    const auto judged = [&](pl::Milestones past, double t) {
        return pl::Verdict<double>(one.problem, stop, pl::Follows::kFlow, past)
            .judge(at_time(t, state), state);
    };
    const auto lived = [](double rate) {
        pl::Milestones past;
        past.largest_rate = rate;
        return past;
    };
    CHECK(judged({}, 10.0) == Status::kStalled);  // all rates are 0
    CHECK(judged(lived(0.2), 10.0) == Status::kStalled);
    CHECK(judged(lived(0.05), 10.0) == Status::kHorizon);  // half a time scale
    for (double* rate : {&state.growth, &state.turning}) {
        *rate = 1.1e-3;
        if (rate == &state.growth) state.turning = *rate;  // the speed of growth
        CHECK(judged(lived(1.0), 10.0) == Status::kHorizon);
        CHECK(judged(lived(1.0), 8.0) == Status::kStalled);
        state.growth = state.turning = 0.0;
    }
    state.growth = -5.0;
    state.turning = 5.0;  // nothing but shrinking
    CHECK(judged(lived(1.0), 10.0) == Status::kStalled);
}

void milestones_come_once() {
    const One one;
    const pl::StopRules stop;
    Told state;
    pl::Verdict<double> verdict(one.problem, stop, pl::Follows::kFlow, {});
    state.h = {0.9};
    state.a = {0.5};  // outweighed: no proof
    state.sum = 1.0;
    verdict.judge(at_time(1.0, state), state);
    CHECK(verdict.milestones().criterion < 0);
    state.sum = 0.9;
    Moment moment = at_time(2.0, state);
    moment.passed = 1.5;
    verdict.judge(moment, state);
    CHECK(verdict.milestones().criterion == 1.5 && verdict.milestones().proved < 0);
    state.a = {2.0};
    state.sum = 0.6;  // above half of the last attempt
    verdict.judge(at_time(3.0, state), state);
    CHECK(verdict.milestones().proved < 0);
    state.sum = 0.4;
    verdict.judge(at_time(4.0, state), state);
    CHECK(verdict.milestones().criterion == 1.5 && verdict.milestones().proved == 4.0);
}

// What Euler does next is not the flow, so its proof is of one state only.
void a_proof_lasts_for_the_flow() {
    const One one;
    pl::StopRules stop;
    stop.criterion = true;
    pl::Milestones past;
    past.criterion = past.proved = 1.0;
    past.try_below = 0.1;
    Told state;
    state.sum = 0.5;
    const auto judged = [&](pl::Follows follows) {
        return pl::Verdict<double>(one.problem, stop, follows, past).judge(at_time(2.0, state), state);
    };
    CHECK(judged(pl::Follows::kFlow) == Status::kConverged);
    CHECK(judged(pl::Follows::kOwnSteps) == Status::kCriterion);
}

// The larger of sum r^2 as told and as it may be: a level within rounding is not proved, a little lower it
// is.
void a_proof_bounds_rounding() {
    const One one;
    pl::StopRules stop;
    stop.criterion = true;
    Told state;
    state.terms = Index{1} << 30;
    const double slack = pl::gamma(state.terms + 4) * (1.0 + 2.0);
    for (const bool proved : {false, true}) {
        const double r = 1.0 - (proved ? 2.0 : 0.5) * slack;
        state.h = {1.0 - r};
        state.sum = r * r;
        pl::Verdict<double> verdict(one.problem, stop, pl::Follows::kFlow, {});
        CHECK(verdict.judge(at_time(1.0, state), state) ==
              (proved ? Status::kConverged : Status::kCriterion));
    }
    // where a method ends its step to claim it, the claim holds
    pl::Verdict<double> verdict(one.problem, stop, pl::Follows::kFlow, {});
    state.sum = verdict.criterion_level(state);
    state.h = {1.0 - std::sqrt(state.sum)};
    CHECK(verdict.judge(at_time(1.0, state), state) == Status::kConverged);
}

// A sum of n squares taken in order may be too large by n u / 2 and more: the bound is below the exact value.
void bounds_grow_with_n() {
    for (const Index n : {Index{1}, Index{1000}, Index{1000000}}) {
        const double y = 0.1, exact = static_cast<double>(n) * (0.1 * 0.1);
        double sum = 0;
        for (Index i = 0; i < n; ++i) sum += y * y;
        const double bound = pl::loss_bound(sum, n);
        CHECK(bound > 0 && bound * (2 * static_cast<double>(n)) <= exact * (1 - 1e-16));
        CHECK(bound * (2 * static_cast<double>(n)) >= exact * (1 - 1e-9));
    }
    CHECK(pl::loss_bound(0.0, 10) == 0.0);
    CHECK(pl::keeps_sign(2.0, 3.9, 10) && !pl::keeps_sign(2.0, 4.0, 10));
}

}  // namespace

int main() {
    in_the_order_of_the_table();
    a_theorem_has_its_place_in_the_order();
    theorems_are_milestones();
    stalled_only_where_a_speed_is_known();
    stalled_where_nothing_grows_or_turns();
    milestones_come_once();
    a_proof_lasts_for_the_flow();
    a_proof_bounds_rounding();
    bounds_grow_with_n();
    std::printf("ok\n");
}
