#include "capture/dense_state.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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
      touched(at(inputs.problem().p)),
      beside(at(inputs.problem().p)) {}

void DenseState::write(double* to_W, double* to_a) const {
    for (Index j = 0; j < p(); ++j) std::copy_n(w_of(j), d, to_W + j * d);
    std::copy_n(a.data(), p(), to_a);
}

NeuronFacts DenseState::facts() const {
    NeuronFacts facts;
    for (auto* column : {&facts.w_sq, &facts.a}) column->reserve(at(p()));
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

double DenseState::dead_label_sq(const Problem<double>& problem, const Copies& copies) const {
    const NeuronFacts known = facts();
    std::vector<bool> fixed(at(p()));
    for (Index j = 0; j < p(); ++j)
        fixed[at(j)] = keeps_sign(known.a[at(j)], known.w_sq[at(j)] + problem.outside_sq(j), d);
    double sum = 0;
    for (Index i = 0; i < n(); ++i) {
        bool able = false;
        for (Index j = 0; j < p() && !able; ++j) {
            const bool wrong = fixed[at(j)] && a.data()[j] * problem.y[i] < 0.0;
            able = z_of(j)[copies.stands(static_cast<int>(i))] > 0.0 && !wrong;
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
        const bool rounding = std::abs(here) <= 2.0 * kAtKink * size;
        const bool slides = kink.mode == Mode::kSlide && std::abs(here) <= kNearKink * size;
        if (slides || (kink.mode == Mode::kOff && rounding && here > 0.0))
            hold(kink.neuron, kink.point, kink.share >= 0.0 ? kink.share : 0.0);  // NaN: not known
        else if (kink.mode == Mode::kOn && rounding && here <= 0.0)
            here = std::numeric_limits<double>::min();
    }
}

void DenseState::hold(Index j, Index i, double share) {
    double& here = z_of(j)[i];
    Touched pair;
    pair.point = static_cast<int>(i);
    pair.rests = true;
    pair.z = here;
    pair.share = pair.last = share;
    touched[at(j)].push_back(pair);
    here = 0.0;
}

std::vector<Index> DenseState::put_on_kinks(const Problem<double>& problem,
                                            const std::vector<double>& norms) {
    std::vector<Index> neurons;
    for (Index j = 0; j < p(); ++j) {
        const double within = kAtKink * norm_of(w_of(j), d);
        if (!(within > 0.0) || !std::isfinite(within)) continue;
        bool any = false;
        for (Index i = 0; i < n(); ++i) {
            const PairAtKink pair{static_cast<int>(j), static_cast<int>(i), Mode::kOff, 0.0};
            if (norms[at(i)] == 0.0 || std::abs(z_of(j)[i]) > within * norms[at(i)] ||
                std::binary_search(problem.kinks.begin(), problem.kinks.end(), pair, before))
                continue;
            hold(j, i, 0.0);
            any = true;
        }
        if (any) neurons.push_back(j);
    }
    return neurons;
}

void DenseState::take(Index j, const std::vector<PairAtKink>& kinks) {
    std::vector<Touched>& resting = touched[at(j)];
    for (const PairAtKink& kink : kinks) {
        if (kink.neuron != j || z_of(j)[kink.point] != 0.0) continue;
        const auto here = [&](const Touched& pair) { return pair.point == kink.point; };
        const auto found = std::find_if(resting.begin(), resting.end(), here);
        if (kink.mode == Mode::kOn) {
            if (found != resting.end()) resting.erase(found);
            z_of(j)[kink.point] = std::numeric_limits<double>::min();
            masks.data()[kink.point / kBlockPoints * p() + j] |= Word{1} << (kink.point % kBlockPoints);
        } else if (found != resting.end()) {
            found->last = kink.share;
        } else if (kink.mode == Mode::kSlide) {
            hold(j, kink.point, kink.share);
        }
    }
}

void DenseState::within_rounding(Index j, const std::vector<double>& norms,
                                 std::vector<PairAtKink>& found) const {
    const double within = 2.0 * kAtKink * norm_of(w_of(j), d);
    for (Index i = 0; i < n(); ++i) {
        const double here = z_of(j)[i];
        if (here == 0.0 || std::abs(here) > within * norms[at(i)]) continue;
        const bool on = here > 0.0;
        found.push_back(
            {static_cast<int>(j), static_cast<int>(i), on ? Mode::kOn : Mode::kOff, on ? 1.0 : 0.0});
    }
}

}  // namespace pl
