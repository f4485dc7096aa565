#include "flow/cell_settling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernel/index.hpp"

namespace pl {
namespace {

// A pair that rests at its kink because others slide, as do those of lines at rest.
bool depends(const KinkBasis& slide, const KinkPoint& k) {
    if (slide.size() == 0) return false;
    KinkBasis larger = slide;
    return !larger.add(k.point, k.x);
}

std::vector<int> all_points(int n) {
    std::vector<int> all(at(n));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

}  // namespace

void gradient_of(const Inputs& in, const std::vector<Mode>& modes, const double* r, std::vector<double>& g) {
    g.assign(at(in.stride()), 0.0);
    for (int i = 0; i < in.n; ++i) {
        if (modes[at(i)] != Mode::kOn) continue;
        const double* x = in.row(i);
        for (Index l = 0; l < in.d; ++l) g[at(l)] += r[i] * x[l];
    }
}

bool at_zero(const Noise& noise, const CellNeuron& neuron) {
    const auto first = neuron.v.begin(), last = neuron.v.end() - 1;
    return std::sqrt(std::inner_product(first, last, first, 0.0)) <= noise.w(neuron.neuron);
}

SettlingSpace::SettlingSpace(const Inputs& in) : w(at(in.stride())), g(w), all(all_points(in.n)) {}

void settle(const SettlingAt& here, const Cause& cause, CellNeuron& at_event, Tally& tally) {
    const auto& [in, noise, r, space] = here;
    auto& [w, g, all] = space;
    std::vector<double>& v = at_event.v;
    std::copy(v.begin(), v.end() - 1, w.begin());
    auto& [modes, slide, sign] = at_event.pattern;
    gradient_of(in, modes, r, g);
    if (slide.size() == 0) sign = sign_of(v.back(), std::inner_product(w.begin(), w.end(), g.begin(), 0.0));
    const NeuronAtEvent neuron{at_event.neuron, w.data(), g.data(), r, modes.data(), sign};
    const auto [points, dependent, gone] = settled(in, noise, neuron, all, cause, slide, v.data());
    at_event.gone = gone;
    if (dependent) tally.dependent_inputs();
    for (const KinkPoint& k : points) {
        Mode& mode = modes[at(k.point)];
        if (mode == k.mode) continue;
        tally.changed({at_event.t, at_event.neuron, k.point, mode, k.mode}, k.repels);
        mode = k.mode;
    }
    for (const KinkPoint& k : points) {
        const bool idle = idles(in, modes.data(), k.point);
        at_event.degenerate |= idle || (k.mode == Mode::kOn && depends(slide, k));
    }
    if (slide.size() == 0) sign = 0.0;
}

}  // namespace pl
