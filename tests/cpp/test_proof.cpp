// The parts of a proof by themselves: enclosures against quadruple precision, what elimination leaves against
// projections, and both verdicts where they are known by hand.
#include <cmath>
#include <vector>

#include "check.hpp"
#include "proof/assembly.hpp"
#include "proof/convergence.hpp"
#include "proof/elimination.hpp"
#include "proof/trapping.hpp"
#include "proving.hpp"

namespace {

using namespace proving;

#ifdef __SIZEOF_FLOAT128__
__extension__ typedef __float128 Quad;
#else
using Quad = long double;
#endif

void check_enclosure() {
    for (Index d : {1, 3, 8, 17, 100}) {
        const Problem q = random_problem(37, d, 5);
        const pl::Problem<double> view = q.view();
        const pl::Enclosure state(view, kTwo);
        const auto at = [](Index k) { return static_cast<std::size_t>(k); };
        Quad sum = 0;
        for (Index i = 0; i < q.n; ++i) {
            Quad h = 0;
            for (Index j = 0; j < q.p; ++j) {
                Quad z = 0;
                for (Index k = 0; k < d; ++k) z += static_cast<Quad>(q.W[at(j * d + k)]) * q.X[at(i * d + k)];
                CHECK(std::abs(static_cast<double>(z - state.z(j, i))) <= state.z_off(j, i));
                if (z > 0) h += q.a[at(j)] * z;
            }
            const Quad r = q.y[at(i)] - h / static_cast<Quad>(q.p);
            CHECK(std::abs(static_cast<double>(r - state.r[at(i)])) <= state.r_off[at(i)]);
            CHECK(state.r_off[at(i)] <= 0x1p-51 * std::abs(state.r[at(i)]) + 1e-24);
            sum += r * r;
        }
        CHECK(std::abs(static_cast<double>(sum - state.sum_r2.value.high - state.sum_r2.value.low)) <=
              state.sum_r2.off);
        CHECK(state.sum_r2_low <= static_cast<double>(sum) && static_cast<double>(sum) <= state.sum_r2_high);
        CHECK(state.sum_r2_high - state.sum_r2_low < 1e-13 * state.sum_r2_high);
    }
}

// r^T (P_S X X^T P_S - R^T R + charge) r is at least the least of norm(X^T P_S r + A^T u)^2 over u_i in [0,
// r_i], and without Theta it is the squared distance from the span of the removed inputs.
void check_elimination() {
    for (Index k : {1, 2, 5, 9}) {
        const Problem q = random_problem(20, 12, 2);
        const pl::Problem<double> view = q.view();
        const pl::Enclosure state(view, kTwo);
        std::vector<Index> removed, support;
        std::vector<bool> on(20, false);
        for (Index i = 0; i < 20; ++i) {
            if (i < k)
                removed.push_back(i);
            else if (i < 15)
                on[static_cast<std::size_t>(i)] = true;
            if (i < 15) support.push_back(i);
        }
        const pl::GramInverse gram = invert_gram(state, removed);
        CHECK(gram.sound && gram.least > 0);
        for (double theta : {0.0, 0.1, 1e-3}) {
            double nearest = 1e300;
            for (Index i : removed) nearest = std::min(nearest, state.x_norm[static_cast<std::size_t>(i)]);
            const double least = theta > 0 ? theta * nearest * nearest * (1 - 1e-12) : gram.least;
            const std::vector<Index> only_on(support.begin() + k, support.end());
            const pl::Elimination taken =
                eliminate(state, on, {theta > 0 ? support : only_on, removed, theta, least});
            CHECK(taken.sound && taken.charge < 1e-7);
            for (int draw = 0; draw < 20; ++draw) {
                std::vector<double> r(20), v(12, 0.0);
                for (double& value : r) value = normal();
                for (Index i = k; i < 15; ++i)
                    for (Index l = 0; l < 12; ++l)
                        v[static_cast<std::size_t>(l)] += r[static_cast<std::size_t>(i)] * state.x(i)[l];
                double form = 0, taken_sq = 0;
                for (double value : v) form += value * value;
                const std::vector<Index>& rows = theta > 0 ? support : only_on;
                for (Index c = 0; c < taken.columns.columns(); ++c) {
                    double part = 0;
                    for (std::size_t m = 0; m < rows.size(); ++m)
                        part +=
                            taken.columns(static_cast<Index>(m), c) * r[static_cast<std::size_t>(rows[m])];
                    taken_sq += part * part;
                }
                form -= taken_sq;
                double best = 1e300;  // over random u within the box, its corners included
                for (int trial = 0; trial < 200; ++trial) {
                    std::vector<double> w = v;
                    for (Index i = 0; i < k; ++i) {
                        const double share = trial % 2
                                                 ? std::abs(std::sin(static_cast<double>(trial * 31 + i)))
                                                 : (trial >> (i + 1)) & 1;
                        for (Index l = 0; l < 12; ++l)
                            w[static_cast<std::size_t>(l)] +=
                                share * r[static_cast<std::size_t>(i)] * state.x(i)[l];
                    }
                    double square = 0;
                    for (double value : w) square += value * value;
                    best = std::min(best, square);
                }
                CHECK(form - 1e-9 <= best);
            }
        }
    }
    // dependent inputs have no verified inverse
    Problem q = random_problem(4, 6, 1);
    for (std::size_t l = 0; l < 6; ++l) q.X[6 + l] = 3 * q.X[l];
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    CHECK(!invert_gram(state, {0, 1}).sound);
    CHECK(invert_gram(state, {0, 2}).sound);
}

// One neuron, x = (1, 1.5, 2), y = (1, 1.55, 2): the criterion holds for ever, least squares
// leaves 2.87356e-4.
void check_trapped() {
    Problem q{3, 1, 1, {1, 1.5, 2}, {1, 1.55, 2}, {0}, {0}};
    const double s = (1 + 1.5 * 1.55 + 4) / (1 + 2.25 + 4);  // a w at rest
    q.W[0] = 0.8, q.a[0] = s / 0.8;
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    const pl::Trapping found = prove_trapping(state, kTwo);
    CHECK(found.proved);
    CHECK(found.limit_low <= 2.873563218390805e-4 && 2.873563218390805e-4 <= found.limit_high);
    CHECK(found.limit_high - found.limit_low < 1e-12);
    CHECK(!prove_convergence(state, {0.1}, kTwo).proved);
}

// One point, one neuron: mu = (a^2 + w^2 ...)/..., and the ball is what the formula says.
void check_converges() {
    Problem q{1, 1, 1, {1}, {2}, {1.4}, {1.42}};
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    const pl::Convergence found = prove_convergence(state, {0.1}, kTwo);
    CHECK(found.proved && found.distance < found.rho && found.rho < 1.4);
    const double exact = 2 * (1.42 - found.rho) * (1.42 - found.rho);
    CHECK(found.rate <= exact && found.rate > 0.98 * exact);
    // a radius beyond the kink leaves the pair uncertain
    const auto near = patterns_at(state, 1.39), far = patterns_at(state, 1.41);
    CHECK(near[0].on.size() == 1 && near[0].uncertain.empty());
    CHECK(far[0].on.empty() && far[0].uncertain.size() == 1);
}

// Of inputs x and 2 x on either side of whose kink all are on or off at once, what counts is the sum of what
// they push, whichever of them alone would leave.
void multiples_are_one_kink() {
    for (const double first : {1.0, -1.0, -3.5}) {
        Problem q{4, 2, 1, {1, 0.2, 0, 1, 1, 0, 0, 2}, {}, {1.5, 0}, {1.5}};
        q.fit({1, first, -1, first > 0 ? -1.0 : 1.0});  // together -1, 1, -1.5
        const pl::Problem<double> view = q.view();
        CHECK(prove_trapping(pl::Enclosure(view, kTwo), kTwo).proved == (first != -1.0));
    }
}

}  // namespace

int main() {
    check_enclosure();
    check_elimination();
    check_trapped();
    check_converges();
    multiples_are_one_kink();
    return 0;
}
