// Exponential steps, from the inside out: phi functions, the eigenvalues of a tridiagonal matrix, functions
// of a matrix by the Lanczos process, projections off held inputs and the other kernel functions at every
// level, K against differences of the model, and the step itself against closed forms.
#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include "capture/dense.hpp"
#include "capture/step.hpp"
#include "check.hpp"
#include "kernel/dispatch.hpp"
#include "random_problem.hpp"
#include "stabilised/lanczos.hpp"

namespace {

using pl::at;
using pl::Index;
using pl::Word;
using Vector = std::vector<double>;

double dot(const Vector& u, const Vector& v) {
    double sum = 0.0;
    for (std::size_t k = 0; k < u.size(); ++k) sum += u[k] * v[k];
    return sum;
}

// phi_1 and phi_3 written out, where that loses no digits; x phi_(k + 1)(x) = 1 / k! - phi_k(x) everywhere.
void check_phi() {
    for (const double x : {1.0, 3.0, 40.0, 700.0, 1e6}) {
        const double one = (1.0 - std::exp(-x)) / x, three = (0.5 - (1.0 - one) / x) / x;
        CHECK(std::abs(pl::phi(1, x) - one) < 1e-15 * one);
        CHECK(std::abs(pl::phi(3, x) - three) < 1e-13 * three);
    }
    CHECK(pl::phi(0, 0.0) == 1.0 && pl::phi(1, 0.0) == 1.0 && pl::phi(2, 0.0) == 0.5);
    CHECK(std::abs(pl::phi(3, 0.0) - 1.0 / 6.0) < 1e-16);
    for (double x = 1e-9; x < 2.0; x *= 1.3)
        for (int k = 0; k < 3; ++k) {
            const double whole = k < 2 ? 1.0 : 0.5;  // 1 / k!
            CHECK(std::abs(x * pl::phi(k + 1, x) - (whole - pl::phi(k, x))) < 4e-16);
        }
}

// 2 on the diagonal, -1 beside it: 2 - 2 cos(pi k / (m + 1)), and eigenvectors to match.
void check_tridiagonal() {
    for (const int m : {1, 2, 3, 10, 60}) {
        Vector diagonal(at(m), 2.0), beside(at(m - 1), -1.0), modes(at(m * m), 0.0);
        for (int k = 0; k < m; ++k) modes[at(k * m + k)] = 1.0;
        pl::tridiagonal_eigen(diagonal, beside, modes);
        for (int e = 0; e < m; ++e) {
            for (int k = 0; k < m; ++k) {
                const auto mode = [&](int row) { return modes[at(row * m + e)]; };
                double image = 2.0 * mode(k);
                if (k > 0) image -= mode(k - 1);
                if (k + 1 < m) image -= mode(k + 1);
                CHECK(std::abs(image - diagonal[at(e)] * mode(k)) < 1e-13);
            }
        }
        std::sort(diagonal.begin(), diagonal.end());
        for (int e = 0; e < m; ++e)
            CHECK(std::abs(diagonal[at(e)] - (2.0 - 2.0 * std::cos(std::acos(-1.0) * (e + 1) / (m + 1)))) <
                  1e-13);
    }
}

// A diagonal K with entries over six decades, one of them 0.
void check_lanczos() {
    constexpr Index size = 203;
    Vector K, out(at(size));
    for (Index i = 0; i < size; ++i)
        K.push_back(i == 0 ? 0.0 : std::pow(10.0, -5.0 + 6.0 * static_cast<double>(i) / size));
    const pl::Lanczos::Product product = [&](const double* v, double* image) {
        for (Index i = 0; i < size; ++i) image[i] = K[at(i)] * v[i];
        return true;
    };
    const Vector v = normal(size, 1);
    pl::Lanczos lanczos;
    Index before = 0;
    for (const double tolerance : {1e-2, 1e-4, 1e-8}) {
        for (const double h : {0.01, 1.0, 10.0}) {
            lanczos.begin(v.data(), size);
            CHECK(lanczos.widen(product, h, tolerance));
            lanczos.apply(1, h, out.data());
            double off = 0.0;
            for (Index i = 0; i < size; ++i)
                off += std::pow(out[at(i)] - pl::phi(1, h * K[at(i)]) * v[at(i)], 2);
            CHECK(std::sqrt(off) < 3.0 * tolerance * lanczos.norm());
        }
        CHECK(lanczos.products() > before);  // of the longest step, the tighter the more
        before = lanczos.products();
    }
    CHECK(lanczos.radius() <= K.back() * (1 + 1e-12) && lanczos.radius() > 0.99 * K.back());
    const Index enough = lanczos.products();
    CHECK(lanczos.widen(product, 0.1, 1e-8) && lanczos.products() == enough);  // a shorter step needs no more
    CHECK(lanczos.widen(product, 100.0, 1e-8) && lanczos.products() > enough);
    lanczos.begin(Vector(at(size), 0.0).data(), size);
    CHECK(lanczos.widen(product, 1.0, 1e-8) && lanczos.products() == 0);
    lanczos.apply(1, 1.0, out.data());
    CHECK(dot(out, out) == 0.0);
    lanczos.begin(v.data(), size);
    CHECK(!lanczos.widen([](const double*, double*) { return false; }, 1.0, 1e-8));
}

// What is left of g has nothing along the rows, and what was taken lies in their span: it is no longer than g
// and taking it twice changes nothing. Some rows are copies, or sums, of others.
void check_projection(const pl::Level& level) {
    for (const int count : {1, 2, 5, 15, 16, 17, 40}) {
        const Index width = 64, ld = (count + 15) / 16 * 16;
        pl::Buffer<float> rows(count * width), memory((ld + 2) * ld), g(width);
        const Vector draw = normal(count * width, static_cast<unsigned>(count)), start = normal(width, 99);
        std::vector<const float*> x;
        for (Index l = 0; l < count; ++l) {
            for (Index k = 0; k < 50; ++k) {
                const auto plain = static_cast<float>(draw[at(l * width + k)]);
                rows.data()[l * width + k] = l == 3   ? rows.data()[width + k]
                                             : l == 4 ? rows.data()[k] + rows.data()[width + k]
                                                      : plain;
            }
            x.push_back(rows.data() + l * width);
        }
        pl::HeldArgs args{count,
                          ld,
                          width,
                          x.data(),
                          memory.data(),
                          memory.data() + ld * ld,
                          memory.data() + ld * ld + ld,
                          g.data()};
        for (Index l = 0; l < count; ++l)
            for (Index m = 0; m < count; ++m)
                for (Index k = 0; k < width; ++k) args.gram[l * ld + m] += x[at(l)][k] * x[at(m)][k];
        level.held->factor(args);
        for (Index k = 0; k < 50; ++k) g.data()[k] = static_cast<float>(start[at(k)]);
        double whole = 0.0, left = 0.0, again = 0.0;
        for (Index k = 0; k < width; ++k) whole += g.data()[k] * g.data()[k];
        level.held->project(args);
        const std::vector<float> once(g.data(), g.data() + width);
        for (Index l = 0; l < count; ++l) {
            double along = 0.0;
            for (Index k = 0; k < width; ++k) along += x[at(l)][k] * once[at(k)];
            CHECK(std::abs(along) < 1e-3);
        }
        level.held->project(args);
        for (Index k = 0; k < width; ++k) {
            left += once[at(k)] * once[at(k)];
            again = std::max<double>(again, std::abs(once[at(k)] - g.data()[k]));
        }
        const int rank = count - (count > 3 ? 1 : 0) - (count > 4 ? 1 : 0);
        CHECK(left < whole && left > 0.3 * whole * (50 - rank) / 50 && again < 1e-4);
    }
}

void check_masked_sums(const pl::Kernel<float>& kernel) {
    constexpr Index p = 5, blocks = 3, ldz = blocks * pl::kBlockPoints;
    pl::Buffer<float> z(p * ldz), out(ldz);
    const Vector draw = normal(p * ldz, 3);
    std::mt19937_64 engine(4);
    std::vector<Word> masks;
    for (Index k = 0; k < p * blocks; ++k) masks.push_back(engine() & ((Word{1} << pl::kBlockPoints) - 1));
    for (Index k = 0; k < p * ldz; ++k) z.data()[k] = static_cast<float>(draw[at(k)]);
    z.data()[7] = std::nanf("");  // of a pair that is off nothing counts
    masks[0] &= ~(Word{1} << 7);
    pl::MaskedSumsArgs<float> args{p, blocks, z.data(), masks.data(), out.data()};
    kernel.masked_sums(args);
    for (Index i = 0; i < ldz; ++i) {
        float sum = 0.0F;
        for (Index j = 0; j < p; ++j)
            if (masks[at(i / pl::kBlockPoints * p + j)] >> (i % pl::kBlockPoints) & 1)
                sum += z.data()[j * ldz + i];
        CHECK(out.data()[i] == sum);
    }
}

// One point in each of the ways to go: near and turning, near and going on, far, through, held.
void check_turns(const pl::Level& level) {
    constexpr Index blocks = 2, size = blocks * pl::kBlockPoints;
    pl::Buffer<double> first(size), second(size), third(size), near(size);
    std::fill_n(near.data(), size, 0.5);  // times scale 2: below 1
    const auto put = [&](Index i, double a, double b, double c) {
        first.data()[i] = a, second.data()[i] = b, third.data()[i] = c;
    };
    put(0, -3.0, -0.5, -0.6);  // turns
    put(1, 3.0, 0.5, 0.5);     // stops
    put(50, 3.0, 0.9, 2.0);    // turns
    put(2, 3.0, 0.5, 0.4);     // goes on
    put(3, 3.0, 1.5, 2.0);     // far
    put(4, 3.0, 0.5, -0.6);    // through
    put(5, -0.5, 0.4, 0.6);    // comes from the other side
    put(6, 0.4, 0.5, 0.6);     // goes away
    std::vector<Word> nearing(at(blocks)), turned(at(blocks));
    pl::TurnArgs args{blocks, first.data(), second.data(), near.data(), 2.0, nearing.data(), turned.data()};
    level.turns->find(args);
    CHECK(turned[0] == 0 && turned[1] == 0);
    args.z = second.data();
    args.next = third.data();
    level.turns->find(args);
    CHECK(turned[0] == 0b11 && turned[1] == Word{1} << 2);
    CHECK(nearing[0] == 0b100 && nearing[1] == 0);
}

// The dense model's K ---------------------------------------------------------------------------------------

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
        pl::CaptureStep step(model);
        for (int k = 0; k < 60; ++k) {
            step.refresh();
            step.attempt(0.2);
            step.accept(0.2);
        }
        CHECK(model.at_kinks() > 0);
        check_product(model, 0.02);
    }
}

