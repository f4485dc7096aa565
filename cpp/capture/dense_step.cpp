#include "capture/dense_step.hpp"

#include <algorithm>
#include <cmath>

#include "capture/coinciding.hpp"
#include "capture/leaving.hpp"
#include "capture/moved.hpp"
#include "capture/over_neurons.hpp"
#include "capture/resting.hpp"
#include "capture/to_zero.hpp"
#include "capture/velocity.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kMostKinkBytes = 128 * 1048576.0;  // of K, of pairs that change side in a step

// Balanced to rounding counts as balanced: such a neuron tends to the saddle at 0 and must not drift past it.
std::vector<double> invariants_of(const Problem<double>& problem) {
    std::vector<double> invariants;
    for (Index j = 0; j < problem.p; ++j) {
        const double a = problem.a[j], w = norm_sq(problem.W + j * problem.d, problem.d);
        const double difference = a * a - w;
        invariants.push_back(std::abs(difference) <= 1e-12 * w ? 0.0 : difference);
    }
    return invariants;
}

}  // namespace

DenseStep::DenseStep(const CaptureInputs& inputs, DenseProducts& products, const DenseState& now,
                     DenseState& trial, int threads)
    : inputs_(inputs),
      products_(products),
      now_(now),
      trial_(trial),
      threads_(threads),
      moves_(inputs, threads),
      crossings_(inputs),
      invariant_(invariants_of(inputs.problem())),
      G_(now.W.size()),
      middle_(at(now.p())),
      moved_(at(now.p())),
      stays_(at(now.p())),
      exact_(at(now.p())),
      by_rule_(at(now.p())),
      most_held_(at(now.p())) {}

// visit(step) for every neuron, over the team.
template <class Visit>
void DenseStep::each_neuron(const Visit& visit) {
    over_neurons(now_.p(), threads_, order_.cut, [&](Index j) { visit(neuron(j)); });
}

NeuronStep DenseStep::neuron(Index j) {
    return {j,
            now_.d,
            now_.stride,
            now_.w_of(j),
            now_.z_of(j),
            trial_.w_of(j),
            trial_.z_of(j),
            G_.data() + j * now_.stride,
            now_.a.data()[j],
            middle_[at(j)] / static_cast<double>(now_.n()),
            order_.impulse,
            early_.data(),
            trial_.touched[at(j)],
            inputs_.rows(),
            inputs_.norms().data(),
            inputs_.parallel(),
            inputs_.lattice()};
}

double DenseStep::mean_weight(Index j) const {
    const double* g = G_.data() + j * now_.stride;
    return mean_outer_weight(now_.w_of(j), g, now_.a.data()[j], now_.d, now_.n());
}

bool DenseStep::make(const Order& order) {
    order_ = order;
    early_ = now_.r;
    for (double& q : early_) q *= order.h;
    drive();
    advance();
    if (order_.cut()) return false;
    each_neuron([this](const NeuronStep& step) {
        crossings_.begin(step, now_.touched[at(step.j)], now_.beside[at(step.j)], now_.masks.data());
    });
    if (too_many_kinks()) return false;
    meet_kinks();
    if (order_.cut()) return false;
    each_neuron([this](const NeuronStep& step) { end(step); });
    products_.preactivations(trial_.W.data(), trial_.z.data(), order_.cut);
    if (order_.cut()) return false;
    let_go_of_others();
    if (order_.cut()) return false;
    conclude();
    if (order_.cut()) return false;
    leave();
    return !order_.cut();  // perhaps half of it was
}

