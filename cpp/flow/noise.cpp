#include "flow/noise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

}  // namespace

Noise::Noise(const Inputs& inputs)
    : in_(inputs),
      residual_(16.0 * kEps * inputs.largest_label()),
      w_(at(inputs.p), 0.0),
      a_(at(inputs.p), 0.0) {}

void Noise::follow(const Jets& jets) {
    double terms = 0.0;
    for (int j = 0; j < in_.p; ++j) {
        const double w = jets.w_norm(0, j), a = std::abs(jets.a(0, j));
        grow(j, w, a);
        terms += w * a;
    }
    residual_ = 16.0 * kEps * in_.beside(in_.largest_norm() * terms / in_.p);
}

void Noise::recall(const Noise& whole, int j) {
    w_ = {whole.w_[at(j)]};
    a_ = {whole.a_[at(j)]};
    residual_ = whole.residual_;
}

void Noise::grow(int j, double w, double a) {
    w_[at(j)] = std::max(w_[at(j)], w);
    a_[at(j)] = std::max(a_[at(j)], a);
}

double Noise::z(int j, int i) const {
    return 32.0 * kEps * w_[at(j)] * in_.norm(i);
}
double Noise::w(int j) const {
    return 64.0 * kEps * w_[at(j)];
}
double Noise::outer(int j) const {
    return 32.0 * kEps * a_[at(j)];
}
double Noise::gradient() const {
    return residual_ * std::sqrt(static_cast<double>(in_.n)) * in_.largest_norm();
}
double Noise::multiplier(const KinkBasis& slide) const {
    return residual_ + gradient() / slide.smallest_pivot();
}

}  // namespace pl