// The step --------------------------------------------------------------------------------------------------

// dq_i/dt = r_i. Linear: r_i = 1 - k_i q_i, k_i from 1e-3 to 80; else r_i = exp(-k_i q_i).
class Known : public pl::CaptureModel {
  public:
    Known(Vector rates, bool linear) : rates_(std::move(rates)), linear_(linear), q_(rates_.size(), 0.0) {
        trial_q_ = q_;
        find(q_, r_);
    }
    int points() const override { return static_cast<int>(rates_.size()); }
    const Vector& residuals() const override { return r_; }
    const Vector& trial_residuals() const override { return trial_r_; }
    double sum_r2() const override { return dot(r_, r_); }
    double trial_sum_r2() const override { return dot(trial_r_, trial_r_); }
    bool has_product() const override { return true; }
    void product(const double* v, double* out) override {
        for (std::size_t i = 0; i < rates_.size(); ++i) out[i] = rates_[i] * (linear_ ? 1.0 : r_[i]) * v[i];
    }
    void attempt(const double* impulse, double) override {
        for (std::size_t i = 0; i < q_.size(); ++i) trial_q_[i] = q_[i] + impulse[i];
        find(trial_q_, trial_r_);
    }
    void accept(double, Vector& before) override {
        before = r_;
        q_ = trial_q_;
        r_ = trial_r_;
    }
    // Largest distance from the solution at t.
    double off(double t) const {
        double most = 0.0;
        for (std::size_t i = 0; i < q_.size(); ++i) {
            const double k = rates_[i], exact = linear_ ? -std::expm1(-k * t) / k : std::log1p(k * t) / k;
            most = std::max(most, std::abs(q_[i] - exact));
        }
        return most;
    }

