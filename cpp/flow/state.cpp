#include "flow/state.hpp"

#include <algorithm>
#include <cmath>

#include "flow/kernels.hpp"
#include "flow/release.hpp"
#include "kernel/inner.hpp"
#include "problem/certificate.hpp"

namespace pl {

FlowState::FlowState(const Problem<double>& problem, const Inputs& inputs, const Jets& jets,
                     const Pairs& pairs, CellFlow& cells)
    : problem_(problem),
      in_(inputs),
      jets_(jets),
      pairs_(pairs),
      cells_(cells),
      W_(inputs.dense() ? 0 : at(problem.p * problem.d)) {}

// Of dense inputs where they lie.
FlowState::Rows FlowState::rows() const {
    cells_.show();
    if (cells_.end() != nullptr) return {cells_.end(), problem_.d};
    if (in_.dense()) return {jets_.w(0, 0), in_.stride()};
    jets_.write_state(0, W_.data(), nullptr);
    return {W_.data(), problem_.d};
}

Index FlowState::n_active() const {
    if (cells_.on()) return cells_.n_active();
    Index active = 0;
    for (int j = 0; j < in_.p; ++j) active += pairs_.on(j).size();
    return active;
}

double FlowState::dead_label_sq() const {
    const NeuronFacts facts = neurons();
    std::vector<bool> able(at(problem_.n), false);
    cells_.list();
    for (Index j = 0; j < problem_.p; ++j) {
        const double a = facts.a[at(j)], w_sq = facts.w_sq[at(j)] + problem_.outside_sq(j);
        const bool fixed = keeps_sign(a, w_sq, problem_.d);
        for (int i : pairs_.on(static_cast<int>(j)))
            if (!fixed || a * problem_.y[i] > 0.0) able[at(i)] = true;
    }
    double sum = 0.0;
    for (Index i = 0; i < problem_.n; ++i)
        if (!able[at(i)]) sum += problem_.y[i] * problem_.y[i];
    return sum;
}

NeuronFacts FlowState::neurons() const {
    NeuronFacts facts;
    for (auto* column : {&facts.w_sq, &facts.a}) column->reserve(at(problem_.p));
    const Rows rows = this->rows();
    for (Index j = 0; j < problem_.p; ++j) {
        const double* w = rows.of(j);
        facts.w_sq.push_back(inner(w, w, problem_.d));
        facts.a.push_back(jets_.a(0, static_cast<int>(j)));
    }
    return facts;
}

NeuronMotion FlowState::motion() {
    NeuronMotion motion;
    cells_.show();
    for (int j = 0; j < static_cast<int>(problem_.p); ++j) {
        const double unit = in_.unit(), w = jets_.w_norm(1, j) / unit, a = jets_.a(1, j);
        motion.speed_sq.push_back(w * w + a / unit * (a / unit));
        const double growth = dot(jets_.w(0, j), jets_.w(1, j), jets_.width(j)) + jets_.a(0, j) * a;
        motion.growth.push_back(growth / unit);
    }
    return motion;
}

void FlowState::write_state(double* W, double* a) const {
    const Rows rows = this->rows();
    if (cells_.end() == nullptr) return jets_.write_state(0, W, a);
    std::copy_n(rows.first, problem_.p * problem_.d, W);
    for (int j = 0; j < in_.p; ++j) a[j] = jets_.a(0, j);
}

void FlowState::preactivations(const double* w, Index first, Index last, double* z) const {
    if (problem_.norms == nullptr)
        inner_of_rows(w, problem_.X + first * problem_.d, problem_.d, problem_.d, last - first, z);
    else
        for (Index i = first; i < last; ++i) z[i - first] = problem_.norms[i] * w[i];
}

std::vector<double> FlowState::outputs() const {
    const Rows rows = this->rows();
    std::vector<double> h(at(problem_.n)), z(at(problem_.n));
    for (Index j = 0; j < problem_.p; ++j) {
        const double a = jets_.a(0, static_cast<int>(j));
        preactivations(rows.of(j), 0, problem_.n, z.data());
        for (Index i = 0; i < problem_.n; ++i) h[at(i)] += a * std::max(z[at(i)], 0.0);
    }
    return h;
}

double FlowState::share(int j, int i) const {
    const Mode mode = pairs_.mode(j, i);
    if (mode != Mode::kSlide) return mode == Mode::kOn ? 1.0 : 0.0;
    if (cells_.end() != nullptr) return cells_.share(j, i);
    const double mu = jets_.mu(0, j, pairs_.slide(j).find(in_.parallel().line(i)));
    return share_of(in_.parallel(), jets_.r(0).data(), i, mu);
}

// Twice the distance within which a start looks for pairs at their kinks: whoever sums z in another
// order finds no pair there that is not listed. A neuron at 0 says by that alone that all its pairs are off.
// A block of points for all neurons, so that X is read once: (20000, 200, 200) takes 0.3 s, for 0.7.
std::vector<PairAtKink> FlowState::kinks() {
    constexpr int kBlock = 64;
    std::vector<PairAtKink> found;
    std::vector<double> sizes(at(in_.p)), z(kBlock);
    const Rows rows = this->rows();
    for (int j = 0; j < in_.p; ++j) sizes[at(j)] = norm_of(rows.of(j), in_.d);
    for (int first = 0; first < in_.n; first += kBlock) {
        const int last = std::min(first + kBlock, in_.n);
        for (int j = 0; j < in_.p; ++j) {
            if (sizes[at(j)] == 0.0) continue;
            const double within = in_.dense() ? 2.0 * kAtKink * sizes[at(j)] : 0.0;
            preactivations(rows.of(j), first, last, z.data());
            for (int i = first; i < last; ++i) {
                const double here = z[at(i - first)];
                const Mode mode = pairs_.mode(j, i);
                const bool told = !in_.dense() || std::abs(here) > within * in_.norm(i);
                if (mode == (here > 0.0 ? Mode::kOn : Mode::kOff) && told) continue;
                found.push_back({j, i, mode, share(j, i)});
            }
        }
    }
    std::sort(found.begin(), found.end(), before);
    return found;
}

Index FlowState::output_terms() const {
    return problem_.p + (problem_.norms != nullptr ? 4 : problem_.d);
}

}  // namespace pl
