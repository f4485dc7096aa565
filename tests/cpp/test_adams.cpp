// Damped Adams-Bashforth at every level of the kernel against the integrals written out, over sizes around
// every vector width and a part of the points, with damping from 0 to the most a step may have.
#include <algorithm>
#include <cmath>
#include <random>

#include "capture/adams.hpp"
#include "check.hpp"

namespace {

using Vector = std::vector<double>;

// int_0^1 exp(-z (1 - s)) s^(k-1) / (k-1)! ds
long double phi(int k, long double z) {
    if (z < 0.5L) {
        long double term = 1, sum = 0;
        for (int m = 1; m <= k; ++m) term /= m;
        for (int m = k + 1; m < 40; ++m) sum += term, term *= -z / m;
        return sum;
    }
    if (k == 0) return std::exp(-z);
    long double factorial = 1;
    for (int m = 1; m < k; ++m) factorial *= m;
    return (1 / factorial - phi(k - 1, z)) / z;
}

struct Step {
    std::size_t n;
    double h, before_h, most;
    Vector r, before, q_before, damping, next;

    explicit Step(std::size_t points, double decay) : n(points), h(0.7), before_h(0.4), most(decay / h) {
        std::mt19937_64 engine(n);
        std::uniform_real_distribution<double> any(-1.0, 1.0);
        for (std::size_t i = 0; i < n; ++i) {
            r.push_back(any(engine)), before.push_back(any(engine)), q_before.push_back(any(engine));
            next.push_back(any(engine));
            damping.push_back(i % 5 == 3 ? 0.0 : most * std::pow(std::abs(any(engine)), 4.0));
        }
        damping[n / 2] = most;
    }
    long double slope(std::size_t i) const {
        return (r[i] - before[i] + static_cast<long double>(damping[i]) * q_before[i]) / before_h;
    }
    // what N'' = 1 adds to Q
    long double weight(std::size_t i) const {
        const long double z = static_cast<long double>(damping[i]) * h;
        return h * h * (h * phi(3, z) + 0.5L * before_h * phi(2, z));
    }
    long double impulse(std::size_t i, double bend) const {
        const long double z = static_cast<long double>(damping[i]) * h;
        return h * phi(1, z) * r[i] + h * h * phi(2, z) * slope(i) + bend * weight(i);
    }
    long double bend(std::size_t i, double q) const {
        const long double left = next[i] - r[i] + static_cast<long double>(damping[i]) * q;
        return 2 * (left - h * slope(i)) / (h * (h + before_h));
    }
};

bool near(double got, long double expected, long double size) {
    return std::abs(static_cast<double>(got - expected)) <= 1e-13 * static_cast<double>(size);
}

void check_level(const pl::DampedKernel& kernel, std::size_t n, double decay, int threads) {
    Step s(n, decay);
    pl::Adams adams(threads, kernel);
    CHECK(adams.h_before() == 0.0);
    adams.set_damping(std::make_shared<const Vector>(s.damping), s.r);
    Vector q = s.q_before;
    adams.before() = s.before;
    adams.accept(q, s.before_h);
    CHECK(adams.h_before() == s.before_h && adams.most_damping() == s.most);
    // without N'' first, then with the one that this trial showed, then with that of another damping
    Vector bend(n, 0.0), first(n);
    for (int trial = 0; trial < 3; ++trial) {
        adams.impulse(s.r, s.h, q);
        const double found = adams.judge(s.r, s.next, q, s.h, true);
        long double squares = 0, scale = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const long double size = 1 + s.damping[i] + std::abs(bend[i]);
            CHECK(near(q[i], s.impulse(i, bend[i]), size));
            const long double off = (s.bend(i, q[i]) - bend[i]) * s.weight(i) / s.h;
            squares += off * off;
            scale += std::pow(size * s.weight(i) / s.h, 2);
            first[i] = static_cast<double>(s.bend(i, q[i]));
        }
        CHECK(std::abs(found - static_cast<double>(squares)) <= 1e-12 * static_cast<double>(scale));
        if (trial == 2) break;
        bend = first;
        q = s.q_before;
        adams.accept(q, s.before_h);  // N'' is kept, the past itself put back
        if (trial == 0) continue;
        for (std::size_t i = 0; i < n; ++i) {  // N'' = r'' + D r'
            bend[i] -= 0.25 * s.damping[i] * (s.r[i] - s.before[i]) / s.before_h;
            s.damping[i] *= 0.75;
        }
        adams.set_damping(std::make_shared<const Vector>(s.damping), s.r);
    }
}

}  // namespace

int main() {
    for (const pl::Level& level : pl::levels())
        for (double decay : {0.0, 0.3, 1.0, 1.001, 30.0, 256.0})
            for (const pl::Index n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 70001})
                if (n < 100 || decay == 30.0)
                    for (int threads : {1, 2}) check_level(*level.damped, pl::at(n), decay, threads);
    return 0;
}