// What drives each neuron by the pairs that are on, and by those at rest under the shares that they start
// with. At rest the drive by h r, of which terms cancel, is known: only what the impulse differs by is left
// to add.
void DenseStep::drive() {
    const bool known = order_.decaying != nullptr;
    std::vector<double> rest(order_.impulse, order_.impulse + now_.n());
    for (Index i = 0; known && i < now_.n(); ++i) rest[at(i)] -= early_[at(i)];
    products_.gradient(rest.data(), now_.masks.data(), G_.data(), order_.cut);
    for (Index j = 0; j < now_.p(); ++j)
        for (const Touched& pair : now_.touched[at(j)]) {
            const double *x = inputs_.rows().row(pair.point), push = pair.last * rest[at(pair.point)];
            for (Index k = 0; k < now_.d; ++k) G_.data()[j * now_.stride + k] += push * x[k];
        }
    for (Index k = 0; known && k < G_.size(); ++k) G_.data()[k] += order_.h * order_.decaying[k];
}

// The weights that it leads to, and their pre-activations.
void DenseStep::advance() {
    over_neurons(now_.p(), threads_, order_.cut, [this](Index j) {
        middle_[at(j)] = mean_weight(j);
        neuron(j).move();
        moved_[at(j)] = 1;
    });
    if (!order_.cut()) refresh();
}

// Pre-activations of the neurons that were moved, as they tell which pairs change side.
void DenseStep::refresh() {
    std::vector<Index> moved;
    for (Index j = 0; j < now_.p(); ++j)
        if (moved_[at(j)] != 0) moved.push_back(j);
    const SingleMoves::Ends ends{now_.W.data(), trial_.W.data(), now_.stride,
                                 now_.z.data(), trial_.z.data(), now_.ldz};
    moves_.preactivations(moved, ends, order_.cut);
    // pairs at rest count as at z = 0, and are where their weights have them
    for (const Index j : moved)
        for (const Touched& pair : now_.touched[at(j)]) trial_.z_of(j)[pair.point] += pair.z;
}

// Whether K of the pairs that change side would take more than kMostKinkBytes. Of n = 3500, half of all pairs
// in one step took a gigabyte, and no such step was ever good.
bool DenseStep::too_many_kinks() const {
    double bytes = 0;
    for (Index j = 0; j < now_.p(); ++j) {
        const auto all = static_cast<double>(trial_.touched[at(j)].size());
        const auto rest = static_cast<double>(now_.touched[at(j)].size());
        bytes += sizeof(float) * (all * all - rest * rest);
    }
    return bytes > kMostKinkBytes;
}

// The pairs met are followed; then once more, with those that switch only because others did: three in a
// hundred, but without them the error falls in proportion to h and not to its square.
void DenseStep::meet_kinks() {
    each_neuron([this](const NeuronStep& step) {
        const bool any = !step.met.empty();
        moved_[at(step.j)] = any;
        most_held_[at(step.j)] = by_rule_[at(step.j)] = 0;
        trial_.beside[at(step.j)].clear();
        stays_[at(step.j)] = any && order_.still && stays(step);
        if (!any || stays_[at(step.j)] != 0) return;
        follow(step, size_of(step.met));
    });
    refresh();
    each_neuron([this](const NeuronStep& step) {
        const Index known = size_of(step.met);
        if (known == 0 || crossings_.find(step, now_.masks.data()) == 0 || stays_[at(step.j)] != 0) return;
        follow(step, known);
    });
}

void DenseStep::follow(const NeuronStep& step, Index known) {
    const Index j = step.j, most = crossings_.follow(step, known, order_.cut);
    most_held_[at(j)] = std::max(most_held_[at(j)], most);
    trial_.beside[at(j)].clear();
    const bool coincide = by_rule_[at(j)] != 0 || meets_coinciding(step, !now_.beside[at(j)].empty());
    by_rule_[at(j)] = coincide && follow_by_rule(step, trial_.beside[at(j)]);
}

