// The capture method's model of inputs X: its steps against small-step Euler, its K against differences of
// itself, and against itself on two threads.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "capture/dense.hpp"
#include "capture/exponential_step.hpp"
#include "check.hpp"
#include "kernel/inner.hpp"
#include "random_problem.hpp"

namespace {

using pl::at;
using pl::Index;
using Vector = std::vector<double>;
constexpr double kFine = 1e-4;

bool same(const double* u, const double* v, Index count) {
    return count == 0 || std::memcmp(u, v, at(count) * sizeof(double)) == 0;
}

struct Flow {
    RandomProblem<double> random;
    const pl::Problem<double>& view = random.view;
    Flow(int n, int d, int p, unsigned seed) : random(n, d, p, seed) {
        for (int j = 0; j < p; ++j) {  // Assumption 1
            double square = 0;
            for (int k = 0; k < d; ++k) square += random.W[at(j * d + k)] * random.W[at(j * d + k)];
            random.a[at(j)] = std::copysign(std::sqrt(square) + 0.1, random.a[at(j)]);
        }
    }
    // Above every rate: of residuals max norm(x)^2 (1/p) sum_j (a_j^2 + norm(w_j)^2), of neurons max norm(x)
    // abs(r).
    double fastest() const {
        double points = 0, neurons = 0;
        for (int i = 0; i < view.n; ++i)
            points = std::max(points, pl::norm_sq(&random.X[at(i * view.d)], view.d));
        for (int j = 0; j < view.p; ++j)
            neurons += pl::norm_sq(&random.W[at(j * view.d)], view.d) + random.a[at(j)] * random.a[at(j)];
        const Vector now = model(1)->residuals();
        const double largest = std::sqrt(pl::norm_sq(now.data(), view.n));
        return points * neurons / static_cast<double>(view.p) + std::sqrt(points) * largest;
    }
    std::unique_ptr<pl::DenseCapture> model(int threads) const {
        return std::make_unique<pl::DenseCapture>(std::make_shared<pl::CaptureInputs>(view, threads),
                                                  threads);
    }
};

struct State {
    Vector W, a;
    State(const pl::CaptureModel& model, const pl::Problem<double>& q) : W(at(q.p * q.d)), a(at(q.p)) {
        model.write_state(W.data(), a.data());
    }
};

// Adams-Bashforth of order 2 in the impulse.
void adams(pl::CaptureModel& model, double t_end, int steps) {
    const double h = t_end / steps;
    Vector before = model.residuals();
    for (int k = 0; k < steps; ++k) {
        const Vector& now = model.residuals();
        Vector impulse;
        for (std::size_t i = 0; i < now.size(); ++i) impulse.push_back(h * (1.5 * now[i] - 0.5 * before[i]));
        model.attempt(impulse.data(), h);
        model.accept(h, before);
    }
}

State euler(const pl::Problem<double>& q, const State& start, double t_end, int steps) {
    State s = start;
    const double h = t_end / steps;
    Vector z(at(q.n)), r(at(q.n));
    for (int step = 0; step < steps; ++step) {
        Vector next_W = s.W, next_a = s.a;
        for (int i = 0; i < q.n; ++i) {
            double out = 0;
            for (int j = 0; j < q.p; ++j) {
                double sum = 0;
                for (int k = 0; k < q.d; ++k) sum += s.W[at(j * q.d + k)] * q.X[i * q.d + k];
                out += s.a[at(j)] * std::max(sum, 0.0);
            }
            r[at(i)] = q.y[i] - out / static_cast<double>(q.p);
        }
        for (int j = 0; j < q.p; ++j)
            for (int i = 0; i < q.n; ++i) {
                double sum = 0;
                for (int k = 0; k < q.d; ++k) sum += s.W[at(j * q.d + k)] * q.X[i * q.d + k];
                if (sum <= 0) continue;
                next_a[at(j)] += h / static_cast<double>(q.n) * r[at(i)] * sum;
                for (int k = 0; k < q.d; ++k)
                    next_W[at(j * q.d + k)] +=
                        h / static_cast<double>(q.n) * s.a[at(j)] * r[at(i)] * q.X[i * q.d + k];
            }
        s.W.swap(next_W);
        s.a.swap(next_a);
    }
    return s;
}

double distance(const State& u, const State& v) {
    double most = 0;
    for (std::size_t k = 0; k < u.W.size(); ++k) most = std::max(most, std::abs(u.W[k] - v.W[k]));
    for (std::size_t k = 0; k < u.a.size(); ++k) most = std::max(most, std::abs(u.a[k] - v.a[k]));
    return most;
}

// Pairs slide, and the steps find the state that Euler with small steps tends to.
void test_steps() {
    const Flow flow(60, 4, 9, 2);
    const auto coarse = flow.model(1), fine = flow.model(1);
    const State start(*coarse, flow.view), limit = euler(flow.view, start, 10.0, 40000);
    adams(*coarse, 10.0, 100);
    adams(*fine, 10.0, 800);
    CHECK(fine->at_kinks() > 0);
    const double rough = distance(State(*coarse, flow.view), limit),
                 close = distance(State(*fine, flow.view), limit);
    std::printf("pairs at rest %d, errors %.3g %.3g\n", static_cast<int>(fine->at_kinks()), rough, close);
    CHECK(close < 1e-3 && close < 0.5 * rough);
}

// At the end of a step its weights have the pairs at rest on their kinks: one that is let go must not count
// with what was left of z, in steps of every length.
void test_pairs_at_rest_are_at_zero() {
    const Flow flow(60, 4, 9, 2);
    const auto model = flow.model(1);
    adams(*model, 10.0, 100);
    const State state(*model, flow.view);
    int zeros = 0;
    for (int j = 0; j < 9; ++j)
        for (int i = 0; i < 60; ++i) {
            double z = 0;
            for (int k = 0; k < 4; ++k) z += state.W[at(j * 4 + k)] * flow.view.X[i * 4 + k];
            zeros += std::abs(z) < 1e-6 ? 1 : 0;
        }
    std::printf("%d pairs at rest, %d at zero\n", static_cast<int>(model->at_kinks()), zeros);
    CHECK(model->at_kinks() >= 5 && zeros == model->at_kinks());
}

// Which pairs change side is found in single precision; the end of a step is not: its residuals are those of
// the weights it returns. Steps are some of the fastest mode's time: longer ones of Adams grow, to what
// rounding makes of them, which was no number at (1, 17, 5) where there is no AVX-512.
void check_end(int n, int d, int p, int threads) {
    const Flow flow(n, d, p, static_cast<unsigned>(n + d + p));
    const double h = 0.2 / flow.fastest();
    const auto model = flow.model(threads);
    adams(*model, 2 * h, 2);
    const Vector now = model->residuals();
    Vector impulse;
    for (const double r : now) impulse.push_back(h * r);
    model->attempt(impulse.data(), h);
    double change = 0;
    for (int i = 0; i < n; ++i)
        change = std::max(change, std::abs(model->trial_residuals()[at(i)] - now[at(i)]));
    Vector before;
    model->accept(h, before);
    const State state(*model, flow.view);
    for (int i = 0; i < n; ++i) {
        double out = 0, slack = 1e-9 * (1 + change + std::abs(model->residuals()[at(i)]));
        for (int j = 0; j < p; ++j) {
            double z = 0;
            for (int k = 0; k < d; ++k) z += state.W[at(j * d + k)] * flow.view.X[i * d + k];
            const double part = state.a[at(j)] * std::max(z, 0.0) / p;
            out += part;
            if (std::abs(z) < 0.05) slack += std::abs(part);  // one at rest counts as at 0
        }
        CHECK(std::abs(model->residuals()[at(i)] - (flow.view.y[i] - out)) <= slack);
    }
}

// Rows of 2, 4 and 8 numbers and more: neurons are handed to the team four at a time, and none may touch
// a neighbour's row.
void test_threads(int d) {
    const int n = 700, p = (2100000 / (700 * d) + 4) / 4 * 4 + 1;  // large enough for a team
    const Flow flow(n, d, p, 8);
    const auto one = flow.model(1), two = flow.model(2);
    adams(*one, 0.6, 3);
    adams(*two, 0.6, 3);
    CHECK(!one->kinks().empty() && one->sum_r2() == two->sum_r2());
    CHECK(one->velocity_sq() == two->velocity_sq() && one->at_kinks() == two->at_kinks());
    const State u(*one, flow.view), v(*two, flow.view);
    CHECK(same(u.W.data(), v.W.data(), p * d) && same(u.a.data(), v.a.data(), p));
}

// A step in which half of all pairs change side asks for 12 x 6000^2 / 4 entries of K: it has no result, and
// the step's method says that it failed; the state stays, and a shorter one is followed.
void test_too_many_kinks() {
    const Flow flow(6000, 3, 12, 5);
    const auto owner = flow.model(1);
    pl::DenseCapture& model = *owner;
    const Vector before = model.residuals();
    const Vector away(6000, 1e6), little(6000, 1e-4);
    model.attempt(away.data(), 1.0);
    CHECK(std::isnan(model.trial_sum_r2()) && std::isnan(model.trial_residuals()[5999]));
    CHECK(same(model.residuals().data(), before.data(), 6000));
    pl::ExponentialStep step(model);
    step.refresh();
    step.attempt(1e7, kFine);
    CHECK(std::isinf(step.error()) && std::isnan(model.trial_sum_r2()));
    step.attempt(1e-3, kFine);
    CHECK(step.error() < 1e-3 && model.trial_sum_r2() < model.sum_r2());
    model.attempt(little.data(), 1e-4);
    CHECK(std::isfinite(model.trial_sum_r2()));
}

// Against the residuals that a small impulse leads to. Along r, where attracting kinks attract: other
// impulses let held pairs go.
void check_product(pl::DenseCapture& model, double close) {
    const Vector r = model.residuals();
    const Index n = pl::size_of(r);
    Vector image(at(n)), little;
    constexpr double kStep = 1e-4;
    for (const double v : r) little.push_back(kStep * v);
    model.product(r.data(), image.data());
    model.attempt(little.data(), 0.0);
    double off = 0.0;
    for (Index i = 0; i < n; ++i)
        off += std::pow((r[at(i)] - model.trial_residuals()[at(i)]) / kStep - image[at(i)], 2);
    CHECK(std::sqrt(off) < close * std::sqrt(dot(image, image)));
    const Vector u = normal(n, 1), v = normal(n, 2);
    Vector Ku(at(n)), Kv(at(n));
    model.product(u.data(), Ku.data());
    model.product(v.data(), Kv.data());
    CHECK(std::abs(dot(u, Kv) - dot(v, Ku)) < 1e-5 * std::sqrt(dot(Ku, Ku) * dot(v, v)));
    CHECK(dot(u, Ku) > 0.0 && dot(v, Kv) > 0.0);
}

void check_frozen() {
    for (const int d : {2, 4, 7, 20}) {
        const RandomProblem<double> random(90, d, 6, static_cast<unsigned>(d));
        pl::DenseCapture model(std::make_shared<pl::CaptureInputs>(random.view, 1), 1);
        check_product(model, 1e-3);
        pl::ExponentialStep step(model);
        for (int k = 0; k < 60; ++k) {
            step.refresh();
            step.attempt(0.2, kFine);
            step.accept(0.2);
        }
        CHECK(model.at_kinks() > 0);
        check_product(model, 0.02);
    }
}

}  // namespace

int main() {
    test_steps();
    test_pairs_at_rest_are_at_zero();
    for (int n : {1, 7, 8, 9, 15, 16, 17, 47, 63, 64, 65, 97, 129})
        for (int d : {1, 2, 7, 8, 9, 16, 17})
            for (int p : {1, 2, 5, 8, 13}) check_end(n, d, p, 1 + n % 2);
    check_frozen();
    test_too_many_kinks();
    for (int d : {2, 3, 9, 17}) test_threads(d);
    return 0;
}
