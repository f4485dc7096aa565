#include "problem/rows.hpp"

#include <cmath>
#include <limits>

#include "kernel/index.hpp"
#include "problem/rounding.hpp"

namespace pl {
namespace {

template <class Real>
void append_state(const Problem<Real>& problem, const State<Real>& state, UnsetVector<Real>& W,
                  UnsetVector<Real>& a) {
    const std::size_t weights = W.size(), outer = a.size();
    W.resize(weights + at(problem.p * problem.d));
    a.resize(outer + at(problem.p));
    state.write_state(W.data() + weights, a.data() + outer);
}

}  // namespace

template <class Real, class Clock>
Recorder<Real, Clock>::Recorder(const Problem<Real>& problem, const Saves<Clock>& saves,
                                Rows<Real, Clock>& rows)
    : problem_(problem),
      saves_(saves),
      rows_(rows),
      largest_norm_(problem.largest_norm()),
      largest_label_(problem.largest_label()) {
    const std::size_t most = saves.at.size() + 1, states = saves.states ? most : 0, p = at(problem.p);
    rows_.t.reserve(most);
    for (auto* column : {&rows_.loss, &rows_.velocity_sq, &rows_.invariant_drift, &rows_.loss_noise})
        column->reserve(most);
    rows_.n_active.reserve(most);
    rows_.W_saved.reserve(states * p * at(problem.d));
    rows_.a_saved.reserve(states * p);
}

template <class Real, class Clock>
void Recorder<Real, Clock>::visit(Clock now, State<Real>& state, const std::vector<double>& invariants) {
    if (next_ >= saves_.at.size() || saves_.at[next_] > now) return;
    row(now, state, invariants);
    ++next_;
}

template <class Real, class Clock>
Clock Recorder<Real, Clock>::goal(Clock end) const {
    return next_ < saves_.at.size() ? saves_.at[next_] : end;
}

template <class Real, class Clock>
void Recorder<Real, Clock>::finish(Clock now, Clock end, State<Real>& state,
                                   const std::vector<double>& invariants) {
    if (!rows_.has(now) && (now < end || rows_.t.empty())) row(now, state, invariants);
}

template <class Real, class Clock>
void Recorder<Real, Clock>::write_end(State<Real>& state) {
    if (!std::isfinite(rows_.invariant_drift.back()) || !std::isfinite(rows_.velocity_sq.back()))
        rows_.status = Status::kNonFinite;
    rows_.kinks = state.kinks();
    append_state(problem_, state, rows_.W, rows_.a);
}

template <class Real, class Clock>
void Recorder<Real, Clock>::row(Clock now, State<Real>& state, const std::vector<double>& invariants) {
    rows_.t.push_back(now);
    rows_.loss.push_back(state.sum_r2() / (2 * static_cast<double>(problem_.n)));
    rows_.velocity_sq.push_back(state.velocity_sq());
    rows_.n_active.push_back(state.n_active());
    const NeuronFacts neurons = state.neurons();
    rows_.invariant_drift.push_back(invariant_drift(invariants, neurons));
    rows_.loss_noise.push_back(noise(neurons));
    if (!saves_.states) return;
    append_state(problem_, state, rows_.W_saved, rows_.a_saved);
    const std::vector<PairAtKink> kinks = state.kinks();
    rows_.kinks_saved.insert(rows_.kinks_saved.end(), kinks.begin(), kinks.end());
    rows_.kink_counts.push_back(size_of(kinks));
}

template <class Real, class Clock>
double Recorder<Real, Clock>::noise(const NeuronFacts& neurons) const {
    const double p = static_cast<double>(problem_.p);
    const double unit = static_cast<double>(std::numeric_limits<Real>::epsilon());
    const double r = shown_noise(unit, largest_label_, largest_norm_, output_size(neurons), p);
    return r * r / 2;
}

template <class Real, class Clock>
double Recorder<Real, Clock>::bytes(const Problem<Real>& problem, const Saves<Clock>& saves) {
    const double rows = static_cast<double>(saves.at.size()) + 1, states = saves.states ? rows + 1 : 1;
    return 48 * rows +
           states * static_cast<double>(problem.p) * static_cast<double>(problem.d + 1) * sizeof(Real);
}

template <class Real, class Clock>
double take_end(const Problem<Real>& problem, const std::function<bool()>& cut, Rows<Real, Clock>& rows) {
    constexpr Index kPage = 4096 / sizeof(Real), kAsked = 512 * kPage;
    const auto began = StopRules::Clock::now();
    rows.W.resize(at(problem.p * problem.d));
    for (Index k = 0; k < size_of(rows.W) && !(k % kAsked == 0 && cut()); k += kPage) rows.W[at(k)] = 0;
    rows.W.clear();
    return std::chrono::duration<double>(StopRules::Clock::now() - began).count();
}

template <class Real, class Clock>
void write_unbegun(const Problem<Real>& problem, const Saves<Clock>& saves, Clock now,
                   StopRules::Clock::time_point began, Rows<Real, Clock>& rows) {
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    clear(rows);
    rows.started = true;
    rows.status = Status::kWallTime;
    rows.t = {now};
    for (auto* column : {&rows.loss, &rows.velocity_sq, &rows.loss_noise}) *column = {kUnknown};
    rows.invariant_drift = {0.0};
    rows.n_active = {-1};
    rows.W.assign(problem.W, problem.W + problem.p * problem.d);
    rows.a.assign(problem.a, problem.a + problem.p);
    rows.kinks = problem.kinks;
    rows.seconds = std::chrono::duration<double>(StopRules::Clock::now() - began).count();
    if (!saves.states) return;
    rows.W_saved = rows.W;
    rows.a_saved = rows.a;
    rows.kinks_saved = rows.kinks;
    rows.kink_counts = {size_of(rows.kinks)};
}

#define PLN_INSTANTIATE(Real, Count)                                              \
    template void write_unbegun(const Problem<Real>&, const Saves<Count>&, Count, \
                                StopRules::Clock::time_point, Rows<Real, Count>&);
PLN_INSTANTIATE(float, Index)
PLN_INSTANTIATE(double, Index)
PLN_INSTANTIATE(double, double)
#undef PLN_INSTANTIATE

template double take_end(const Problem<double>&, const std::function<bool()>&, Rows<double, double>&);

template class Recorder<float, Index>;
template class Recorder<double, Index>;
template class Recorder<double, double>;

}  // namespace pl
