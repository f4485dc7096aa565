// The capture method's model of orthogonal inputs, at every level of the kernel, against the formulas written
// out, against Euler's method with tiny steps, and against itself on two threads.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "capture/orthogonal.hpp"
#include "check.hpp"
#include "orthogonal_reference.hpp"
#include "random_orthogonal.hpp"

namespace {

using orthogonal_reference::Reference;
using orthogonal_reference::Vector;
using pl::at;

bool near(double got, double expected, double size) {
    return std::abs(got - expected) <= 1e-12 * (size + std::abs(expected));
}

struct State {
    Vector W, a;
    explicit State(const pl::CaptureModel& model, const pl::Problem<double>& q)
        : W(at(q.p) * at(q.n)), a(at(q.p)) {
        model.write_state(W.data(), a.data());
    }
};

bool same(const Vector& u, const Vector& v) {
    return u.size() == v.size() && std::memcmp(u.data(), v.data(), u.size() * sizeof(double)) == 0;
}

void check_near(const Vector& got, const Vector& expected) {
    CHECK(got.size() == expected.size());
    double size = 0;
    for (double value : expected) size = std::max(size, std::abs(value));
    for (std::size_t k = 0; k < got.size(); ++k) CHECK(near(got[k], expected[k], size));
}

void check_state(pl::OrthogonalCapture& model, Reference& expected) {
    const pl::Problem<double>& q = expected.q;
    const State state(model, q);
    check_near(state.W, expected.W);
    check_near(state.a, expected.a);
    check_near(model.residuals(), expected.r);
    double sum_r2 = 0;
    for (double r : expected.r) sum_r2 += r * r;
    CHECK(near(model.sum_r2(), sum_r2, 0));
    CHECK(near(model.velocity_sq(), expected.velocity_sq(), 0));
    CHECK(model.n_active() == expected.n_active());
    CHECK(near(model.dead_label_sq(), expected.dead_label_sq(), 0));
    const pl::NeuronFacts facts = model.neurons();
    for (int j = 0; j < q.p; ++j) CHECK(near(facts.w_sq[at(j)], expected.square(j), 0));
    check_near(facts.a, expected.a);
    const Vector outputs = model.outputs();
    for (int i = 0; i < q.n; ++i)
        CHECK(near(outputs[at(i)] / static_cast<double>(q.p), q.y[i] - expected.r[at(i)],
                   std::abs(expected.r[at(i)])));
    // dead pairs that were dead at the start keep their bits
    for (std::size_t k = 0; k < state.W.size(); ++k)
        if (q.W[k] <= 0) CHECK(state.W[k] == q.W[k]);
}

// Impulses of either sign, strong enough that some pairs die and none returns.
void test_steps(int n, int p, const pl::LiveKernel& kernel) {
    const RandomOrthogonal problem(n, p, static_cast<unsigned>(1000 * n + p), 0.5, 3);
    pl::OrthogonalCapture model(problem.view, 1, nullptr, kernel);
    Reference expected(problem.view);
    check_state(model, expected);
    std::mt19937_64 engine(7);
    std::normal_distribution<double> normal(0.0, 0.4 * std::sqrt(n));
    for (int step = 0; step < 4; ++step) {
        Vector impulse, other;
        for (int i = 0; i < n; ++i) impulse.push_back(normal(engine)), other.push_back(normal(engine));
        const double h = 0.1 * (step + 1);
        model.attempt(impulse.data(), h);
        const Vector trial = model.trial_residuals();
        const double travel = model.trial_travel_sq();
        check_state(model, expected);  // a trial leaves the state alone
        model.attempt(other.data(), 2 * h);
        check_state(model, expected);
        model.attempt(impulse.data(), h);
        CHECK(same(trial, model.trial_residuals()));
        expected.move(impulse.data(), h);
        check_near(trial, expected.r);
        CHECK(near(travel, expected.travel_sq, 0));
        CHECK(model.trial_travel_sq() == travel);
        Vector left, now = model.residuals();
        model.accept(h, left);
        CHECK(same(left, now));
        CHECK(same(trial, model.residuals()));
        check_state(model, expected);
    }
}

// A model that nobody looks at makes its moves a step late, in the sweep of the next: the same bits.
// `strength`: of the impulses; at the larger one most words lose a pair.
void test_unseen(int n, int p, const pl::LiveKernel& kernel, double strength) {
    const RandomOrthogonal problem(n, p, static_cast<unsigned>(1000 * n + p), 0.5, 3);
    pl::OrthogonalCapture seen(problem.view, 1, nullptr, kernel), unseen(problem.view, 1, nullptr, kernel);
    std::mt19937_64 engine(8);
    std::normal_distribution<double> normal(0.0, strength * std::sqrt(n));
    Vector left;
    for (int step = 0; step < 5; ++step) {
        Vector impulse, other;
        for (int i = 0; i < n; ++i) impulse.push_back(normal(engine)), other.push_back(normal(engine));
        for (pl::OrthogonalCapture* model : {&seen, &unseen}) {
            if (step % 2 == 1) model->attempt(other.data(), 0.3);  // a trial that is not accepted
            model->attempt(impulse.data(), 0.2);
            model->accept(0.2, left);
        }
        seen.n_active();  // looks
        CHECK(same(seen.residuals(), unseen.residuals()));
        CHECK(seen.trial_travel_sq() == unseen.trial_travel_sq());
        if (step == 2) CHECK(seen.dead_label_sq() == unseen.dead_label_sq());
    }
    const State u(seen, problem.view), v(unseen, problem.view);
    CHECK(same(u.W, v.W) && same(u.a, v.a) && seen.n_active() == unseen.n_active());
}

// Adams-Bashforth of order 2 in the impulse.
Vector adams(pl::OrthogonalCapture& model, double t_end, int steps) {
    const double h = t_end / steps;
    Vector before;
    for (int k = 0; k < steps; ++k) {
        const Vector& now = model.residuals();
        Vector impulse;
        for (std::size_t i = 0; i < now.size(); ++i)
            impulse.push_back(h * (now[i] + (k == 0 ? 0.0 : 0.5 * (now[i] - before[i]))));
        model.attempt(impulse.data(), h);
        model.accept(h, before);
    }
    return model.residuals();
}

Vector euler(const pl::Problem<double>& q, double t_end, int steps) {
    Reference state(q);
    const double h = t_end / steps;
    Vector da(at(q.p));
    for (int k = 0; k < steps; ++k) {
        state.r = state.residuals();
        for (int j = 0; j < q.p; ++j) {
            double rate = 0;
            for (int i = 0; i < q.n; ++i) {
                const double from = state.w(j, i),
                             push = q.norms[i] * state.r[at(i)] / static_cast<double>(q.n);
                if (from <= 0) continue;
                rate += push * from;
                state.w(j, i) = std::max(from + h * state.a[at(j)] * push, 0.0);
            }
            state.a[at(j)] += h * rate;
        }
    }
    return state.residuals();
}

double distance(const Vector& u, const Vector& v) {
    double sum = 0;
    for (std::size_t i = 0; i < u.size(); ++i) sum += (u[i] - v[i]) * (u[i] - v[i]);
    return std::sqrt(sum);
}

void test_order(int outweighed) {
    constexpr int n = 13, p = 7;
    const double t_end = 3.0 * n;
    const RandomOrthogonal problem(n, p, 5, 0.5, outweighed);
    const Vector coarse = euler(problem.view, t_end, 100000), fine = euler(problem.view, t_end, 200000);
    Vector limit;
    for (int i = 0; i < n; ++i) limit.push_back(2 * fine[at(i)] - coarse[at(i)]);
    CHECK(distance(limit, fine) < 1e-3);
    double errors[3];
    for (int k = 0; k < 3; ++k) {
        pl::OrthogonalCapture model(problem.view, 1);
        const std::int64_t live = model.n_active();
        errors[k] = distance(adams(model, t_end, 200 << k), limit);
        CHECK(model.n_active() < live);
    }
    std::printf("outweighed %d: errors %.3g %.3g %.3g\n", outweighed, errors[0], errors[1], errors[2]);
    CHECK(errors[2] < 1e-4);
    for (int k = 0; k < 2; ++k) CHECK(errors[k] > 3.0 * errors[k + 1] && errors[k] < 5.5 * errors[k + 1]);
}

void test_threads() {
    const RandomOrthogonal problem(30011, 120, 3, 0.1);
    pl::OrthogonalCapture one(problem.view, 1), two(problem.view, 2);
    CHECK(same(adams(one, 2000.0, 20), adams(two, 2000.0, 20)));
    CHECK(one.sum_r2() < 0.9 * 70000 && one.n_active() > 500000);  // alive: NaNs and dead pairs are all alike
    CHECK(one.sum_r2() == two.sum_r2());
    CHECK(one.velocity_sq() == two.velocity_sq() && one.n_active() == two.n_active());
    const State u(one, problem.view), v(two, problem.view);
    CHECK(same(u.W, v.W) && same(u.a, v.a));
}

// All pairs of one label's points dead: the bound, and parts without a value left.
void test_dead() {
    RandomOrthogonal problem(130, 2, 11, 1.0);
    for (int i = 0; i < 130; ++i) problem.W[at(i)] = 1.0, problem.W[at(130 + i)] = i % 2 == 0 ? -1.0 : 0.0;
    problem.a = {20.0, -20.0};
    pl::OrthogonalCapture model(problem.view, 1);
    double negative = 0, all = 0;
    for (double y : problem.y) negative += y < 0 ? y * y : 0, all += y * y;
    CHECK(model.n_active() == 130);
    CHECK(near(model.dead_label_sq(), negative, 0));  // the only live neuron pulls up for ever
    const Vector impulse(130, -1e4);
    Vector left;
    model.attempt(impulse.data(), 1.0);
    model.accept(1.0, left);
    CHECK(model.n_active() == 0);
    CHECK(near(model.dead_label_sq(), all, 0));
    CHECK(near(model.sum_r2(), all, 0));
    model.attempt(impulse.data(), 1.0);
    model.accept(1.0, left);
    CHECK(model.velocity_sq() == 0);
}

void test_all_steps(int n, int p, const pl::LiveKernel& kernel) {
    test_steps(n, p, kernel);
    for (double strength : {0.0, 0.01, 0.4}) test_unseen(n, p, kernel, strength);
}

// Asked in every block of a constructor and of a right-hand side, and left at once.
void test_cut() {
    const RandomOrthogonal problem(320, 70000, 3, 1.0);
    pl::Index asked = 0, most = 1 << 30;
    const pl::Cut cut = [&] { return ++asked > most; };
    pl::OrthogonalCapture model(problem.view, 1, cut);
    const pl::Index blocks = 5, looks = 1 + 70000 / pl::kAskedNeurons;
    CHECK(asked >= 2 * blocks * looks);  // what is live, and its values
    const pl::Index whole = asked;
    const Vector impulse(320, 0.1);
    asked = 0;
    model.attempt(impulse.data(), 0.1);
    CHECK(asked >= 2 * blocks * looks);  // two sweeps
    for (const pl::Index after : {pl::Index{0}, whole / 3, whole - 1}) {
        asked = 0;
        most = after;
        bool left = false;
        try {
            const pl::OrthogonalCapture again(problem.view, 1, cut);
        } catch (const pl::CutShort&) {
            left = true;
        }
        CHECK(left && asked <= after + 2 * blocks + 4);  // nothing of what is left to do is done
    }
}

// A sweep that makes the move accepted before it looks at the next makes all of it, wherever it is cut off.
void test_cut_after_a_step() {
    constexpr int n = 130, p = 40000;
    const RandomOrthogonal problem(n, p, 3, 1.0);
    pl::Index left = 1 << 30;
    const pl::Cut cut = [&] { return --left < 0; };
    pl::OrthogonalCapture whole(problem.view, 1);
    const Vector impulse(n, 0.3), next(n, -0.2);
    Vector before;
    whole.attempt(impulse.data(), 0.1);
    whole.accept(0.1, before);
    const State expected(whole, problem.view);
    for (pl::Index asks = 0; asks < 25; ++asks) {
        left = 1 << 30;
        pl::OrthogonalCapture model(problem.view, 1, cut);
        model.attempt(impulse.data(), 0.1);
        model.accept(0.1, before);
        left = asks;
        model.attempt(next.data(), 0.1);
        const State got(model, problem.view);
        CHECK(same(got.W, expected.W) && same(got.a, expected.a));
        CHECK(model.velocity_sq() == whole.velocity_sq());
        CHECK(model.n_active() == whole.n_active());
    }
    CHECK(left >= 0);  // the last was not cut off
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels())
        for (int p : {1, 2, 3, 7, 8, 9, 31})
            for (int n : {1, 2, 3, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65, 127, 1000, 1009})
                test_all_steps(n, p, *level.live);
    test_order(0);
    test_order(2);
    test_threads();
    test_dead();
    test_cut();
    test_cut_after_a_step();
    return 0;
}
