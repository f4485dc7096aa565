// Sums and products to about twice the precision of float64, as an unevaluated sum of two of them: where a
// difference of nearly equal numbers is what counts.
#pragma once

#include <cmath>

#include "proof/rounding.hpp"

namespace pl {

// The exact value is high + low. Of m operations (Ogita, Rump, Oishi, Accurate sum and dot product, 2005) the
// error is at most gamma(m)^2 times the sum of what was added, sizes taken absolute, as long as nothing
// underflows: whoever uses it charges that, by `doubt`.
struct Twofold {
    double high = 0, low = 0;

    double value() const { return high + low; }

    void add(double x) {
        const double sum = high + x, part = sum - high;
        low += (high - (sum - part)) + (x - part);
        high = sum;
    }
    void add(const Twofold& x) {
        add(x.high);
        low += x.low;
    }
    void add_product(double a, double b) {
        const double product = a * b;
        add(product);
        low += std::fma(a, b, -product);
    }
    void add_product(const Twofold& a, double b) {
        add_product(a.high, b);
        low += a.low * b;
    }
};

// <u, v>, off by at most doubt(size) norm(u) norm(v).
template <class Size>
Twofold twofold_inner(const double* u, const double* v, Size size) {
    Twofold sum;
    for (Size k = 0; k < size; ++k) sum.add_product(u[k], v[k]);
    return sum;
}

// A number in twofold precision, and how far it may be off.
struct Doubted {
    Twofold value;
    double off = 0;
};

// How far a sum of so many operations may be off, relative to the sizes added.
template <class Count>
double doubt(Count terms) {
    const double single = gamma(terms);
    return single * single;
}

inline Twofold normal(double high, double low) {
    const double sum = high + low;
    return {sum, low - (sum - high)};
}

inline Twofold times(const Twofold& a, const Twofold& b) {
    Twofold product;
    product.add_product(a.high, b.high);
    product.low += a.high * b.low + a.low * b.high;
    return normal(product.high, product.low);
}

inline Twofold over(const Twofold& a, const Twofold& b) {
    const double first = a.high / b.high;
    const double rest = std::fma(-first, b.high, a.high) + a.low - first * b.low;
    return normal(first, rest / b.high);
}

}  // namespace pl
