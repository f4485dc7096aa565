// One neuron at its kinks in double precision (capture/rest.hpp): against the conditions that the rule
// states, for attracting pairs in general position, for dependent ones, and where a share is at an end.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "capture/rest.hpp"
#include "check.hpp"

namespace {

using pl::at;
using pl::Index;
using Vector = std::vector<double>;

constexpr double kNoise = 1e-13;

double dot(const Vector& u, const double* x) {
    double sum = 0;
    for (Index k = 0; k < pl::size_of(u); ++k) sum += u[at(k)] * x[k];
    return sum;
}

// v = base + sum of share e x; share 1 where v pushes up, 0 where it pushes down.
void check_conditions(const pl::AtRest& rest, const Vector& base, bool slide) {
    Vector v = base;
    for (Index l = 0; l < pl::size_of(rest.points); ++l) {
        const pl::KinkPoint& k = rest.points[at(l)];
        const double share = rest.share[at(l)], along = dot(rest.v, k.x);
        for (Index c = 0; c < pl::size_of(v); ++c) v[at(c)] += share * k.e * k.x[c];
        CHECK(share >= 0 && share <= 1);
        if (share > 1e-9) CHECK(along > -1e-11);
        if (share < 1 - 1e-9) CHECK(along < 1e-11);
        if (k.mode == pl::Mode::kSlide) CHECK(slide && std::abs(along) < 1e-12);
        if (k.mode == pl::Mode::kOff) CHECK(share == 0);
        if (k.mode == pl::Mode::kOn) CHECK(share == 1);
    }
    for (Index c = 0; c < pl::size_of(v); ++c) CHECK(std::abs(v[at(c)] - rest.v[at(c)]) < 1e-11);
}

struct Inputs {
    Vector rows, base, e;
    Index d;
    Inputs(Index count, Index d_, unsigned seed) : d(d_) {
        std::mt19937 engine(seed);
        std::normal_distribution<double> draw;
        for (Index k = 0; k < count * d; ++k) rows.push_back(draw(engine));
        for (Index k = 0; k < d; ++k) base.push_back(draw(engine));
        for (Index l = 0; l < count; ++l) e.push_back(-std::abs(draw(engine)) - 0.1);
    }
    pl::AtRest at_rest() const {
        pl::AtRest rest;
        rest.v = base;
        for (Index l = 0; l < pl::size_of(e); ++l)
            rest.add(static_cast<int>(l), rows.data() + l * d, e[at(l)], pl::Mode::kSlide);
        return rest;
    }
};

void check_random(Index count, Index d, unsigned seed) {
    Inputs in(count, d, seed);
    if (seed % 3 == 1 && count > 1)  // opposite inputs
        for (Index k = 0; k < d; ++k) in.rows[at(k)] = -0.7 * in.rows[at(d + k)];
    pl::AtRest rest = in.at_rest();
    CHECK(rest.settle(kNoise));
    CHECK(rest.held <= d);
    check_conditions(rest, in.base, true);
}

// Between x and -x, where nothing else pushes: both are off, and rest.
void check_between_opposites() {
    Inputs in(2, 1, 1);
    in.rows = {1.0, -1.0};
    in.base = {0.0};
    pl::AtRest rest = in.at_rest();
    CHECK(rest.settle(kNoise));
    CHECK(rest.held == 0 && rest.v[0] == 0.0);
    for (const pl::KinkPoint& k : rest.points) CHECK(k.mode == pl::Mode::kOff);
}

// Repelling pairs stay off unless the others push them up.
void check_repelling() {
    for (const double base : {-1.0, 1.0}) {
        Inputs in(1, 1, 1);
        in.rows = {1.0};
        in.e = {0.5};
        in.base = {base};
        pl::AtRest rest = in.at_rest();
        CHECK(rest.settle(kNoise));
        CHECK(rest.points[0].mode == (base > 0 ? pl::Mode::kOn : pl::Mode::kOff));
        CHECK(rest.v[0] == (base > 0 ? 1.5 : -1.0));
    }
}

}  // namespace

int main() {
    for (const Index count : {1, 2, 3, 5, 9, 17})
        for (const Index d : {1, 2, 5, 17, 30})
            for (unsigned seed = 0; seed < 20; ++seed) check_random(count, d, seed);
    check_between_opposites();
    check_repelling();
    return 0;
}
