#include "capture/rest.hpp"

#include <algorithm>

#include "kernel/inner.hpp"
#include "problem/kink_lines.hpp"

namespace pl {

bool AtRest::settle(double noise) {
    const Index d = size_of(v);
    double largest = 0;
    for (KinkPoint& k : points) {
        const double norm = norm_of(k.x, d);
        k.vtol = noise * norm;
        largest = std::max(largest, norm);
    }
    KinkBasis basis(static_cast<int>(d));
    const bool found = select_modes(points, v, noise / largest, basis);
    for (const KinkPoint& k : points)
        for (Index l = 0; k.mode == Mode::kOn && l < d; ++l) v[at(l)] += k.e * k.x[l];
    held = basis.size();
    std::vector<double> coeff(at(held)), phi(at(held));
    basis.project(v.data(), coeff.data());
    basis.multipliers(coeff.data(), phi.data());
    share.assign(points.size(), 0.0);
    const KinkLines kinks(points, noise / largest);
    for (Index i = 0; i < size_of(points); ++i) {
        const KinkPoint& k = points[at(i)];
        if (k.mode == Mode::kOn) share[at(i)] = 1.0;
        const KinkLine& line = kinks.lines[at(kinks.of[at(i)])];
        const int slot = k.mode == Mode::kSlide ? basis.find(line.point) : -1;
        if (slot >= 0) share[at(i)] = sliding_share(line, phi[at(slot)], kinks.ratio[at(i)] > 0.0);
    }
    return found;
}

void AtRest::one_of_each_line() {
    for (KinkPoint& k : points) {
        if (k.line < 0 || k.mode != Mode::kSlide) continue;
        double force = 0.0;
        KinkPoint* holds = nullptr;
        const auto on_line = [&](const KinkPoint& other) { return other.line == k.line; };
        for (Index l = 0; l < size_of(points); ++l)
            if (on_line(points[at(l)])) force += share[at(l)] * points[at(l)].e * points[at(l)].ratio;
        for (KinkPoint& other : points)
            if (on_line(other) && other.e < 0.0 && other.e * other.ratio * force >= 0.0) holds = &other;
        for (Index l = 0; l < size_of(points); ++l) {
            KinkPoint& one = points[at(l)];
            if (!on_line(one)) continue;
            one.mode = &one == holds ? Mode::kSlide : Mode::kOff;
            share[at(l)] = &one == holds ? std::min(force / (one.e * one.ratio), 1.0) : 0.0;
        }
    }
}

}  // namespace pl
