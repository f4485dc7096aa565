// What each class, margin and charge of a proof is for: states at which a proof would be false, or would
// claim more than is true, without it. The table of docs/proofs.md says which fault turns which check red.
#include <cmath>
#include <vector>

#include "check.hpp"
#include "proof/assembly.hpp"
#include "proof/convergence.hpp"
#include "proof/criterion.hpp"
#include "proof/eigenvalue.hpp"
#include "proof/elimination.hpp"
#include "proof/orthogonal_proof.hpp"
#include "proof/sliding.hpp"
#include "proof/trapping.hpp"
#include "proving.hpp"

namespace {

using namespace proving;

// Inputs that agree to 1e-6, both slid on: what they span is known to few digits.
void a_rank_cut_is_charged() {
    int needed = 0;
    for (int draw = 0; draw < 40; ++draw) {
        Problem q{6, 4, 1, {}, std::vector<double>(6, 1.0), {1, 0, 0, 0}, {1}};
        for (Index k = 0; k < 24; ++k) q.X.push_back(normal());
        for (std::size_t k = 0; k < 4; ++k) q.X[4 + k] = q.X[k] + 1e-6 * normal();
        const pl::Problem<double> view = q.view();
        const pl::Enclosure state(view, kTwo);
        const std::vector<Index> removed{0, 1}, support{2, 3, 4, 5};
        std::vector<bool> on(6, false);
        for (Index i : support) on[static_cast<std::size_t>(i)] = true;
        const pl::GramInverse gram = invert_gram(state, removed);
        if (!gram.sound) continue;
        const pl::Elimination taken = eliminate(state, on, {support, removed, 0.0, gram.least});
        if (!taken.sound) continue;
        // exactly: orthonormal directions of the two, in long double
        const double *x1 = state.x(0), *x2 = state.x(1);
        long double q1[4], q2[4], size = 0, along = 0;
        for (int k = 0; k < 4; ++k) size += static_cast<long double>(x1[k]) * x1[k];
        for (int k = 0; k < 4; ++k) q1[k] = x1[k] / std::sqrt(size);
        for (int k = 0; k < 4; ++k) along += q1[k] * (static_cast<long double>(x2[k]) - x1[k]);
        size = 0;
        for (int k = 0; k < 4; ++k) {
            q2[k] = static_cast<long double>(x2[k]) - x1[k] - along * q1[k];
            size += q2[k] * q2[k];
        }
        for (int trial = 0; trial < 20; ++trial) {
            long double v[4] = {}, first = 0, second = 0, found = 0, r_sq = 0;
            double r[4];
            for (int s = 0; s < 4; ++s) {
                r[s] = normal();
                r_sq += static_cast<long double>(r[s]) * r[s];
                for (int k = 0; k < 4; ++k) v[k] += static_cast<long double>(r[s]) * state.x(2 + s)[k];
            }
            for (int k = 0; k < 4; ++k) first += v[k] * q1[k], second += v[k] * q2[k];
            const long double exact = first * first + second * second / size;
            for (Index c = 0; c < 2; ++c) {
                long double part = 0;
                for (Index s = 0; s < 4; ++s) part += static_cast<long double>(taken.columns(s, c)) * r[s];
                found += part * part;
            }
            CHECK(exact <= found + taken.charge * r_sq);
            if (exact > found) ++needed;
        }
    }
    CHECK(needed > 0);  // without the charge some would be false
}

// x_2 = -2 x_1, both at the kink of a neuron that is on elsewhere: it may move to either side.
void opposite_inputs_are_no_kink() {
    Problem q{3, 2, 1, {0, 1, 0, -2, 1, 0}, {}, {1.5, 0}, {1.5}};
    q.fit({-1.0, -1.0, 1e-9});
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    const auto kinks = find_kinks(state, 1e-8);
    CHECK(kinks[0].kind == pl::Kind::kSlides && kinks[0].opposite);
    CHECK(!hold_sliding(state, 0, kinks[0]).sound);
    CHECK(!prove_trapping(state, kTwo).proved);
}

// Points 0 and 2 on, 1 at the kink; norm(r_V) = excess / sqrt 2.
Problem by_hand(double excess, double share) {
    Problem q{3, 2, 1, {1, share, 0, 1, 1, 0}, {}, {1.5, 0}, {1.5}};
    q.fit({1 + excess, -1, -1});
    return q;
}

// r_V falls to 0 and may turn on the way: the residual moves by up to 2 norm(r_V).
void the_residual_may_turn() {
    const Problem rest = by_hand(0, 0.2);
    const pl::Problem<double> at_rest = rest.view();
    const pl::Enclosure state(at_rest, kTwo);
    const double allowed = hold_sliding(state, 0, find_kinks(state, 1e-8)[0]).allowed;
    for (const double share : {0.3, 0.45, 0.6, 0.9}) {  // of what (M) allows is norm(r_V)
        const Problem q = by_hand(share * allowed * std::sqrt(2.0), 0.2);
        const pl::Problem<double> view = q.view();
        const pl::Trapping found = prove_trapping(pl::Enclosure(view, kTwo), kTwo);
        CHECK(found.proved == (share < 0.5) && std::abs(found.needed_over_allowed / (2 * share) - 1) < 0.2);
    }
}

// A multiplier beyond 1, and a kink that repels: the pair leaves.
void sliding_pairs_must_be_held() {
    Problem q = by_hand(0, 0.2);
    for (const double share : {0.2, 1.1, -0.1}) {
        q = by_hand(0, share);
        const pl::Problem<double> view = q.view();
        CHECK(prove_trapping(pl::Enclosure(view, kTwo), kTwo).proved == (share == 0.2));
    }
    q = by_hand(0, 0.2);
    q.fit({1, 1, -1});
    const pl::Problem<double> view = q.view();
    CHECK(!prove_trapping(pl::Enclosure(view, kTwo), kTwo).proved);
}

// Not yet at its kink, the neuron has that way to go at least.
void the_way_to_the_kink_counts() {
    Problem q = by_hand(0, 0.2);
    q.W[1] = 1e-9;
    q.fit({1, -1, -1});
    const pl::Problem<double> view = q.view();
    const pl::Trapping found = prove_trapping(pl::Enclosure(view, kTwo), kTwo);
    CHECK(found.proved && found.settled > 0 && found.distance >= 2e-9);
}

// A neuron at rest is put on its kink, 1e-9 away, before the theorem is used: the state has moved by that,
// the residual too, and what the path is from there comes on top.
void the_shift_of_the_state_counts() {
    Problem q{2, 2, 2, {1, 0, 0.25, 1}, {}, {1.2, -0.5, -0.4, 0.1 + 1e-9}, {1.5, 1.5}};
    q.fit({0, -1});
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    const pl::Trapping found = prove_trapping(state, kTwo);
    CHECK(found.proved && found.resting == 1 && found.moved > 0.9e-9);
    // p norm(r_V)/sqrt k long, norm(r_V) only what the shift makes of it
    const double path = state.x_operator * state.theta_norm * found.moved / std::sqrt(found.smallest);
    CHECK(found.distance >= path + found.moved && found.distance < (path + found.moved) * (1 + 1e-4));
}

// x_i = e_i: a pair near its kink does not hold its point, one that is pushed off it does not lose it.
void orthogonal_points_are_held_or_lost() {
    for (const double z : {1e-3, 1.0, -1e-12, 1e-12}) {
        for (const double sign : {1.0, -1.0}) {
            Problem q{2, 2, 1, {1, 0, 0, 1}, {}, {1.0, z}, {2.0}};
            q.fit({1e-2, sign * 1e-2});
            pl::Problem<double> view = q.view();
            view.orthogonal = true;
            const pl::OrthogonalProof found = prove_orthogonal(view);
            const bool lost = z < 0 || (z < 1e-9 && sign < 0);
            CHECK(found.proved == (z > 0.1 || lost) && (found.dead > 0) == lost);
        }
    }
}

// A pair 1e-3 from its kink, a path of about 1e-2: it may switch.
void near_pairs_bound_the_radius() {
    for (const double z : {1e-3, 0.3}) {
        Problem q{4, 2, 1, {1, 0, 1, 0.5, 1, -0.5, 0, 1}, {}, {1.2, -z}, {1.3}};
        q.fit({0.4 + 1e-2, -0.2 + 1e-2, -0.2 + 1e-2, 0.7});  // (2, -1, -1) is what the pattern cannot move
        const pl::Problem<double> view = q.view();
        const pl::Enclosure state(view, kTwo);
        CHECK(prove_trapping(state, kTwo).proved == (z > 0.1));
        const auto patterns = patterns_at(state, 1e-2);
        CHECK((patterns[0].uncertain == std::vector<Index>{3}) == (z < 0.1));
    }
}

// x_1 = (1, 0), x_2 = (0.8, 0.6), the second pair at 1e-9: counted as on it would make K_rho positive. It may
// be off for good.
void an_uncertain_pair_gives_nothing() {
    for (const double z : {1e-9, 0.5}) {
        Problem q{2, 2, 1, {1, 0, 0.8, 0.6}, {}, {}, {1.5}};
        q.W = {1.2, (z - 0.8 * 1.2) / 0.6};
        q.fit({1e-5, -1e-5});
        const pl::Problem<double> view = q.view();
        const pl::Enclosure state(view, kTwo);
        for (const double tau : {0.1, 1e-3}) CHECK(prove_convergence(state, {tau}, kTwo).proved == (z > 0.1));
    }
}

// One point, one neuron: k = (a - rho)^2, ell = 2 sqrt(p L/mu) with mu = 2 k/(n p).
void the_ball_holds_the_path() {
    int proved = 0, refused = 0;
    for (const double r : {0.01, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.6}) {
        Problem q{1, 1, 1, {1}, {}, {5.0}, {1.0}};
        q.fit({r});
        const pl::Problem<double> view = q.view();
        const pl::Convergence found = prove_convergence(pl::Enclosure(view, kTwo), {0.1}, kTwo);
        // exactly: some rho with r/(1 - rho) < rho, that is r < 1/4
        CHECK(found.proved == (r < 0.25));
        if (!found.proved) {
            ++refused;
            continue;
        }
        ++proved;
        CHECK(found.distance < found.rho);
        CHECK(found.distance >= r / (1 - found.rho) * (1 - 1e-12));
        CHECK(found.rate <= 2 * (1 - found.rho) * (1 - found.rho) * (1 + 1e-12));
    }
    CHECK(proved >= 3 && refused >= 3);
}

// Independent inputs, abs(a_j) >= norm(w_j), sum r_i^2 < min y_i^2: each is needed.
void the_criterion_needs_all_it_says() {
    pl::Ball found;
    const auto proved = [&](const Problem& q) {
        const pl::Problem<double> view = q.view();
        return prove_by_criterion(pl::Enclosure(view, kTwo), kTwo, found);
    };
    for (const double share : {0.5, 1 - 1e-9, 1 + 1e-9}) {  // norm(r) over the smallest label
        Problem q{2, 2, 2, {1, 0.25, 0.25, 1}, {}, {1, 0.5, -0.5, 1}, {3, -2}};
        q.fit({0, 0});
        const double least = std::min(std::abs(q.y[0]), std::abs(q.y[1]));
        const bool first = std::abs(q.y[0]) > least;  // the other label stays the smallest
        q.fit({first ? share * least : 0, first ? 0 : share * least});
        CHECK(proved(q) == (share < 1));
        q.a[1] *= (1 - 1e-12) * std::sqrt(1.25) / 2;  // then a_2 may change its sign
        CHECK(!proved(q));
    }
    Problem q{2, 2, 1, {1, 0.25, 2, 0.5}, {}, {1, 0.5}, {3}};
    q.fit({0.1, -0.1});
    CHECK(!proved(q));  // x_2 = 2 x_1
    q.X[3] = 0.6;
    CHECK(proved(q));
    q = Problem{1, 2, 1, {2, 0}, {}, {1, 0}, {1.5}};
    q.fit({0.5});
    CHECK(proved(q));
    const double mu = 2 * 4 * 3.0 / 2;  // 2 norm(x)^2 (abs(y) - abs(r))/norm(x)
    CHECK(found.rate <= mu && found.rate > 0.98 * mu);
    const double ell = 2 * std::sqrt(0.25 / (2 * found.rate));
    CHECK(found.distance >= ell && found.distance < 1.01 * ell);
    q.a[0] = 1;  // norm(w): rounding may hide that it is less
    CHECK(!proved(q));
}

void bounds_are_outward() {
    // least eigenvalue 2^-50, below what a factorisation can tell from 0
    Matrix K(2, 2);
    K(0, 0) = K(1, 1) = 1;
    K(1, 0) = K(0, 1) = 1 - 0x1p-50;
    CHECK(pl::LeastEigenvalue(K, 0, kTwo).bound() <= 0x1p-50);
    // a charge is taken off
    K(1, 0) = K(0, 1) = 0.5;
    CHECK(pl::LeastEigenvalue(K, 0.25, kTwo).bound() <= 0.25);
    // limits of many small problems, against long double: y outside a direction
    for (int draw = 0; draw < 200; ++draw) {
        Problem q{3, 1, 1, {}, {}, {1}, {}};
        long double xy = 0, xx = 0, yy = 0;
        for (int i = 0; i < 3; ++i) q.X.push_back(1 + std::abs(normal()));
        q.y = {1 + 0.1 * normal(), 2 + 0.1 * normal(), 1.5 + 0.1 * normal()};
        for (std::size_t i = 0; i < 3; ++i) {
            xy += static_cast<long double>(q.X[i]) * q.y[i];
            xx += static_cast<long double>(q.X[i]) * q.X[i];
            yy += static_cast<long double>(q.y[i]) * q.y[i];
        }
        q.a = {static_cast<double>(xy / xx)};
        const pl::Problem<double> view = q.view();
        const pl::Trapping found = prove_trapping(pl::Enclosure(view, kTwo), kTwo);
        const long double limit = (yy - xy * xy / xx) / 6;
        CHECK(found.proved && found.limit_low <= limit && limit <= found.limit_high);
    }
}

// Each rounding from sum r^2 to the limit is charged. One charge missing would be covered by the others: so
// they are counted. norm(r_V) and all that moves are below 1e-15 here.
void every_rounding_of_a_limit_is_charged() {
    constexpr double kCharge = 64 * pl::kUnitRoundoff;
    Problem q{2, 2, 1, {1, 0, 0, 1}, {}, {1, -1}, {1}};
    q.fit({0, 1.7});
    const pl::Problem<double> view = q.view();
    const pl::Enclosure state(view, kTwo);
    const pl::Trapping found = prove_trapping(state, kTwo);
    CHECK(found.proved);
    // below: the difference, the root (counted twice by its square), the square, the quotient
    const double low = found.limit_low / (state.sum_r2_low / 4) - 1, off = 8 * pl::kUnitRoundoff;
    CHECK(low <= -5 * kCharge + off && low >= -5 * kCharge - off);
    // above: the root twice, the quotient
    const double high = found.limit_high / (state.sum_r2_high / 4) - 1;
    CHECK(high >= 3 * kCharge - off && high <= 3 * kCharge + off);
}

}  // namespace

int main() {
    a_rank_cut_is_charged();
    opposite_inputs_are_no_kink();
    the_residual_may_turn();
    sliding_pairs_must_be_held();
    the_way_to_the_kink_counts();
    the_shift_of_the_state_counts();
    orthogonal_points_are_held_or_lost();
    near_pairs_bound_the_radius();
    an_uncertain_pair_gives_nothing();
    the_ball_holds_the_path();
    the_criterion_needs_all_it_says();
    bounds_are_outward();
    every_rounding_of_a_limit_is_charged();
    return 0;
}
