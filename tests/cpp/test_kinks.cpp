// One neuron's pairs at their kinks (kernel/kinks.inl), at every level: sums against scalars, one pair
// against its closed form, and several against small explicit steps.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "check.hpp"
#include "kernel/dispatch.hpp"
#include "kink_pairs.hpp"
#include "problem/buffer.hpp"

namespace {

void check_gram(Index count, Index d, const pl::KinkKernel& kernel) {
    Pairs pairs(count, d, static_cast<unsigned>(31 * count + d), false);
    std::fill_n(pairs.gram.data(), pairs.gram.size(), 77.0F);
    pl::KinkArgs s = pairs.args();
    for (const int made : {0, static_cast<int>(count / 2)}) {
        s.made = made;  // the second time only the later half is taken anew
        for (Index l = made; l < count; ++l)
            for (Index k = 0; k < count; ++k)
                pairs.gram.data()[l * s.ld + k] = pairs.gram.data()[k * s.ld + l] = 77.0F;
        kernel.gram(s);
        for (Index l = 0; l < count; ++l)
            for (Index k = 0; k < s.ld; ++k) {
                const double found = static_cast<double>(pairs.gram.data()[l * s.ld + k]);
                if (k < count) CHECK(std::abs(found - pairs.dot(l, k)) < 2e-6);
                if (k >= count) CHECK(found == 0.0);
            }
    }
}

void check_rows(Index count, Index d, const pl::KinkKernel& kernel) {
    Pairs pairs(count, d, static_cast<unsigned>(77 * count + d), false);
    std::vector<const double*> rows;
    for (Index l = 0; l < count; ++l) rows.push_back(pairs.rows.data() + l * pairs.width);
    pl::Buffer<double> sum(pairs.width);
    for (Index k = 0; k < pairs.width; ++k) sum.data()[k] = static_cast<double>(k);
    kernel.add_rows(rows.data(), pairs.push.data(), static_cast<int>(count), pairs.width, sum.data());
    for (Index k = 0; k < pairs.width; ++k) {
        double expected = static_cast<double>(k);
        for (Index l = 0; l < count; ++l)
            expected += pairs.push[at(l)] * pairs.rows.data()[l * pairs.width + k];
        CHECK(std::abs(sum.data()[k] - expected) < 1e-12 * (1 + std::abs(expected)));
    }
}

// One pair, as a walk in time 0 .. 1: z moves at speed `off` while the pair is off and at `on` while it is
// on. At 0 it stays if both sides push it back there; else it goes up if being on lets it, and off stays off.
struct Walk {
    double share;
    bool rests;
};
Walk walk(double z, double off, double on) {
    double t = 0, share = 0;
    if (z != 0.0) {
        const double speed = z > 0 ? on : off;
        const double meets = z * speed < 0 ? -z / speed : 2.0;
        if (meets > 1.0) return {z > 0 ? 1.0 : 0.0, false};
        t = meets;
        share = z > 0 ? t : 0.0;
    }
    if (on <= 0 && off > 0) return {share + (1 - t) * off / (off - on), true};
    return {off > 0 ? share + 1 - t : share, false};
}

void check_one(unsigned seed, const pl::KinkKernel& kernel) {
    for (const double side : {1.0, -1.0, 0.0}) {
        Pairs pair(1, 3, seed, false);
        std::mt19937 engine(seed + 100);
        pair.push[0] *= engine() % 2 == 0 ? 1.0 : -1.0;
        pair.side[0] = side;
        pair.z[0] = side == 0.0 ? 0.0 : side * std::abs(pair.v[0]) * 0.7;
        pair.share[0] = 0.5 * (1 + side);
        const double off = pair.v[0] - pair.share[0] * pair.push[0] * pair.dot(0, 0);
        const Walk expected = walk(pair.z[0], off, off + pair.push[0] * pair.dot(0, 0));
        pl::KinkArgs s = pair.args();
        kernel.gram(s);
        kernel.follow(s);
        CHECK(std::abs(static_cast<double>(s.mean[0]) - expected.share) < 1e-5);
        CHECK((s.side[0] == 0.0F) == expected.rests);
    }
}

// A held pair so far off its kink that the path cannot lead it back goes the whole way at the share that
// brings it nearest, and is then let go on the side where it is; one that only moves away is let go at once.
void check_far(double z, const pl::KinkKernel& kernel) {
    for (const double off : {0.3, 1.5, -0.2}) {  // dz/ds while off; while on, 1 less
        Pairs pair(1, 3, 4, true);
        pair.push[0] = -1.0 / pair.dot(0, 0);
        pair.side[0] = 0.0;
        pair.z[0] = z;
        pair.share[0] = 0.5;
        pair.v[0] = off - 0.5;
        pl::KinkArgs s = pair.args();
        kernel.gram(s);
        kernel.follow(s);
        const bool comes_nearer = z < 0 ? off > 0.0 : off < 1.0;
        if (comes_nearer) CHECK(std::abs(s.mean[0] - (z > 0 ? 1.0F : 0.0F)) < 1e-6F);
        const bool on = comes_nearer ? z > 0 : off > 0;
        CHECK(s.side[0] == (on ? 1.0F : -1.0F));
    }
}

// A held pair whose push passes 0 on the path, it and what the others push it up by changing evenly: with
// more than none of that left there its share has passed 1 before, and it goes on, unless it falls again by
// the end.
void check_crossing(const pl::KinkKernel& kernel) {
    for (const double held_by : {0.2, 0.9})           // its share at the start
        for (const double mean : {-0.3, -0.05, 0.2})  // what the others push it up by, over the path
            for (const double push : {0.1, 0.6}) {    // its own, of K 1
                Pairs pair(1, 3, 4, true);
                const double size = pair.dot(0, 0), early = -0.5;
                pair.push[0] = push / size;
                pair.side[0] = pair.z[0] = 0.0;
                pair.share[0] = held_by;
                pair.v[0] = mean + held_by * push;
                pl::KinkArgs s = pair.args();
                pair.early[0] = static_cast<float>(early / size);
                kernel.gram(s);
                kernel.follow(s);
                const double left = held_by * 0.5 + (mean - held_by * 0.5) * 0.5 / (0.5 + push);
                const bool on = mean > 0 || (left > 0 && mean + push > 0);
                CHECK(s.side[0] == (on ? 1.0F : -1.0F));
            }
}

// Small explicit steps of z_l' = v_l + sum_k (1_k - share_k) push_k K_lk; the mean of 1_l.
Vector stepped(const Pairs& pairs, int steps) {
    Vector z = pairs.z, mean(at(pairs.count));
    for (int step = 0; step < steps; ++step) {
        Vector next = z;
        for (Index l = 0; l < pairs.count; ++l) next[at(l)] += pairs.v[at(l)] / steps;
        for (Index k = 0; k < pairs.count; ++k) {
            const double on = z[at(k)] > 0 ? 1.0 : 0.0;
            mean[at(k)] += on / steps;
            for (Index l = 0; l < pairs.count; ++l)
                next[at(l)] += (on - pairs.share[at(k)]) * pairs.push[at(k)] * pairs.dot(l, k) / steps;
        }
        z = next;
    }
    return mean;
}

// The path's end, under mean shares: what the neuron's weights are moved by.
double farthest(const Pairs& pairs, const Vector& u, const Vector& w) {
    double most = 0;
    for (Index l = 0; l < pairs.count; ++l) {
        double off = 0;
        for (Index k = 0; k < pairs.count; ++k)
            off += (u[at(k)] - w[at(k)]) * pairs.push[at(k)] * pairs.dot(l, k);
        most = std::max(most, std::abs(off));
    }
    return most;
}

// Pairs that are held at the end are on their kinks, but for those that all of their share could
// not bring there.
void check_settled(const Pairs& pairs, const Vector& means, const pl::KinkArgs& s) {
    for (Index l = 0; l < pairs.count; ++l) {
        double z = pairs.z[at(l)] + pairs.v[at(l)];
        for (Index k = 0; k < pairs.count; ++k)
            z += (means[at(k)] - pairs.share[at(k)]) * pairs.push[at(k)] * pairs.dot(l, k);
        CHECK(std::abs(z - static_cast<double>(s.z[l])) < 1e-4);
        const bool mended = s.side[l] == 0.0F && means[at(l)] > 0.0 && means[at(l)] < 1.0;
        if (mended) CHECK(std::abs(z) < 1e-4);
    }
}

// The mean shares of the path that starts at the pairs of `s`.
Vector followed(const pl::KinkKernel& kernel, pl::KinkArgs& s, Index count) {
    kernel.gram(s);
    kernel.follow(s);
    return Vector(s.mean, s.mean + count);
}

double check_several(Index count, Index d, unsigned seed, const pl::KinkKernel& kernel) {
    Pairs pairs(count, d, seed, true);
    pl::KinkArgs s = pairs.args();
    const Vector means = followed(kernel, s, count);
    for (double mean : means) CHECK(mean > -1e-5 && mean < 1 + 1e-5);
    check_settled(pairs, means, s);
    for (Index l = count; l < s.ld; ++l) CHECK(s.mean[l] == 0.0F && s.v[l] == 0.0F && s.z[l] == 0.0F);
    return farthest(pairs, means, stepped(pairs, 4000));
}

// Half of the pairs are found later: their v is that of the path that the others had taken.
void check_two_looks(Index count, Index d, unsigned seed, const pl::KinkKernel& kernel) {
    Pairs pairs(count, d, seed, true);
    pl::KinkArgs whole = pairs.args();
    const Vector expected = followed(kernel, whole, count);
    const int known = static_cast<int>((count + 1) / 2);
    pl::KinkArgs s = pairs.args();
    s.known = known;
    for (int k = 0; k < known; ++k) {
        const float changed = 0.1F * static_cast<float>(k + 1);
        const_cast<float*>(s.changed)[k] = changed;
        for (Index l = known; l < count; ++l) s.v[l] += changed * s.push[k] * s.gram[l * s.ld + k];
    }
    kernel.follow(s);
    for (Index l = 0; l < count; ++l)
        CHECK(std::abs(static_cast<double>(s.mean[l]) - expected[at(l)]) < 1e-3);
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels()) {
        const pl::KinkKernel& kernel = *level.kinks;
        for (Index count : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33})
            for (Index d : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 100}) {
                check_gram(count, d, kernel);
                check_rows(count, d, kernel);
            }
        for (unsigned seed = 0; seed < 50; ++seed) check_one(seed, kernel);
        for (const double z : {-20.0, 20.0}) check_far(z, kernel);
        check_crossing(kernel);
        double sum = 0, most = 0;
        int runs = 0;
        for (Index count : {2, 3, 5, 8, 9, 16, 17})
            for (unsigned seed = 0; seed < 6; ++seed, ++runs) {
                const double off = check_several(count, 24, seed, kernel);
                sum += off;
                most = std::max(most, off);
                check_two_looks(count, 24, seed, kernel);
            }
        std::printf("%s: paths of several pairs end %.3g from small steps, at most %.3g\n",
                    level.name.c_str(), sum / runs, most);
        CHECK(sum / runs < 1e-3 && most < 5e-3);
    }
    return 0;
}
