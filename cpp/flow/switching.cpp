#include "flow/switching.hpp"

#include <algorithm>
#include <cmath>

#include "flow/kernels.hpp"
#include "flow/release.hpp"
#include "flow/rounds.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kVanished = 1e-100;  // norm(w_j) and abs(a_j); their squares are numbers still
constexpr double kShrunk = 1e-16;     // of what they were: no small start, which is to grow

void add_unique(std::vector<int>& list, int value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

}  // namespace

bool Switcher::set_state(const Problem<double>& problem, const std::function<bool()>& cut) {
    if (cut()) return false;
    return jets_.set_state(problem.W, problem.a, true) && !cut() && evaluate(cut);
}

bool Switcher::evaluate(const std::function<bool()>& cut) {
    if (!jets_.evaluate(true)) return false;
    noise_.follow(jets_);
    return !cut();
}

// The residuals stay as they are.
bool Switcher::settle_kinks(double t, const Kinks& kinks, const std::function<bool()>& cut) {
    Rounds rounds(in_, cut);
    for (const auto& [j, points] : kinks) {
        if (rounds.ended()) return false;
        if (in_.dense() && !points.empty()) settle(t, j, {points, {}});
    }
    return jets_.evaluate_velocity(true);
}

void Switcher::follow_sign() {
    for (int j = 0; j < in_.p; ++j)
        if (pairs_.slide(j).size() == 0) take_sign(j);
}

void Switcher::take_sign(int j) {
    const double a = jets_.a(0, j), slope = jets_.a(1, j);
    sign_[at(j)] = sign_of(a, slope);
}

std::int64_t Switcher::sliding() const {
    std::int64_t total = 0;
    for (int j = 0; j < in_.p; ++j) total += in_.sliding_pairs(pairs_.slide(j));
    return total;
}

void Switcher::apply(double t, const std::vector<Event>& events) {
    due_.clear();
    if (!in_.dense()) return die(t, events);
    std::vector<int> touched;
    for (const Event& e : events) {
        if (e.kind == EventKind::kReleaseOff || e.kind == EventKind::kReleaseOn)
            due_.push_back(e);
        else
            add_unique(touched, e.neuron);
        if (e.kind != EventKind::kOuterZero) continue;
        sign_[at(e.neuron)] = -sign_[at(e.neuron)];
        journal_.outer_zero();
    }
    for (int j : touched) {
        Cause cause;
        for (const Event& e : events) {
            if (e.neuron == j && e.kind == EventKind::kCross) cause.crossed.push_back(e.point);
        }
        settle(t, j, cause);
    }
}

// Orthogonal inputs: a pair that reaches its kink stays there for ever, off.
void Switcher::die(double t, const std::vector<Event>& events) {
    for (const Event& e : events) {
        change(t, e.neuron, e.point, Mode::kOff, false);
        jets_.bury(e.neuron, e.point);
    }
    if (!events.empty()) jets_.evaluate_gradient();
}

std::vector<Forced> Switcher::forced(int j) const {
    const auto promised = [&](int i) {
        Promised of;
        for (const Event& e : due_)
            if (e.neuron == j && e.point == i) of.add(e.kind);
        return of;
    };
    const KinkBasis& slide = pairs_.slide(j);
    const Sliding sliding{slide, jets_.r(0).data(), sign_[at(j)], noise_.multiplier(slide)};
    return let_go(in_.parallel(), sliding, [&](int slot) { return jets_.mu(0, j, slot); }, promised);
}

bool Switcher::release(double t) {
    bool any = false;
    for (int j = 0; j < in_.p; ++j) {
        if (pairs_.slide(j).size() == 0) continue;
        const std::vector<Forced> out = forced(j);
        if (out.empty()) continue;
        settle(t, j, {{}, out});
        any = true;
    }
    due_.clear();
    return any;
}

bool Switcher::vanish(double t) {
    bool any = false;
    for (int j = 0; j < in_.p && in_.dense(); ++j) {
        const double w = jets_.w_norm(0, j), a = std::abs(jets_.a(0, j));
        if (w > kVanished || a > kVanished || !pairs_.moves(j)) continue;
        if (w > kShrunk * noise_.largest_w()[at(j)] || a > kShrunk * noise_.largest_a()[at(j)]) continue;
        freeze(t, j);
        any = true;
    }
    return any;
}

void Switcher::settle(double t, int j, const Cause& cause) {
    double* w = jets_.state(j);
    if (std::sqrt(dot(w, w, in_.stride())) <= noise_.w(j)) return freeze(t, j);
    jets_.refresh_gradient(j);
    double reached = near_.reach(j, w);
    const double reach = reached + noise_.w(j);
    std::vector<int> near;
    for (const auto& [distance, i] : near_.within(j, w, reached, noise_.w(j))) {
        if (distance > reach && distance > noise_.w(j)) break;
        near.push_back(i);
    }
    const NeuronAtEvent here{
        j, w, jets_.gradient(j), jets_.r(0).data(), &pairs_.modes[at(pairs_.index(j, 0))], sign_[at(j)]};
    KinkBasis& slide = pairs_.sliding(j);
    const auto [points, dependent, gone] = settled(in_, noise_, here, near, cause, slide, w);
    if (dependent) journal_.dependent_inputs();
    for (const KinkPoint& k : points) change(t, j, k.point, k.mode, k.repels);
    if (gone) return freeze(t, j);
    jets_.refresh_gradient(j);
    if (slide.size() == 0) pairs_.set_slide(j, KinkBasis(in_.d));  // many neurons may begin at their kinks
}

// w_j = 0: the rule keeps it there for ever.
void Switcher::freeze(double t, int j) {
    for (int i = 0; i < in_.n; ++i) change(t, j, i, Mode::kOff, false);
    pairs_.set_slide(j, KinkBasis(in_.d));
    jets_.zero(j);
    jets_.refresh_gradient(j);
    journal_.zero_neuron();
}

void Switcher::change(double t, int j, int i, Mode mode, bool repelling) {
    const Mode from = pairs_.mode(j, i);
    if (from == mode) return;
    pairs_.set(j, i, mode);
    journal_.changed({t, j, i, from, mode}, repelling);
}

}  // namespace pl
