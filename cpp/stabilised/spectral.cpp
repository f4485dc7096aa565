#include "stabilised/spectral.hpp"

#include <cmath>
#include <limits>

#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kSettled = 0.01;  // relative change at which the estimate is taken

}  // namespace

double SpectralRadius::estimate(const Field& field, const double* y, const double* f, Index size,
                                int rounds) {
    if (size_of(vector_) != size || !(norm_of(vector_.data(), size) > 0.0)) vector_.assign(f, f + size);
    double length = norm_of(vector_.data(), size);
    if (!(length > 0.0)) {  // at rest: any direction with no symmetry of its own
        for (Index l = 0; l < size; ++l) vector_[at(l)] = std::sin(1.0 + static_cast<double>(l));
        length = norm_of(vector_.data(), size);
    }
    moved_.resize(at(size));
    image_.resize(at(size));
    const double base = norm_of(y, size), root = std::sqrt(std::numeric_limits<double>::epsilon());
    const double reach = base > 0.0 ? base * root : root;
    double rho = 0.0;
    for (int round = 0; round < rounds; ++round) {
        for (Index l = 0; l < size; ++l) moved_[at(l)] = y[l] + reach / length * vector_[at(l)];
        if (!field(moved_.data(), image_.data())) return -1.0;
        for (Index l = 0; l < size; ++l) vector_[at(l)] = (image_[at(l)] - f[l]) / reach;
        length = norm_of(vector_.data(), size);
        const double before = rho;
        rho = length;
        if (!(length > 0.0)) return 0.0;
        if (round > 0 && std::abs(rho - before) <= kSettled * rho) break;
    }
    return rho;
}

}  // namespace pl
