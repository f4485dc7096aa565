// Every level, both precisions, sizes one either side of lanes, panels and blocks, against the
// formulas written out.
#include <cmath>
#include <limits>

#include "check.hpp"
#include "euler/dense_model.hpp"
#include "euler/orthogonal_model.hpp"
#include "kernel/dispatch.hpp"
#include "random_problem.hpp"

namespace {

using pl::Index;

// One evaluation and one step of size 1, from the formulas.
template <class Real>
struct Expected {
    double sum_r2 = 0, velocity_sq = 0;
    Index n_active = 0;
    std::vector<double> W, a;

    explicit Expected(const pl::Problem<Real>& q, const std::vector<Real>& X) {
        std::vector<double> g(static_cast<std::size_t>(q.p * q.d)), da(static_cast<std::size_t>(q.p));
        for (Index i = 0; i < q.n; ++i) {
            double h = 0;
            std::vector<double> z(static_cast<std::size_t>(q.p));
            for (Index j = 0; j < q.p; ++j) {
                for (Index k = 0; k < q.d; ++k)
                    z[at(j)] += value(q.W[j * q.d + k]) * value(X[at(i * q.d + k)]);
                h += value(q.a[j]) * std::max(z[at(j)], 0.0);
            }
            const double r = value(q.y[i]) - h / static_cast<double>(q.p);
            sum_r2 += r * r;
            for (Index j = 0; j < q.p; ++j) {
                if (z[at(j)] <= 0) continue;
                n_active++;
                da[at(j)] += r * z[at(j)] / static_cast<double>(q.n);
                for (Index k = 0; k < q.d; ++k) g[at(j * q.d + k)] += r * value(X[at(i * q.d + k)]);
            }
        }
        for (Index j = 0; j < q.p; ++j) {
            for (Index k = 0; k < q.d; ++k) {
                const double dw = value(q.a[j]) * g[at(j * q.d + k)] / static_cast<double>(q.n);
                W.push_back(value(q.W[j * q.d + k]) + dw);
                velocity_sq += dw * dw;
            }
            a.push_back(value(q.a[j]) + da[at(j)]);
            velocity_sq += da[at(j)] * da[at(j)];
        }
    }

