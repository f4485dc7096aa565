#include "capture/dense_state.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/inner.hpp"
#include "problem/certificate.hpp"

namespace pl {

DenseState::DenseState(const CaptureInputs& inputs)
    : d(inputs.problem().d),
      stride(inputs.packed().row_stride()),
      blocks(block_count(inputs.problem().n)),
      ldz(blocks * kBlockPoints),
      W(inputs.problem().p * stride),
      a(inputs.problem().p),
      z(inputs.problem().p * ldz),
      masks(blocks * inputs.problem().p),
      r(at(inputs.problem().n)),
      touched(at(inputs.problem().p)) {}

void DenseState::write(double* to_W, double* to_a) const {
    for (Index j = 0; j < p(); ++j) std::copy_n(w_of(j), d, to_W + j * d);
    std::copy_n(a.data(), p(), to_a);
}

NeuronFacts DenseState::facts() const {
    NeuronFacts facts;
    for (Index j = 0; j < p(); ++j) {
        facts.w_sq.push_back(norm_sq(w_of(j), d));
        facts.a.push_back(a.data()[j]);
    }
    return facts;
}

std::vector<double> DenseState::outputs(const Problem<double>& problem) const {
    std::vector<double> h(at(n()));
    for (Index i = 0; i < n(); ++i)
        for (Index j = 0; j < p(); ++j)
            h[at(i)] += a.data()[j] * std::max(inner(w_of(j), problem.X + i * d, d), 0.0);
    return h;
}

double DenseState::dead_label_sq(const Problem<double>& problem) const {
    const NeuronFacts known = facts();
    std::vector<bool> fixed(at(p()));
    for (Index j = 0; j < p(); ++j)
        fixed[at(j)] = keeps_sign(known.a[at(j)], known.w_sq[at(j)] + problem.outside_sq(j), d);
    double sum = 0;
    for (Index i = 0; i < n(); ++i) {
        bool able = false;
        for (Index j = 0; j < p() && !able; ++j) {
            const bool wrong = fixed[at(j)] && a.data()[j] * problem.y[i] < 0.0;
            able = z_of(j)[i] > 0.0 && !wrong;
        }
        if (!able) sum += problem.y[i] * problem.y[i];
    }
    return sum;
}

void DenseState::take_known(const Problem<double>& problem, const std::vector<double>& norms) {
    for (const PairAtKink& kink : problem.kinks) {
        if (kink.neuron >= p() || kink.point >= n()) continue;
        double& here = z_of(kink.neuron)[kink.point];
        const double w = norm_of(w_of(kink.neuron), d), size = w * norms[at(kink.point)];
        if (w == 0.0) continue;
        if (kink.mode == Mode::kOff && here > 0.0 && here <= 2.0 * kAtKink * size) here = 0.0;
        if (kink.mode != Mode::kSlide || !(std::abs(here) <= kNearKink * size)) continue;
        Touched pair;
        pair.point = kink.point;
        pair.rests = true;
        pair.z = here;
        pair.share = pair.last = kink.share >= 0.0 ? kink.share : 0.0;  // NaN: not known
        touched[at(kink.neuron)].push_back(pair);
        here = 0.0;
    }
}

std::vector<PairAtKink> DenseState::within_rounding(const std::vector<double>& norms) const {
    std::vector<PairAtKink> found;
    for (Index j = 0; j < p(); ++j) {
        const double within = 2.0 * kAtKink * norm_of(w_of(j), d);
        for (Index i = 0; i < n(); ++i) {
            const double here = z_of(j)[i];
            if (here == 0.0 || std::abs(here) > within * norms[at(i)]) continue;
            const bool on = here > 0.0;
            found.push_back(
                {static_cast<int>(j), static_cast<int>(i), on ? Mode::kOn : Mode::kOff, on ? 1.0 : 0.0});
        }
    }
    return found;
}

}  // namespace pl
