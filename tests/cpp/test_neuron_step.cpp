// What the capture method does to one neuron in a step on dense inputs, and how it measures that, by itself:
// the mean of its outer weight, the end on its kinks (whatever is decided, w stays what g makes of it), and
// how far it has moved.
#include <cmath>
#include <limits>

#include "capture/mean_motion.hpp"
#include "capture/moved.hpp"
#include "capture/resting.hpp"
#include "capture/to_zero.hpp"
#include "check.hpp"
#include "random_problem.hpp"

namespace {

using pl::at;
using pl::Index;
using Vector = std::vector<double>;

constexpr double kRounding = 1e-12;

double product(const Vector& u, const double* v) {
    double sum = 0;
    for (std::size_t k = 0; k < u.size(); ++k) sum += u[k] * v[k];
    return sum;
}

// A step of one neuron in d dimensions on as many inputs as it has met; the impulse is negative throughout,
// so that its kinks attract.
struct One {
    Index d, count;
    Vector w, next, g, rows, impulse, norms, z, z_next;
    std::vector<pl::Touched> met;
    double factor = 0.5;

    One(Index d_, Index count_, unsigned seed)
        : d(d_),
          count(count_),
          w(normal(d, seed)),
          g(normal(d, seed + 1)),
          rows(at(count * 8)),
          z(at(count)) {
        for (Index l = 0; l < count; ++l) {
            const Vector x = normal(d, seed + 2 + static_cast<unsigned>(l));
            std::copy(x.begin(), x.end(), rows.begin() + l * 8);
            norms.push_back(std::sqrt(product(x, x.data())));
            impulse.push_back(-2.0 - static_cast<double>(l));
            pl::Touched pair;
            pair.point = static_cast<int>(l);
            pair.held = pair.rests = true;
            pair.share = pair.first = 0.5;
            met.push_back(pair);
        }
        next = made();
        z_next = z;
    }
    // w + factor g
    Vector made() const {
        Vector v = w;
        for (std::size_t k = 0; k < v.size(); ++k) v[k] += factor * g[k];
        return v;
    }
    // As if the path had put it on all kinks but for `off` of it: g is what that takes.
    void rest(double off) {
        for (int round = 0; round < 2000; ++round)
            for (Index l = 0; l < count; ++l) {
                const double* x = rows.data() + l * 8;
                const double norm = norms[at(l)], by = -product(next, x) / (norm * norm);
                for (Index k = 0; k < d; ++k) next[at(k)] += by * x[k];
            }
        for (Index k = 0; k < d; ++k) next[at(k)] += off * rows[at(k)];
        for (Index k = 0; k < d; ++k) g[at(k)] = (next[at(k)] - w[at(k)]) / factor;
    }
    const pl::ParallelInputs lines{pl::Problem<double>{}};  // none are
    pl::NeuronStep step() {
        return {0,
                d,
                8,
                w.data(),
                z.data(),
                next.data(),
                z_next.data(),
                g.data(),
                1.0,
                factor,
                impulse.data(),
                impulse.data(),
                met,
                {rows.data(), 8, nullptr, 0},
                norms.data(),
                lines};
    }
    void check_made() const {
        const Vector v = made();
        for (std::size_t k = 0; k < v.size(); ++k) CHECK(std::abs(next[k] - v[k]) < kRounding);
    }
    double z_of(Index l) const { return std::abs(product(next, rows.data() + l * 8)); }
};

// dw/dt = a g / n, da/dt = <w, g> / n over a unit of time, in steps of the mid-point rule.
double mean_by_steps(const Vector& w, const Vector& g, double a, Index n) {
    constexpr int kSteps = 20000;
    const double square = product(g, g.data()), share = 1.0 / static_cast<double>(n);
    double along = product(w, g.data()), sum = 0;
    for (int k = 0; k < kSteps; ++k) {
        const double h = 1.0 / kSteps, middle = a + 0.5 * h * share * along;
        const double along_middle = along + 0.5 * h * share * a * square;
        a += h * share * along_middle;
        along += h * share * middle * square;
        sum += h * middle;
    }
    return sum;
}

void check_mean_weight() {
    for (const double length : {1e-5, 0.9e-3, 1.1e-3, 0.3, 3.0}) {
        const Index d = 5, n = 7;
        const Vector w = normal(d, 1);
        Vector g = normal(d, 2);
        const double size = std::sqrt(product(g, g.data()));
        for (double& v : g) v *= length * static_cast<double>(n) / size;
        const double mean = pl::mean_outer_weight(w.data(), g.data(), -0.7, d, n);
        CHECK(std::abs(mean - mean_by_steps(w, g, -0.7, n)) < 1e-7 * (1 + std::abs(mean)));
    }
}

void check_stays() {
    One one(5, 3, 10);
    one.rest(1e-9);
    CHECK(pl::stays(one.step()));
    one.check_made();
    for (Index l = 0; l < 3; ++l) CHECK(one.z_of(l) < 1e-14);
    CHECK(pl::all_rest(one.step()));

    One switching(5, 3, 10);
    switching.rest(1e-9);
    switching.met[1].held = false;  // one that came to its kink in the step: its path counts
    CHECK(!pl::stays(switching.step()));

    One far(5, 3, 10);
    far.rest(20.0);  // more than a share of 1/2 more or less can mend
    const Vector before = far.next;
    CHECK(!pl::stays(far.step()));
    CHECK(far.next == before && far.met[0].share == 0.5);  // and nothing was done
}

void check_end() {
    One one(5, 3, 20);
    one.rest(1e-7);
    pl::end_at_rest(one.step(), false);
    one.check_made();
    for (Index l = 0; l < 3; ++l) CHECK(one.met[at(l)].rests && one.z_of(l) < 1e-14);

    One doubtful(5, 3, 20);  // let go by mistake, by a distance that single precision cannot tell from 0
    doubtful.rest(1e-7);
    for (pl::Touched& pair : doubtful.met) pair.rests = false;
    pl::end_at_rest(doubtful.step(), false);
    doubtful.check_made();
    CHECK(doubtful.met[0].rests && doubtful.z_of(0) < 1e-14);

    One zero(3, 3, 30);  // at rest at as many kinks as there are dimensions: at 0
    zero.rest(1e-3);
    CHECK(pl::ends_exactly(zero.step(), false));
    pl::end_at_rest(zero.step(), false);
    CHECK(zero.met.empty() && zero.next == Vector(3, 0.0));
    CHECK(!pl::ends_exactly(One(5, 3, 10).step(), false) && pl::ends_exactly(One(5, 3, 10).step(), true));
}

// Held at all kinks but of one direction, on whose ray it comes to 0, or not; and one that is not held, but
// comes to a kink on the way and slides on it to 0, in the plane.
void check_to_zero() {
    for (const double to : {-0.1, 0.1}) {
        One one(3, 2, 50);
        const Vector u(one.rows.begin(), one.rows.begin() + 3),
            v(one.rows.begin() + 8, one.rows.begin() + 11);
        one.w = {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
        for (std::size_t k = 0; k < 3; ++k) one.next[k] = to * one.w[k] + 1e-3 * u[k];
        CHECK(pl::has_turned(one.step()) == (to < 0));
    }
    for (const double reach : {0.9, 1.1}) {  // of the way to 0
        // x_1 = (1, 0) is on and drives w down it; x_2 = (-0.6, 0.8) is off until w meets its kink
        One one(2, 2, 50);
        one.rows[0] = 1.0, one.rows[1] = 0.0, one.rows[8] = -0.6, one.rows[9] = 0.8;
        one.norms = {1.0, 1.0};
        one.met.clear();
        one.factor = 1.0;
        one.w = {1.0, 0.5};
        // that is at (2/3, 1/2); from there it slides, by 0.8 of the push of x_1
        const double far = 1.0 / 3.0, along = std::sqrt(4.0 / 9.0 + 0.25) / 0.8;
        one.impulse = {-(far + reach * along), -100.0};
        CHECK(pl::comes_to_zero(one.step(), {1, 0}, {}) == (reach > 1.0));
        pl::put_to_zero(one.step());
        one.check_made();
        CHECK(one.next == Vector(2, 0.0) && one.met.empty());
    }
}

// Of three pairs within rounding of their kinks one is known to rest, one is pushed away from its kink.
void check_join() {
    One one(5, 3, 40);
    one.met.resize(1);
    const Vector r{-1.0, 1.0, -1.0};
    const std::vector<pl::Word> masks{4};
    pl::join(one.step(), r.data(), masks.data(), 3, 1);
    CHECK(one.met.size() == 2 && one.met[1].point == 2 && one.met[1].rests && one.met[1].last == 1.0);
    one.z_next[2] = 1.0;
    one.met.resize(1);
    pl::join(one.step(), r.data(), masks.data(), 3, 1);
    CHECK(one.met.size() == 1);
}

pl::DenseState state_of(const pl::CaptureInputs& inputs, const Vector& W, const Vector& a) {
    pl::DenseState state(inputs);
    for (Index j = 0; j < state.p(); ++j) std::copy_n(W.data() + j * state.d, state.d, state.w_of(j));
    std::copy(a.begin(), a.end(), state.a.data());
    return state;
}

// Neuron 0 grows along itself, neuron 1 turns, neuron 2 is small beside its outer weight and grows.
void check_moved() {
    const RandomProblem<double> random(4, 2, 3, 1);
    const pl::CaptureInputs inputs(random.view, 1);
    const Vector a{1, 1, 100};
    pl::DenseState before = state_of(inputs, {3, 0, 0, 2, 1, 0}, a);
    pl::DenseState after = state_of(inputs, {4, 0, 1, 2, 2, 0}, a);
    before.r = {1, 0, 0, 0};
    before.sum_r2 = 1;
    after.r = before.r;
    const pl::Travel grown = pl::moved(before, after, 0), turned = pl::moved(before, after, 1);
    CHECK(grown.across == 0 && std::abs(grown.along - 1.0 / 17) < kRounding);
    CHECK(turned.along == 0 && std::abs(turned.across - 1.0 / 6) < kRounding);
    const double small = 1.0 / (4 + 10 * 4 + 1e-14 * 1e4);
    CHECK(std::abs(pl::moved(before, after, 2).all() - small) < kRounding);
    CHECK(std::abs(pl::moved(before, after) - std::sqrt(1.0 / 6 / 3)) < kRounding);  // r is as it was
    after.r[0] = 0.0;
    const double all = std::sqrt((1.0 / 6 + 1.0 / 17 + small) / 3);
    CHECK(std::abs(pl::moved(before, after) - all) < kRounding);
    CHECK(std::abs(pl::travel_sq(before, after) - 3.0) < kRounding);
    pl::Touched pair;
    pair.z = 0.5;
    after.touched[2] = {pair};  // at point 0: r falls by 100/3 of it
    CHECK(std::abs(pl::hidden_rise(after) - std::pow(50.0 / 3, 2)) < 1e-9);
}

// Over the last step until there is a mark, then since the mark, which is renewed after a fifth of the time.
void check_mean_motion() {
    const RandomProblem<double> random(4, 2, 1, 1);
    const pl::CaptureInputs inputs(random.view, 1);
    const auto at_x = [&](double x) { return state_of(inputs, {x, 0}, {1}); };
    pl::MeanMotion mean;
    mean.stepped(1.0);
    CHECK(mean.since(at_x(0), at_x(2), 1.0).speed_sq[0] == 4.0);
    mean.mark(at_x(2));
    mean.stepped(0.1);
    CHECK(std::abs(mean.since(at_x(9), at_x(2.3), 0.1).speed_sq[0] - 9.0) < 1e-9);
    mean.mark(at_x(2.3));  // too soon
    mean.stepped(0.9);
    CHECK(std::abs(mean.since(at_x(9), at_x(3), 0.9).speed_sq[0] - 1.0) < 1e-9);
    CHECK(std::abs(mean.since(at_x(9), at_x(3), 0.9).growth[0] - 3.0) < 1e-9);
    mean.mark(at_x(3));
    mean.stepped(1.0);
    CHECK(std::abs(mean.since(at_x(9), at_x(5), 1.0).speed_sq[0] - 4.0) < 1e-9);
}

}  // namespace

int main() {
    check_mean_weight();
    check_stays();
    check_end();
    check_to_zero();
    check_join();
    check_moved();
    check_mean_motion();
    return 0;
}