    static std::size_t at(Index k) { return static_cast<std::size_t>(k); }
    static double value(Real x) { return static_cast<double>(x); }
};

template <class Real>
double distance(const std::vector<Real>& got, const std::vector<double>& expected) {
    double error = 0, size = 0;
    CHECK(got.size() == expected.size());
    for (std::size_t k = 0; k < got.size(); ++k) {
        const double gap = static_cast<double>(got[k]) - expected[k];
        error += gap * gap;
        size += expected[k] * expected[k];
    }
    return std::sqrt(error / (1 + size));  // values are of order 1; a step may cancel one
}

template <class Model, class Real>
void check_model(const pl::Problem<Real>& q, const std::vector<Real>& X, const pl::Kernel<Real>& kernel) {
    const Expected<Real> expected(q, X);
    pl::Control control;
    Model model(q, kernel, 2);
    CHECK(model.evaluate(1, control));
    model.prepare(Real{1});
    const double eps = static_cast<double>(std::numeric_limits<Real>::epsilon());
    const double tolerance = 40 * eps * std::sqrt(static_cast<double>(q.n * q.d * q.p));
    CHECK(std::abs(model.sum_r2() - expected.sum_r2) <= tolerance * expected.sum_r2);
    CHECK(std::abs(model.velocity_sq() - expected.velocity_sq) <= tolerance * expected.velocity_sq);
    CHECK(model.n_active() == expected.n_active);
    model.advance();
    std::vector<Real> W, a;
    append_state(model, q, W, a);
    CHECK(distance(W, expected.W) <= tolerance && distance(a, expected.a) <= tolerance);

    // a step that overflows is taken back
    Model leaper(q, kernel, 1);
    CHECK(leaper.evaluate(1, control));
    leaper.prepare(std::numeric_limits<Real>::max() / 4);
    leaper.advance();
    leaper.evaluate(1, control);
    leaper.prepare(Real{1});
    if (leaper.finite()) return;  // nothing moved: no pair was active
    leaper.retreat();
    CHECK(leaper.finite());
    CHECK(std::abs(leaper.sum_r2() - expected.sum_r2) <= tolerance * expected.sum_r2);
}

template <class Real>
void check_dense(Index n, Index d, Index p, const pl::Kernel<Real>& kernel) {
    const RandomProblem<Real> random(n, d, p, static_cast<unsigned>(n * 10007 + d * 101 + p));
    check_model<pl::DenseModel<Real>>(random.view, random.X, kernel);
}

// Three steps with X in one layout: the bits of three steps with both.
template <class Real>
void check_layouts(Index n, Index d, Index p, const pl::Kernel<Real>& kernel) {
    if (!pl::rows_suffice(d, p, kernel)) return;
    const RandomProblem<Real> random(n, d, p, static_cast<unsigned>(n * 10007 + d * 101 + p));
    pl::Control control;
    std::vector<Real> states[2];
    std::vector<double> numbers[2];
    for (int one = 0; one < 2; ++one) {
        pl::DenseModel<Real> model(random.view, kernel, 1,
                                   one == 1 ? pl::Layouts::kRows : pl::Layouts::kBoth);
        for (int step = 0; step < 3; ++step) {
            CHECK(model.evaluate(1, control));
            model.prepare(Real{1} / Real{16});
            for (double number : {model.sum_r2(), model.velocity_sq(), static_cast<double>(model.n_active())})
                numbers[one].push_back(number);
            model.advance();
            append_state(model, random.view, states[one], states[one]);
        }
    }
    CHECK(states[0] == states[1]);
    CHECK(numbers[0] == numbers[1]);
}

// One layout for large X only, and half the memory.
template <class Real>
void check_choice(const pl::Kernel<Real>& kernel) {
    const auto choice = [&](Index n, Index d, Index p) { return pl::layouts_for(n, d, p, kernel); };
    CHECK(choice(300, 30, 31) == pl::Layouts::kBoth && choice(20000, 40, 37) == pl::Layouts::kRows);
    CHECK(choice(20000, 40, 5) == pl::Layouts::kBoth);      // few neurons
    CHECK(choice(1000000, 2, 48) == pl::Layouts::kBoth);    // few sums, or rows shorter than a vector
    CHECK(choice(20000, 20000, 37) == pl::Layouts::kBoth);  // a panel beyond the caches
    pl::Problem<Real> few, many;
    few.n = many.n = 200000;
    few.d = many.d = 40;
    few.p = 23;
    many.p = 24;
    const double ratio = pl::DenseModel<Real>::bytes(many, kernel) / pl::DenseModel<Real>::bytes(few, kernel);
    CHECK(ratio > 0.45 && ratio < 0.7);
}

template <class Real>
void check_orthogonal(Index n, Index p, const pl::Kernel<Real>& kernel) {
    const RandomProblem<Real> random(n, n, p, static_cast<unsigned>(n * 101 + p));
    std::vector<Real> norms(random.a.size() + random.y.size()), X(random.X.size());
    for (Index i = 0; i < n; ++i) {
        norms[static_cast<std::size_t>(i)] = Real(1) + Real(i % 5) / Real(4);
        X[static_cast<std::size_t>(i * n + i)] = norms[static_cast<std::size_t>(i)];
    }
    pl::Problem<Real> problem = random.view;
    problem.X = nullptr;
    problem.norms = norms.data();
    check_model<pl::OrthogonalModel<Real>>(problem, X, kernel);
}

void check_set_bits() {
    pl::Word word = 1;
    for (Index count : {0, 1, 30, 31, 32, 61, 62, 63, 97})
        for (bool full : {true, false}) {
            std::vector<pl::Word> words(static_cast<std::size_t>(count), ~pl::Word{0});
            Index expected = 0;
            for (pl::Word& value : words) {
                word = word * 6364136223846793005u + 1442695040888963407u;
                if (!full) value = word;
                for (int bit = 0; bit < 64; ++bit) expected += static_cast<Index>((value >> bit) & 1);
            }
            CHECK(pl::set_bits(words.data(), count) == expected);
        }
}

}  // namespace

int main() {
    check_set_bits();
    for (const pl::Level& level : pl::levels()) {
        for (Index n : {1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 47, 48, 49, 96, 97})
            for (Index d : {1, 3, 8, 17})
                for (Index p : {1, 2, 7, 8, 9, 13}) {
                    check_dense<double>(n, d, p, *level.f64);
                    check_dense<float>(n, d, p, *level.f32);
                }
        for (Index n : {1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49, 97, 149})
            for (Index d : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 65})
                for (Index p : {1, 3, 4, 5, 13, 48, 97}) {
                    check_layouts<double>(n, d, p, *level.f64);
                    check_layouts<float>(n, d, p, *level.f32);
                }
        check_layouts<double>(6001, 90, 51, *level.f64);  // large, in several superblocks
        check_layouts<float>(6001, 90, 51, *level.f32);
        check_choice<double>(*level.f64);
        check_choice<float>(*level.f32);
        for (Index d : {31, 32, 33, 63, 64, 65}) check_dense<double>(50, d, 37, *level.f64);
        for (Index n : {1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 130})
            for (Index p : {1, 2, 7, 8, 9, 13}) {
                check_orthogonal<double>(n, p, *level.f64);
                check_orthogonal<float>(n, p, *level.f32);
            }
        std::printf("level %s\n", level.name.c_str());
    }
}
