// The bound that a dual vector gives: on the ball, until when, and to more digits than float64 has.
#include <cmath>
#include <vector>

#include "check.hpp"
#include "proof/dual_bound.hpp"
#include "proof/twofold.hpp"
#include "proving.hpp"

namespace {

using pl::Index;
using proving::kTwo;
using proving::normal;
using proving::Problem;

void sums_have_twice_the_digits() {
    pl::Twofold sum;
    sum.add_product(1 + 0x1p-30, 1 + 0x1p-30);
    sum.add(-1 - 0x1p-29);
    CHECK(sum.value() == 0x1p-60);
}

// L >= bound on the ball, at random points of it and at its worst ones, for any g and shares; until when,
// exactly.
void a_dual_bound_holds_on_its_ball() {
    int tight = 0;
    for (int draw = 0; draw < 60; ++draw) {
        Problem q{5, 3, 2, {}, {}, {}, {1.3, -0.9}};
        for (Index k = 0; k < 15; ++k) q.X.push_back(normal());
        for (Index k = 0; k < 6; ++k) q.W.push_back(normal());
        for (int i = 0; i < 5; ++i) q.y.push_back(2 * normal());
        const pl::Problem<double> view = q.view();
        const pl::Enclosure state(view, kTwo);
        std::vector<pl::FreeCell> cells(2);
        double rho = 0.9;
        for (Index j = 0; j < 2; ++j)
            for (Index i = 0; i < 5; ++i) {
                rho = std::min(rho, 0.999 * state.distance(j, i));
                if (state.z(j, i) > 0) cells[static_cast<std::size_t>(j)].on.push_back(i);
            }
        std::vector<double> g = state.r;
        const pl::DualBound found = dual_bound(state, cells, g, rho, kTwo);
        if (!found.proved) continue;
        double lowest = 1e300;
        for (int trial = 0; trial < 400; ++trial) {
            // down the gradient of <g, h>, or anywhere: a step of length rho
            std::vector<double> step(8, 0.0);
            double length = 0;
            for (double& v : step) v = normal();
            if (trial % 4 == 0)
                for (Index j = 0; j < 2; ++j) {
                    const auto u = static_cast<std::size_t>(j);
                    step[6 + u] = 0;
                    for (Index k = 0; k < 3; ++k) step[3 * u + static_cast<std::size_t>(k)] *= 0.01;
                    for (Index i : cells[u].on) {
                        const double gi = g[static_cast<std::size_t>(i)];
                        step[6 + u] += gi * state.z(j, i);
                        for (Index k = 0; k < 3; ++k)
                            step[3 * u + static_cast<std::size_t>(k)] += q.a[u] * gi * state.x(i)[k];
                    }
                }
            for (double v : step) length += v * v;
            Problem moved = q;
            for (std::size_t k = 0; k < 6; ++k) moved.W[k] += step[k] * rho / std::sqrt(length);
            for (std::size_t j = 0; j < 2; ++j) moved.a[j] += step[6 + j] * rho / std::sqrt(length);
            const pl::Problem<double> there = moved.view();
            const pl::Enclosure at(there, kTwo);
            const double loss = at.sum_r2_high / 10;
            CHECK(loss >= found.bound);
            lowest = std::min(lowest, loss);
        }
        if (lowest - found.bound < 0.2 * (state.sum_r2_high / 10 - found.bound)) ++tight;
        const double left = state.sum_r2_high / 10 - found.bound;
        CHECK(found.until <= rho * rho / (2 * left) * (1 + 1e-9));
    }
    CHECK(tight > 3);  // so that a bound a little higher would be seen
    // the value itself, to far below single rounding: one neuron, one point, g = r = 1
    Problem q{1, 1, 1, {1}, {}, {3}, {0.1}};
    q.y = {0.1 * 3 + 1.0};
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    std::vector<pl::FreeCell> cells{{{}, {0}, {}}};
    const double rho = 1e-9;
    const long double h = static_cast<long double>(0.1) * 3, r = q.y[0] - h;
    const long double change = rho * std::sqrt(9 + 0.1L * 0.1L) + static_cast<long double>(rho) * rho / 2;
    const pl::DualBound found = dual_bound(state, cells, {1.0}, rho, kTwo);
    CHECK(found.proved && found.bound <= (r - change) * (r - change) / 2);
    const long double until =
        rho * static_cast<long double>(rho) / ((r * r - (r - change) * (r - change)) / 2);
    CHECK(found.until <= until * (1 + 1e-15L) && found.until >= until * (1 - 1e-6L));
}

}  // namespace

int main() {
    sums_have_twice_the_digits();
    a_dual_bound_holds_on_its_ball();
    return 0;
}