    // what a step does not ask for
    void write_trial(const double*, double*, double*) const override {}
    double trial_travel_sq() const override { return 0; }
    double velocity_sq() override { return 0; }
    Index n_active() const override { return 0; }
    Index at_kinks() override { return 0; }
    Index evaluations() const override { return 0; }
    double dead_label_sq() const override { return 0; }
    pl::NeuronFacts neurons() const override { return {}; }
    pl::NeuronMotion motion() override { return {}; }
    Vector outputs() const override { return {}; }
    Index output_terms() const override { return 0; }
    void write_state(double*, double*) const override {}

  private:
    void find(const Vector& q, Vector& r) const {
        r.resize(q.size());
        for (std::size_t i = 0; i < q.size(); ++i)
            r[i] = linear_ ? 1.0 - rates_[i] * q[i] : std::exp(-rates_[i] * q[i]);
    }
    Vector rates_;
    bool linear_;
    Vector q_, r_, trial_q_, trial_r_;
};

// While the pattern lasts a step of any length is exact: h K up to 8000.
void check_closed_form() {
    Known model({1e-3, 0.3, 0.99, 1.01, 7.0, 80.0}, true);
    pl::CaptureStep step(model);
    double t = 0.0;
    for (const double h : {3.0, 100.0, 0.5, 20.0}) {
        step.attempt(h, 1e-13);
        CHECK(step.error() < 1e-12);
        step.accept(h);
        t += h;
        CHECK(model.off(t) < 1e-11 * (1.0 + t));
    }
    CHECK(step.stabilised() == 4);
    CHECK(step.radius() > 79.9 && step.radius() < 1.06 * 80.0);
}

