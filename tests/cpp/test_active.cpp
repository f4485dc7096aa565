// Products of points with the sum of what is on at them, at every level, against the sums written out, and
// the masks by points.
#include <algorithm>
#include <cmath>

#include "check.hpp"
#include "kernel/dispatch.hpp"
#include "problem/packed.hpp"
#include "random_problem.hpp"

namespace {

using pl::at;
using pl::Index;
using pl::Word;

constexpr float kUntouched = 12345.0F;

// Inputs, rows and masks of a kind, and where the kernel writes.
struct Active {
    RandomProblem<float> random;
    pl::PackedProblem<float> packed;
    Index n, d, p, blocks, points;
    pl::Buffer<float> U, tables, sums, out;
    std::vector<Word> masks, on;

    Active(Index n_, Index d_, Index p_, const pl::Level& level)
        : random(n_, d_, p_, static_cast<unsigned>(n_ * 10007 + d_ * 101 + p_)),
          packed(random.view, *level.f32, 1),
          n(n_),
          d(d_),
          p(p_),
          blocks(pl::block_count(n_)),
          points(blocks * pl::kBlockPoints),
          U(pl::batch_count(p_) * pl::kBatchNeurons * packed.row_stride()),
          tables(level.active->tables),
          sums(points * level.active->lanes),
          out(points),
          on(at(pl::batch_count(p_) * points), 7) {
        for (Index j = 0; j < p; ++j) std::copy_n(random.W.data() + j * d, d, row(j));
        std::mt19937_64 engine(9);
        for (Index b = 0; b < blocks; ++b)
            for (Index j = 0; j < p; ++j) {
                const Index here = std::min(pl::kBlockPoints, n - b * pl::kBlockPoints);
                masks.push_back(engine() & ((Word{1} << here) - 1));
            }
    }
    float* row(Index j) { return U.data() + j * packed.row_stride(); }
    bool active(Index j, Index i) const {
        return (masks[at(i / pl::kBlockPoints * p + j)] >> (i % pl::kBlockPoints) & 1) != 0;
    }
    void take(const pl::Level& level) {
        pl::ByPointsArgs args{p, blocks, masks.data(), on.data()};
        level.active->by_points(args);
    }
    void run(const pl::Level& level, Index first, Index last) {
        pl::ActiveArgs args{packed.view(), first,         last,        on.data(),
                            U.data(),      tables.data(), sums.data(), out.data()};
        level.active->products(args);
    }
};

void check_by_points(const Active& active) {
    for (Index b = 0; b < pl::batch_count(active.p); ++b)
        for (Index i = 0; i < active.points; ++i) {
            Word expected = 0;
            for (Index l = 0; l < pl::kBatchNeurons && b * pl::kBatchNeurons + l < active.p; ++l)
                expected |= static_cast<Word>(active.active(b * pl::kBatchNeurons + l, i)) << l;
            CHECK(active.on[at(b * active.points + i)] == expected);
        }
}

void check_products(Active& active) {
    for (Index i = 0; i < active.n; ++i) {
        double sum = 0, size = 0;
        for (Index j = 0; j < active.p; ++j)
            for (Index k = 0; k < active.d && active.active(j, i); ++k) {
                const double term = static_cast<double>(active.row(j)[k]) *
                                    static_cast<double>(active.random.X[at(i * active.d + k)]);
                sum += term;
                size += std::abs(term);
            }
        CHECK(std::abs(static_cast<double>(active.out.data()[i]) - sum) <= 1e-6 * size);
    }
}

// A part of the blocks gives the bits of the whole and touches nothing else.
void check_parts(Active& active, const pl::Level& level) {
    const std::vector<float> whole(active.out.data(), active.out.data() + active.points);
    for (Index first = 0; first < active.blocks; ++first) {
        std::fill_n(active.out.data(), active.points, kUntouched);
        active.run(level, first, std::min(first + 2, active.blocks));
        for (Index i = 0; i < active.points; ++i) {
            const Index block = i / pl::kBlockPoints;
            const bool here = block == first || block == first + 1;
            CHECK(active.out.data()[i] == (here ? whole[at(i)] : kUntouched));
        }
    }
}

// Of a neuron that is off at a point nothing counts, whatever its row holds.
void check_off(Active& active, const pl::Level& level) {
    active.run(level, 0, active.blocks);
    const std::vector<float> before(active.out.data(), active.out.data() + active.points);
    active.row(active.p / 2)[0] = std::nanf("");
    active.run(level, 0, active.blocks);
    for (Index i = 0; i < active.n; ++i) {
        const float now = active.out.data()[i];
        CHECK(active.active(active.p / 2, i) ? std::isnan(now) : now == before[at(i)]);
    }
}

void check(Index n, Index d, Index p, const pl::Level& level) {
    Active active(n, d, p, level);
    active.take(level);
    check_by_points(active);
    active.run(level, 0, active.blocks);
    check_products(active);
    check_parts(active, level);
    check_off(active, level);
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels()) {
        for (Index n : {1, 3, 47, 48, 49, 97})
            for (Index d : {1, 3, 4, 5, 8, 9, 16, 17, 33})
                for (Index p : {1, 2, 4, 5, 12, 13, 47, 48, 49, 101}) check(n, d, p, level);
        check(17 * pl::kBlockPoints + 5, 67, 33, level);  // more than a section
        std::printf("level %s\n", level.name.c_str());
    }
    return 0;
}
