#include "flow/polynomial.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernel/index.hpp"

namespace pl {
namespace {

using Coefficients = std::array<double, kMaxOrder + 1>;

struct Piece {
    double lo, hi;
    Coefficients b;  // Bernstein coefficients on [lo, hi]
};

void to_bernstein(const Coefficients& c, int order, Coefficients& b) {
    for (int i = 0; i <= order; ++i) {
        double sum = c[0], ratio = 1.0;  // ratio = C(i, k) / C(order, k)
        for (int k = 1; k <= i; ++k) {
            ratio *= static_cast<double>(i - k + 1) / static_cast<double>(order - k + 1);
            sum += ratio * c[at(k)];
        }
        b[at(i)] = sum;
    }
}

// de Casteljau at the middle.
void split(const Piece& whole, int order, Piece& left, Piece& right) {
    left.lo = whole.lo;
    left.hi = right.lo = 0.5 * (whole.lo + whole.hi);
    right.hi = whole.hi;
    Coefficients work = whole.b;
    for (int level = 0; level <= order; ++level) {
        const int last = order - level;
        left.b[at(level)] = work[0];
        right.b[at(last)] = work[at(last)];
        for (int i = 0; i < last; ++i) work[at(i)] = 0.5 * (work[at(i)] + work[at(i + 1)]);
    }
}

// Root of f in [lo, hi], f(lo) >= 0 > f(hi): Newton, kept inside the bracket by bisection.
double refine(const double* c, int order, double lo, double hi) {
    double t = 0.5 * (lo + hi);
    for (int it = 0; it < 100; ++it) {
        double f = c[order], slope = 0.0;
        for (int k = order - 1; k >= 0; --k) {
            slope = slope * t + f;
            f = f * t + c[k];
        }
        (f >= 0.0 ? lo : hi) = t;
        double next = slope < 0.0 ? t - f / slope : lo - 1.0;
        if (!(next >= lo && next <= hi)) next = 0.5 * (lo + hi);
        if (next == t || std::abs(next - t) <= 1e-16 * t) return next;
        t = next;
    }
    return t;
}

// First root of f on [0, 1] past which f < 0, or -1.
double earliest(const Coefficients& c, int order) {
    constexpr int kDepth = 48;
    std::array<Piece, kDepth + 2> stack;
    stack[0].lo = 0.0;
    stack[0].hi = 1.0;
    to_bernstein(c, order, stack[0].b);
    for (int top = 0; top >= 0;) {
        const Piece piece = stack[at(top)];
        --top;
        if (piece.b[0] < 0.0) return piece.lo;
        int changes = 0;
        for (int i = 0; i < order; ++i) changes += (piece.b[at(i)] < 0.0) != (piece.b[at(i + 1)] < 0.0);
        if (changes == 0) continue;
        if (changes == 1) return refine(c.data(), order, piece.lo, piece.hi);
        // a touch that rounding cannot tell from a crossing: not one
        if (top + 2 > kDepth || piece.hi - piece.lo < 1e-13) continue;
        Piece& right = stack[at(top + 1)];
        Piece& left = stack[at(top + 2)];
        split(piece, order, left, right);
        top += 2;
    }
    return -1.0;
}

}  // namespace

double evaluate(const double* c, int order, double t) {
    double f = c[order];
    for (int k = order - 1; k >= 0; --k) f = f * t + c[k];
    return f;
}

double first_exit(const double* c, int order, double h, double tol) {
    Coefficients scaled;
    double power = 1.0, lowest = 0.0;
    for (int k = 0; k <= order; ++k, power = next_power(power, h)) {
        scaled[at(k)] = c[k] * power;
        if (k > 0) lowest += std::min(scaled[at(k)], 0.0);
    }
    const double start = scaled[0], shift = tol - 2.0 * std::min(start, 0.0);
    if (start + lowest + shift >= 0.0) return -1.0;
    scaled[0] = start + shift;
    const double late = earliest(scaled, order);
    if (late < 0.0 || start <= 0.0) return late < 0.0 ? late : late * h;
    scaled[0] = start;
    if (evaluate(scaled.data(), order, late) >= 0.0) return late * h;
    const double root = refine(scaled.data(), order, 0.0, late);
    double slope = 0.0;
    for (int k = order; k >= 1; --k) slope = slope * root + k * scaled[at(k)];
    return (slope <= -1e3 * tol ? root : late) * h;
}

}  // namespace pl