// Order 2, and an estimate of the local error that is of order 3 (over h norm(r): 2) and within a factor of
// two of the truth.
void check_order() {
    Vector off, told;
    for (const int steps : {32, 64, 128}) {
        Known model({1.0, 3.0}, false);
        const double h = 1.0 / steps;
        pl::CaptureStep first(model);  // each step by a method without a past: Adams-Bashforth has none
        first.attempt(h, 1e-13);
        told.push_back(first.error());
        const double size = h * std::sqrt(model.sum_r2());
        first.accept(h);
        const double made = model.off(h) / size;
        CHECK(told.back() > 0.5 * made && told.back() < 2.0 * made);
        for (int k = 1; k < steps; ++k) {
            pl::CaptureStep step(model);
            step.attempt(h, 1e-13);
            step.accept(h);
        }
        off.push_back(model.off(1.0));
    }
    for (std::size_t k = 0; k < 2; ++k) {
        CHECK(std::abs(std::log2(off[k] / off[k + 1]) - 2.0) < 0.1);
        CHECK(std::abs(std::log2(told[k] / told[k + 1]) - 2.0) < 0.2);
    }
}

}  // namespace

int main() {
    check_phi();
    check_tridiagonal();
    check_lanczos();
    for (const pl::Level& level : pl::levels()) {
        check_projection(level);
        check_masked_sums(*level.f32);
        check_turns(level);
        std::printf("level %s\n", level.name.c_str());
    }
    check_frozen();
    check_closed_form();
    check_order();
    std::printf("ok\n");
}
