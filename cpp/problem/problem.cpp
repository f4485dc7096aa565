#include "problem/problem.hpp"

#include <algorithm>
#include <cmath>

namespace pl {

template <class Real>
double Problem<Real>::norm(Index i) const {
    if (norms != nullptr) return static_cast<double>(norms[i]);
    double sum = 0;
    for (Index k = 0; k < d; ++k) {
        const double x = static_cast<double>(X[i * d + k]);
        sum += x * x;
    }
    return std::sqrt(sum);
}

template <class Real>
double Problem<Real>::largest_norm() const {
    double largest = 0;
    for (Index i = 0; i < n; ++i) largest = std::max(largest, norm(i));
    return largest;
}

template <class Real>
double Problem<Real>::largest_label() const {
    double largest = 0;
    for (Index i = 0; i < n; ++i) largest = std::max(largest, std::abs(static_cast<double>(y[i])));
    return largest;
}

template struct Problem<float>;
template struct Problem<double>;

}  // namespace pl
