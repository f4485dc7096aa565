// Every kernel function that the capture method calls on inputs X, at every level, against the formulas
// written out in scalars: the halves of a pass, projections off held inputs, masked sums, turning points.
#include <algorithm>
#include <cmath>
#include <limits>

#include "check.hpp"
#include "kernel/dispatch.hpp"
#include "problem/packed.hpp"
#include "random_problem.hpp"

namespace {

using pl::at;
using pl::Index;
using pl::Word;
using Vector = std::vector<double>;

bool near(double got, double expected, double size) {
    return std::abs(got - expected) <= 1e-13 * (1 + size);
}

constexpr double kUntouched = 12345.0;
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

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

// What is left of g has nothing along the rows, and what was taken lies in their span: it is no longer than g
// and taking it twice changes nothing. Some rows are copies, or sums, of others.
void check_projection(const pl::Level& level) {
    for (const int count : {1, 2, 5, 15, 16, 17, 40}) {
        const Index width = 64;
        pl::Buffer<float> rows(count * width), basis(pl::HeldArgs::rows(count) * width), g(width);
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
        pl::HeldArgs args{count, width, x.data(), basis.data(), g.data()};
        std::fill_n(basis.data(), basis.size(), kNotANumber);
        level.held->orthonormalise(args);
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
    pl::TurnArgs args{51, first.data(), second.data(), near.data(), 2.0, nearing.data(), turned.data()};
    level.turns->find(args);
    CHECK(turned[0] == 0 && turned[1] == 0);
    args.z = second.data();
    args.next = third.data();
    level.turns->find(args);
    CHECK(turned[0] == 0b11 && turned[1] == Word{1} << 2);
    CHECK(nearing[0] == 0b100 && nearing[1] == 0);
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels()) {
        for (Index n : {1, 2, 7, 8, 9, 15, 16, 17, 23, 24, 25, 47, 48, 49, 95, 96, 97})
            for (Index d : {1, 2, 3, 5, 8, 9, 17})
                for (Index p : {1, 2, 3, 7, 8, 9, 13}) check_halves(n, d, p, *level.f64);
        check_halves(151, 67, 5, *level.f64);
        check_projection(level);
        check_masked_sums(*level.f32);
        check_turns(level);
        std::printf("level %s\n", level.name.c_str());
    }
    return 0;
}
