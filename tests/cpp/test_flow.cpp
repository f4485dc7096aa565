// The event-driven flow under the sanitizers: random and degenerate problems end with a status, the loss
// never rises, time goes forward, a cancelled run keeps its last state.
#include <cmath>

#include "check.hpp"
#include "flow/flow.hpp"
#include "flow/release.hpp"
#include "random_problem.hpp"

namespace {

pl::FlowOptions until(double t_end) {
    pl::FlowOptions options;
    options.t_end = t_end;
    options.saves = {{0.0, t_end / 3, t_end}, true};
    options.switches = options.dense = true;
    return options;
}

// Duplicated and opposite inputs, a neuron at 0, a pair that starts on its kink.
void degenerate(RandomProblem<double>& random) {
    const auto d = static_cast<std::size_t>(random.view.d);
    for (std::size_t k = 0; k < d; ++k) {
        if (random.view.n > 2) random.X[d + k] = random.X[k];
        if (random.view.n > 3) random.X[2 * d + k] = -random.X[k];
        if (random.view.p > 2) random.W[k] = 0;
    }
    if (d == 1) random.W.back() = 0;
}

void check_run(const RandomProblem<double>& random, double t_end) {
    const pl::FlowResult result = pl::flow(random.view, until(t_end), [] { return false; });
    CHECK(result.status == pl::Status::kHorizon || result.status == pl::Status::kSwitchLimit ||
          result.status == pl::Status::kStepLimit);
    for (std::size_t k = 1; k < result.t.size(); ++k) {
        CHECK(result.t[k] > result.t[k - 1]);
        CHECK(result.loss[k] <= result.loss[k - 1] + 1e-14 * (1 + result.loss[0]));
    }
    for (double w : result.W) CHECK(std::isfinite(w));
    double before = 0;
    for (const pl::Switch& one : result.log) {
        CHECK(one.t >= before);
        before = one.t;
    }
}

// In two parts, the second from what the first has left.
double loss_in_parts(const RandomProblem<double>& random, double t_end) {
    pl::Problem<double> problem = random.view;
    pl::FlowOptions options = until(t_end / 2);
    const pl::FlowResult first = pl::flow(problem, options, [] { return false; });
    problem.W = first.W.data();
    problem.a = first.a.data();
    options.t_end = t_end;
    options.saves.at = {t_end};
    options.past = first.past;
    const pl::FlowResult later = pl::flow(problem, options, [] { return false; });
    CHECK(later.past.count.events >= first.past.count.events);
    CHECK(later.t.back() >= first.t.back() && later.loss.back() <= first.loss.back() * (1 + 1e-12));
    return later.loss.back();
}

// A long tail, cancelled at every evaluation of a stretch of stabilised steps: the last state is kept whole.
void check_cancelled_tail() {
    const RandomProblem<double> random(40, 12, 8, 3);
    pl::FlowOptions options = until(3000.0);
    options.rtol = 1e-4;
    int polls = 0;
    const pl::FlowResult whole = pl::flow(random.view, options, [&polls] { return ++polls < 0; });
    CHECK(whole.past.count.stabilised_steps > 20);
    int within = 0;
    const int all = polls;
    for (int last = all - 40; last < all; ++last) {
        polls = 0;
        const auto cancel = [&polls, last] { return ++polls > last; };
        const pl::FlowResult cut = pl::flow(random.view, options, cancel);
        CHECK(cut.status == pl::Status::kInterrupted && cut.t.back() < 3000.0);
        const double noise = 1e-24 * cut.loss[0];  // losses of 1e-26 are rounding, which differs by level
        CHECK(cut.loss.back() >= whole.loss.back() * (1 - 1e-12) - noise && cut.loss.back() <= cut.loss[0]);
        for (double w : cut.W) CHECK(std::isfinite(w));
        within += cut.past.count.stabilised_steps > 20;
    }
    CHECK(within > 20);
}

// A pair that slides with a_j > 0 and r = -1 has mu in [-1, 0]; noise is 1e-3.
void check_releases() {
    const auto mode = [](double r, double mu, pl::Promised promised) {
        return pl::released({{r, 0.0}, mu, 1.0, 1e-3}, promised);
    };
    const double little = 0.5e-3, more = 2e-3;  // than the noise
    const pl::Promised none, off{true, false}, on{false, true};
    CHECK(!mode(-1.0, -0.5, none) && !mode(-1.0, little, none) && !mode(-1.0, -1.0 - little, none));
    CHECK(mode(-1.0, more, none) == pl::Mode::kOff && mode(-1.0, -1.0 - more, none) == pl::Mode::kOn);
    CHECK(mode(-1.0, -little, off) == pl::Mode::kOff && !mode(-1.0, -more, off) && !mode(-1.0, -little, on));
    CHECK(mode(-1.0, -1.0 + little, on) == pl::Mode::kOn && !mode(-1.0, -1.0 + more, on));
    const double unclear = -7e-3;  // residuals of which nothing is promised
    CHECK(!mode(unclear, -little, off) && !mode(unclear, unclear + little, on));
    CHECK(mode(unclear, more, none) == pl::Mode::kOff);
}

}  // namespace

int main() {
    check_releases();
    for (unsigned seed = 0; seed < 60; ++seed) {
        RandomProblem<double> random(1 + seed % 7, 1 + seed % 4, 1 + seed % 5, seed);
        if (seed % 2 == 1) degenerate(random);
        check_run(random, 3.0);
        loss_in_parts(random, 3.0);
    }
    const RandomProblem<double> sliding(40, 6, 8, 1);
    check_run(sliding, 5.0);
    const pl::FlowResult whole = pl::flow(sliding.view, until(5.0), [] { return false; });
    CHECK(whole.past.count.slide_in > 0);
    CHECK(std::abs(loss_in_parts(sliding, 5.0) - whole.loss.back()) < 1e-6 * whole.loss.back());
    check_cancelled_tail();
    const RandomProblem<double> random(40, 6, 8, 2);
    int polls = 0;
    const pl::FlowResult stopped = pl::flow(random.view, until(1e6), [&polls] { return ++polls > 50; });
    CHECK(stopped.status == pl::Status::kInterrupted && stopped.t.back() < 1e6 && stopped.W.size() == 48);
    std::printf("ok\n");
}
