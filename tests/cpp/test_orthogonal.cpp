// Euler on orthogonal inputs while tiles die and are moved: every level, both precisions, sizes one either
// side of lanes, tiles and superblocks, against the formulas written out.
#include <cmath>
#include <limits>

#include "check.hpp"
#include "euler/orthogonal_model.hpp"
#include "kernel/dispatch.hpp"
#include "random_orthogonal.hpp"
#include "random_problem.hpp"

namespace {

using pl::Index;

std::size_t at(Index k) {
    return static_cast<std::size_t>(k);
}

template <class Real>
struct Case {
    std::vector<Real> norms, y, W, a;
    std::vector<double> w_perp_sq;
    pl::Problem<Real> view;

    Case(const RandomOrthogonal& from)
        : norms(from.norms.begin(), from.norms.end()),
          y(from.y.begin(), from.y.end()),
          W(from.W.begin(), from.W.end()),
          a(from.a.begin(), from.a.end()),
          w_perp_sq(a.size()) {
        view.n = view.d = from.view.n;
        view.p = from.view.p;
        view.norms = norms.data();
        view.y = y.data();
        view.W = W.data();
        view.a = a.data();
        view.w_perp_sq = w_perp_sq.data();
        view.orthogonal = true;
    }
};

struct State {
    std::vector<double> W, a;
};

template <class Real>
State simulated(const pl::Problem<Real>& q, double step, int steps) {
    State s{std::vector<double>(q.W, q.W + q.p * q.n), std::vector<double>(q.a, q.a + q.p)};
    std::vector<double> push(at(q.n)), rate(at(q.p));
    for (int k = 0; k < steps; ++k) {
        for (Index i = 0; i < q.n; ++i) {
            double h = 0;
            for (Index j = 0; j < q.p; ++j) h += s.a[at(j)] * std::max(s.W[at(j * q.n + i)], 0.0);
            const double norm = static_cast<double>(q.norms[i]);
            push[at(i)] = norm * (static_cast<double>(q.y[i]) - norm * h / static_cast<double>(q.p));
        }
        const double share = step / static_cast<double>(q.n);
        for (Index j = 0; j < q.p; ++j) {
            rate[at(j)] = 0;
            for (Index i = 0; i < q.n; ++i) {
                double& w = s.W[at(j * q.n + i)];
                if (w <= 0) continue;
                rate[at(j)] += push[at(i)] * w;
                w += share * s.a[at(j)] * push[at(i)];
            }
        }
        for (Index j = 0; j < q.p; ++j) s.a[at(j)] += share * rate[at(j)];
    }
    return s;
}

template <class Real>
void check_near(const std::vector<Real>& got, const std::vector<double>& expected, double tolerance) {
    CHECK(got.size() == expected.size());
    double gap = 0, size = 0;
    for (std::size_t k = 0; k < got.size(); ++k) {
        gap += std::pow(static_cast<double>(got[k]) - expected[k], 2);
        size += expected[k] * expected[k];
    }
    CHECK(gap <= tolerance * tolerance * size);
}

// What a model tells of its state, from the state itself.
template <class Real>
void check_facts(const pl::OrthogonalModel<Real>& model, const pl::Problem<Real>& q,
                 const std::vector<Real>& W, const std::vector<Real>& a) {
    Index active = 0;
    double dead = 0;
    std::vector<double> outputs(at(q.n)), squares(at(q.p));
    for (Index i = 0; i < q.n; ++i) {
        bool live = false;
        for (Index j = 0; j < q.p; ++j) {
            const double w = static_cast<double>(W[at(j * q.n + i)]);
            squares[at(j)] += w * w;
            outputs[at(i)] +=
                static_cast<double>(a[at(j)]) * static_cast<double>(q.norms[i]) * std::max(w, 0.0);
            active += w > 0 ? 1 : 0;
            live = live || w > 0;
        }
        const double y = static_cast<double>(q.y[i]);
        dead += live ? 0 : y * y;
    }
    CHECK(model.n_active() == active);
    CHECK(std::abs(model.dead_label_sq() - dead) <= 1e-12 * dead);
    check_near(model.outputs(), outputs, 1e-12);
    check_near(model.neurons().w_sq, squares, 1e-12);
}

// A step that overflows is taken back.
template <class Real>
void check_retreat(pl::OrthogonalModel<Real>& model, const pl::Problem<Real>& q, double step,
                   const std::vector<Real>& W, const std::vector<Real>& a) {
    pl::Control control;
    const double sum_r2 = model.sum_r2(), velocity_sq = model.velocity_sq();
    model.prepare(std::numeric_limits<Real>::max() / 4);
    model.advance();
    CHECK(model.evaluate(2, control));
    model.prepare(static_cast<Real>(step));
    model.retreat();
    model.prepare(static_cast<Real>(step));
    CHECK(model.finite() && model.sum_r2() == sum_r2 && model.velocity_sq() == velocity_sq);
    std::vector<Real> W_again, a_again;
    append_state(model, q, W_again, a_again);
    CHECK(W_again == W && a_again == a);
}

template <class Real>
void check_run(int n, int p, const pl::Kernel<Real>& kernel) {
    const RandomOrthogonal random(n, p, static_cast<unsigned>(n * 101 + p), 0.01);
    const Case<Real> problem(random);
    const pl::Problem<Real>& q = problem.view;
    const double step = 0.1 * n;
    const double tolerance = sizeof(Real) == 4 ? 1e-4 : 1e-12;

    pl::Control control;
    pl::OrthogonalModel<Real> model(q, kernel, 2);
    CHECK(model.evaluate(2, control));
    model.prepare(static_cast<Real>(step));
    std::vector<Real> W, a;
    for (int k = 0;; ++k) {
        if (k == 1 || k == 2 || k == 4 || k == 32 || k == 64) {  // before and after tiles were moved
            W.clear();
            a.clear();
            append_state(model, q, W, a);
            const State expected = simulated(q, step, k);
            check_near(W, expected.W, tolerance);
            check_near(a, expected.a, tolerance);
            check_facts(model, q, W, a);
        }
        if (k == 64) return;
        if (k == 1 << p % 3) check_retreat(model, q, step, W, a);  // of a step that moves tiles
        model.advance();
        CHECK(model.evaluate(2, control));
        model.prepare(static_cast<Real>(step));
        CHECK(model.finite());
    }
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels()) {
        for (int n : {1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 257, 503})
            for (int p : {1, 2, 7, 8, 9, 16, 31}) {
                check_run<double>(n, p, *level.f64);
                check_run<float>(n, p, *level.f32);
            }
        check_run<double>(90'001, 24, *level.f64);  // two superblocks
        check_run<float>(90'001, 24, *level.f32);
        std::printf("level %s\n", level.name.c_str());
    }
}
