// Every level, both precisions, sizes one either side of lanes, panels and blocks, against the formulas
// written out.
#include <cmath>
#include <limits>

#include "check.hpp"
#include "kernel/dispatch.hpp"
#include "random_problem.hpp"
#include "run/evaluator.hpp"

namespace {

using pl::Index;

template <class Real>
struct Expected {
    double sum_r2 = 0;
    std::vector<double> g;
    std::vector<bool> mask;

    explicit Expected(const pl::Problem<Real>& q)
        : g(static_cast<std::size_t>(q.p * q.d)), mask(static_cast<std::size_t>(q.n * q.p)) {
        for (Index i = 0; i < q.n; ++i) {
            double h = 0;
            for (Index j = 0; j < q.p; ++j) {
                double z = 0;
                for (Index k = 0; k < q.d; ++k)
                    z += static_cast<double>(q.W[j * q.d + k]) * static_cast<double>(q.X[i * q.d + k]);
                mask[static_cast<std::size_t>(i * q.p + j)] = z > 0;
                if (z > 0) h += static_cast<double>(q.a[j]) * z;
            }
            const double r = static_cast<double>(q.y[i]) - h / static_cast<double>(q.p);
            sum_r2 += r * r;
            for (Index j = 0; j < q.p; ++j)
                if (mask[static_cast<std::size_t>(i * q.p + j)])
                    for (Index k = 0; k < q.d; ++k)
                        g[static_cast<std::size_t>(j * q.d + k)] += r * static_cast<double>(q.X[i * q.d + k]);
        }
    }
};

template <class Real>
void check_sizes(Index n, Index d, Index p, const pl::Kernel<Real>& kernel) {
    const RandomProblem<Real> random(n, d, p, static_cast<unsigned>(n * 10007 + d * 101 + p));
    const pl::Problem<Real>& q = random.view;
    const Expected<Real> expected(q);
    pl::Control control;
    pl::Evaluator<Real> evaluator(q, kernel);
    pl::Point<Real> at(p, evaluator.row_stride(), evaluator.blocks()),
        next(p, evaluator.row_stride(), evaluator.blocks());
    for (Index j = 0; j < p; ++j) std::copy_n(q.W + j * d, d, at.W.data() + j * evaluator.row_stride());
    std::copy_n(q.a, p, at.a.data());
    CHECK(evaluator.evaluate(at, 1, control));
    evaluator.step(at, next, Real{1});

    const double eps = static_cast<double>(std::numeric_limits<Real>::epsilon());
    const double tolerance = 40 * eps * std::sqrt(static_cast<double>(n * d * p));
    CHECK(std::abs(at.sum_r2 - expected.sum_r2) <= tolerance * expected.sum_r2);
    double error = 0, size = 0, velocity_sq = 0;
    for (Index j = 0; j < p; ++j) {
        const double aj = static_cast<double>(q.a[j]) / static_cast<double>(n);
        double da = 0;
        for (Index k = 0; k < d; ++k) {
            const double g = expected.g[static_cast<std::size_t>(j * d + k)];
            const double w = static_cast<double>(q.W[j * d + k]);
            const double moved = static_cast<double>(next.W.data()[j * evaluator.row_stride() + k]) - w;
            error += (moved - aj * g) * (moved - aj * g);
            size += aj * g * aj * g + w * w;
            velocity_sq += aj * aj * g * g;
            da += w * g / static_cast<double>(n);
        }
        velocity_sq += da * da;
        CHECK(std::abs(static_cast<double>(next.a.data()[j] - q.a[j]) - da) <=
              tolerance * (1 + std::abs(da)) * 4);
    }
    CHECK(std::sqrt(error) <= tolerance * std::sqrt(size));
    CHECK(std::abs(at.velocity_sq - velocity_sq) <= tolerance * velocity_sq);
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < p; ++j) {
            const pl::Word word = at.masks.data()[i / pl::kBlockPoints * p + j];
            CHECK(((word >> (i % pl::kBlockPoints)) & 1) ==
                  (expected.mask[static_cast<std::size_t>(i * p + j)] ? 1u : 0u));
        }
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels()) {
        for (Index n : {1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 47, 48, 49, 96, 97})
            for (Index d : {1, 3, 8, 17})
                for (Index p : {1, 2, 7, 8, 9, 13}) {
                    check_sizes<double>(n, d, p, *level.f64);
                    check_sizes<float>(n, d, p, *level.f32);
                }
        for (Index d : {31, 32, 33, 63, 64, 65}) check_sizes<double>(50, d, 37, *level.f64);
        std::printf("level %s\n", level.name.c_str());
    }
}