void DenseStep::end(const NeuronStep& step) {
    const bool there = by_rule_[at(step.j)] != 0 || (stays_[at(step.j)] != 0 && all_rest(step));
    exact_[at(step.j)] = by_rule_[at(step.j)] == 0 && ends_exactly(step, order_.exact || order_.still);
    if (exact_[at(step.j)] != 0 && !there) end_at_rest(step, order_.still);
    // 0 is reached on a ray, held at the kinks of all directions but one
    if (most_held_[at(step.j)] + 1 < now_.d || !has_turned(step)) return;
    std::vector<unsigned char> on(at(now_.n()));
    for (Index i = 0; i < now_.n(); ++i) on[at(i)] = now_.on(step.j, i) ? 1 : 0;
    if (!comes_to_zero(step, on, now_.touched[at(step.j)])) return;
    put_to_zero(step);
    trial_.beside[at(step.j)].clear();
}

// Of the pairs met those at rest are kept, at their kinks.
void DenseStep::let_go_of_others() {
    const auto goes = [](const Touched& pair) { return !pair.rests; };
    each_neuron([&](const NeuronStep& step) {
        std::vector<Touched>& touched = step.met;
        if (inputs_.parallel().any()) keep_sides(step);
        put_beside(step, trial_.beside[at(step.j)]);
        touched.erase(std::remove_if(touched.begin(), touched.end(), goes), touched.end());
        for (Touched& pair : touched) pair.z = step.z_next[pair.point];
        if (exact_[at(step.j)] != 0) join(step, now_.r.data(), now_.masks.data(), now_.n(), now_.p());
        for (const Touched& pair : touched) step.z_next[pair.point] = 0.0;
    });
}

// a by Lemma 1 where that fixes its sign, else by the work done on w_j, which equals it to second order;
// then r.
void DenseStep::conclude() {
    over_neurons(now_.p(), threads_, order_.cut, [this](Index j) {
        const double *w = now_.w_of(j), *next = trial_.w_of(j), *g = G_.data() + j * now_.stride;
        const double before = now_.a.data()[j];
        double& a = trial_.a.data()[j];
        if (invariant_[at(j)] >= 0.0) {
            a = std::copysign(std::sqrt(invariant_[at(j)] + norm_sq(next, now_.d)), before);
        } else {
            double work = 0;
            for (Index k = 0; k < now_.d; ++k) work += 0.5 * (w[k] + next[k]) * g[k];
            a = before + work / static_cast<double>(now_.n());
        }
        if (a * before < 0.0)  // what attracted repels, and off is the rule's choice
            for (Touched& pair : trial_.touched[at(j)]) pair.last = 0.0;
    });
    if (!order_.cut()) products_.outputs(trial_);
}

// Neurons that leave their kinks as residuals change: what the rule turns on now acts for the rest of the
// step.
void DenseStep::leave() {
    const std::vector<Leaving> found = leaving(now_, trial_, inputs_);
    if (found.empty()) return;
    Buffer<double> G(G_.size());
    products_.gradient(trial_.r.data(), trial_.masks.data(), G.data(), order_.cut);
    const Velocity velocity = selected_velocity(trial_, inputs_, G.data(), threads_);
    for (const Leaving& one : found) {
        trial_.take(one.neuron, velocity.kinks);
        send_off(one, now_, order_.h, inputs_, trial_);
    }
    products_.outputs(trial_);
}

// dw is in proportion to the outer weight held; the drive is now that which kinks have left.
double DenseStep::neuron_error() const {
    constexpr Index kAsked = 4096;
    double largest = 0.0;
    for (Index j = 0; j < now_.p(); ++j) {
        if (j % kAsked == 0 && order_.cut()) break;
        if (middle_[at(j)] == 0.0) continue;
        const double off = std::abs(mean_weight(j) / middle_[at(j)] - 1.0);
        largest = std::max(largest, off * std::sqrt(moved(now_, trial_, j).all()));
    }
    return largest;
}

double DenseStep::bytes(const Problem<double>& problem) {
    const double points = static_cast<double>(block_count(problem.n) * kBlockPoints);
    const double d = static_cast<double>(problem.d) + 8.0, p = static_cast<double>(problem.p);
    return 8 * p * d + 4 * p * points / 6 + SingleMoves::bytes(problem) +
           std::min(p * points * points, kMostKinkBytes);
}

}  // namespace pl
