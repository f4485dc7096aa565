// The capture method on inputs X: every kernel it calls, at every level, against the formulas written out in
// scalars; its model of a step against small-step Euler; and against itself on two threads.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "capture/dense.hpp"
#include "capture/step.hpp"
#include "check.hpp"
#include "kernel/dispatch.hpp"
#include "random_problem.hpp"

namespace {

using pl::at;
using pl::Index;
using pl::Word;
using Vector = std::vector<double>;

bool near(double got, double expected, double size) {
    return std::abs(got - expected) <= 1e-13 * (1 + size);
}

bool same(const double* u, const double* v, Index count) {
    return count == 0 || std::memcmp(u, v, at(count) * sizeof(double)) == 0;
}

constexpr double kUntouched = 12345.0;

// The halves of a pass -----------------------------------------------------------------------------------

// A problem with the arrays of the halves. Rows of W hold zeros beyond d, as the kernel expects.
struct Halves {
    RandomProblem<double> random;
    pl::PackedProblem<double> packed;
    Index n, d, p, blocks, ldz, stride;
    pl::Buffer<double> W, z, weights, G, scratch;
    pl::Buffer<Word> masks;
    pl::HalvesArgs<double> args{};

    Halves(Index n_, Index d_, Index p_, const pl::Kernel<double>& kernel)
        : random(n_, d_, p_, static_cast<unsigned>(n_ * 10007 + d_ * 101 + p_)),
          packed(random.view, kernel, 1),
          n(n_),
          d(d_),
          p(p_),
          blocks(pl::block_count(n_)),
          ldz(blocks * pl::kBlockPoints),
          stride(packed.row_stride()),
          W(p_ * stride),
          z(p_ * ldz),
          weights(ldz),
          G(p_ * stride),
          scratch(kernel.scratch_size),
          masks(blocks * p_) {
        for (Index j = 0; j < p; ++j) std::copy_n(random.W.data() + j * d, d, W.data() + j * stride);
        args.data = packed.view();
        args.last = blocks;
        args.W = W.data();
        args.z = z.data();
        args.weights = weights.data();
        args.masks = masks.data();
        args.G = G.data();
        args.scratch = scratch.data();
    }
    double x(Index i, Index k) const { return random.X[at(i * d + k)]; }
};

void check_preactivations(Halves& h, const pl::Kernel<double>& kernel) {
    // block by block, as a team does; then at once, for fewer neurons
    for (Index b = 0; b < h.blocks; ++b) {
        h.args.first = b;
        h.args.last = b + 1;
        kernel.preactivations(h.args);
    }
    const Vector whole(h.z.data(), h.z.data() + h.z.size());
    for (Index j = 0; j < h.p; ++j) {
        for (Index i = 0; i < h.n; ++i) {
            double z = 0, size = 0;
            for (Index k = 0; k < h.d; ++k) {
                const double term = h.random.W[at(j * h.d + k)] * h.x(i, k);
                z += term;
                size += std::abs(term);
            }
            CHECK(near(whole[at(j * h.ldz + i)], z, size));
        }
        for (Index i = h.n; i < h.ldz; ++i) CHECK(whole[at(j * h.ldz + i)] == 0.0);  // no point lives there
    }
    h.args.first = 0;
    h.args.last = h.blocks;
    for (Index neurons = 1; neurons <= h.p; neurons += 3) {
        std::fill_n(h.z.data(), h.z.size(), kUntouched);
        h.args.data.p = neurons;
        kernel.preactivations(h.args);
        for (Index j = 0; j < h.p; ++j)
            for (Index i = 0; i < h.n; ++i)
                CHECK(h.z.data()[j * h.ldz + i] == (j < neurons ? whole[at(j * h.ldz + i)] : kUntouched));
    }
    h.args.data.p = h.p;
    std::copy(whole.begin(), whole.end(), h.z.data());
}

void check_gradient(Halves& h, const pl::Kernel<double>& kernel) {
    const Vector weights = normal(h.n, 5);
    std::copy(weights.begin(), weights.end(), h.weights.data());
    std::mt19937_64 engine(9);
    for (Index b = 0; b < h.blocks; ++b)
        for (Index j = 0; j < h.p; ++j) {
            const Index points = std::min(pl::kBlockPoints, h.n - b * pl::kBlockPoints);
            h.masks.data()[b * h.p + j] = engine() & ((Word{1} << points) - 1);
        }
    const auto check = [&](Index first, Index last) {
        std::fill_n(h.G.data(), h.G.size(), kUntouched);
        h.args.first = first;
        h.args.last = last;
        kernel.gradient(h.args);
        const Index end = std::min(h.n, last * pl::kBlockPoints);
        for (Index j = 0; j < h.p; ++j)
            for (Index k = 0; k < h.stride; ++k) {
                double g = 0, size = 0;
                for (Index i = first * pl::kBlockPoints; k < h.d && i < end; ++i) {
                    const Word word = h.masks.data()[i / pl::kBlockPoints * h.p + j];
                    if ((word >> (i % pl::kBlockPoints) & 1) == 0) continue;
                    g += weights[at(i)] * h.x(i, k);
                    size += std::abs(weights[at(i)] * h.x(i, k));
                }
                CHECK(near(h.G.data()[j * h.stride + k], g, size));
            }
    };
    check(0, h.blocks);
    check(h.blocks - 1, h.blocks);
    h.args.first = 0;
    h.args.last = h.blocks;
}

void check_signs(const Halves& h, const pl::Kernel<double>& kernel) {
    pl::Buffer<double> row(h.ldz);  // rows are aligned
    double* z = row.data();
    std::copy_n(h.z.data(), h.ldz, z);
    // zero of either sign and what is not a number are off
    z[0] = 0.0;
    z[1] = -0.0;
    z[2] = std::nan("");
    z[3] = 5e-324;
    z[h.ldz - 1] = 1.0;
    constexpr Index kStride = 3;
    std::vector<Word> bits(at(h.blocks * kStride), 7);
    kernel.signs(z, h.blocks, bits.data(), kStride);
    for (Index b = 0; b < h.blocks; ++b) {
        Word expected = 0;
        for (Index l = 0; l < pl::kBlockPoints; ++l)
            expected |= static_cast<Word>(z[b * pl::kBlockPoints + l] > 0) << l;
        CHECK(bits[at(b * kStride)] == expected);
        CHECK(bits[at(b * kStride + 1)] == 7 && bits[at(b * kStride + 2)] == 7);
    }
}

void check_outputs(Halves& h, const pl::Kernel<double>& kernel) {
    // beyond n the values of z are of no consequence
    for (Index j = 0; j < h.p; ++j)
        for (Index i = h.n; i < h.ldz; ++i) h.z.data()[j * h.ldz + i] = 3.0;
    pl::Buffer<double> r(h.ldz);
    std::fill_n(r.data(), h.ldz, kUntouched);
    pl::OutputsArgs<double> args{
        h.n, h.p, h.blocks, h.z.data(), h.random.a.data(), h.args.data.y, h.masks.data(), r.data(), 0};
    kernel.outputs(args);
    double sum_r2 = 0;
    for (Index i = 0; i < h.n; ++i) {
        double out = 0, size = 0;
        for (Index j = 0; j < h.p; ++j) {
            const double z = h.z.data()[j * h.ldz + i], term = h.random.a[at(j)] * std::max(z, 0.0);
            out += term;
            size += std::abs(term);
            const Word word = h.masks.data()[i / pl::kBlockPoints * h.p + j];
            CHECK((word >> (i % pl::kBlockPoints) & 1) == (z > 0 ? 1u : 0u));
        }
        const double expected = h.random.y[at(i)] - out / static_cast<double>(h.p);
        CHECK(near(r.data()[i], expected, size));
        sum_r2 += expected * expected;
    }
    for (Index i = h.n; i < h.ldz; ++i) CHECK(r.data()[i] == 0.0);
    CHECK(near(args.sum_r2, sum_r2, 10 * sum_r2));
}

void check_halves(Index n, Index d, Index p, const pl::Kernel<double>& kernel) {
    Halves halves(n, d, p, kernel);
    check_preactivations(halves, kernel);
    check_signs(halves, kernel);
    check_outputs(halves, kernel);
    check_gradient(halves, kernel);
}

// The model ----------------------------------------------------------------------------------------------

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
// the weights it returns.
void check_end(int n, int d, int p, int threads, double h) {
    const Flow flow(n, d, p, static_cast<unsigned>(n + d + p));
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
    pl::CaptureStep step(model);
    step.refresh();
    step.attempt(1e7);
    CHECK(std::isinf(step.error()) && std::isnan(model.trial_sum_r2()));
    step.attempt(1e-3);
    CHECK(step.error() < 1e-3 && model.trial_sum_r2() < model.sum_r2());
    model.attempt(little.data(), 1e-4);
    CHECK(std::isfinite(model.trial_sum_r2()));
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels()) {
        for (Index n : {1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 47, 48, 49, 95, 96, 97})
            for (Index d : {1, 2, 3, 5, 8, 9, 17})
                for (Index p : {1, 2, 3, 7, 8, 9, 13}) check_halves(n, d, p, *level.f64);
        check_halves(151, 67, 5, *level.f64);
        std::printf("level %s\n", level.name.c_str());
    }
    test_steps();
    test_pairs_at_rest_are_at_zero();
    for (int n : {1, 7, 8, 9, 15, 16, 17, 47, 63, 64, 65, 97, 129})
        for (int d : {1, 2, 7, 8, 9, 16, 17})
            for (int p : {1, 2, 5, 8, 13}) check_end(n, d, p, 1 + n % 2, 0.05);
    test_too_many_kinks();
    for (int d : {2, 3, 9, 17}) test_threads(d);
    return 0;
}
