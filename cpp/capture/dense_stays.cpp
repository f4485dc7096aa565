// Neurons that a step of the dense model takes nowhere else: those at rest at their kinks, those that come to
// 0.
#include <algorithm>
#include <cmath>

#include "capture/dense.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"
#include "problem/at_kinks.hpp"

namespace pl {

// At rest: whether neuron j does nothing in the step but rest at all the kinks that it has touched. Then it
// is put on them. Single precision would let pairs go if the step is long.
bool DenseCapture::stays(Index j, const double* impulse) {
    std::vector<Touched>& touched = trial_.touched[at(j)];
    const double factor = middle_[at(j)] / static_cast<double>(n_);
    const double* next = trial_.W.data() + j * stride_;
    KinkBasis basis(static_cast<int>(d_));
    for (const Touched& pair : touched) {
        if (!pair.held || !(factor * impulse[pair.point] < 0.0)) return false;
        basis.add(pair.point, inputs_->rows().row(pair.point));
    }
    std::vector<double> w(next, next + d_), coeff(at(basis.size())), phi(coeff.size());
    basis.project(w.data(), coeff.data());
    basis.multipliers(coeff.data(), phi.data());
    const double within = kAtKink * norm_of(w.data(), d_);
    for (Touched& pair : touched) {
        const int slot = basis.find(pair.point);
        const double by = slot < 0 ? 0.0 : phi[at(slot)] / (factor * impulse[pair.point]);
        const double z = inner(w.data(), inputs_->rows().row(pair.point), d_);
        if (std::abs(z) > within * norms_[at(pair.point)]) return false;
        pair.last = pair.share + by;
        if (!(pair.last >= 0.0 && pair.last <= 1.0)) return false;
    }
    double* g = G_.data() + j * stride_;
    for (Touched& pair : touched) {
        const double by = (pair.last - pair.share) * impulse[pair.point];
        const double* x = inputs_->rows().row(pair.point);
        for (Index k = 0; k < d_; ++k) g[k] += by * x[k];
        pair.share = pair.last;
        pair.rests = true;
    }
    std::copy(w.begin(), w.end(), trial_.W.data() + j * stride_);
    return true;
}

// Whether neuron j, held on the kinks of all but one direction, comes to 0 in the step: on that ray no other
// pair switches before, and from 0 the rule lets it go nowhere.
bool DenseCapture::vanishes(Index j, const double* impulse) {
    std::vector<Touched>& touched = trial_.touched[at(j)];
    const double factor = middle_[at(j)] / static_cast<double>(n_);
    const double* w = now_.W.data() + j * stride_;
    double* next = trial_.W.data() + j * stride_;
    KinkBasis basis(static_cast<int>(d_));
    if (size_of(now_.touched[at(j)]) < d_ - 1) return false;
    for (const Touched& pair : touched) {
        if (!pair.held) continue;
        if (!(factor * impulse[pair.point] < 0.0)) return false;
        basis.add(pair.point, inputs_->rows().row(pair.point));
    }
    std::vector<double> end(next, next + d_), coeff(at(basis.size())), phi(coeff.size());
    basis.project(end.data(), coeff.data());
    if (basis.size() != d_ - 1 || !(norm_sq(w, d_) > 0.0) || inner(end.data(), w, d_) > 0.0) return false;
    basis.multipliers(coeff.data(), phi.data());
    for (const Touched& pair : touched) {
        if (!pair.held) continue;
        const int slot = basis.find(pair.point);
        const double share = pair.share + (slot < 0 ? 0.0 : phi[at(slot)] / (factor * impulse[pair.point]));
        if (!(share >= 0.0 && share <= 1.0)) return false;
    }
    for (Index k = 0; k < d_; ++k) G_.data()[j * stride_ + k] = -w[k] / factor;
    std::fill_n(next, d_, 0.0);
    touched.clear();
    return true;
}

}  // namespace pl
