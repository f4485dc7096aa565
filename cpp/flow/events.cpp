#include "flow/events.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "flow/kernels.hpp"
#include "flow/polynomial.hpp"
#include "flow/release.hpp"
#include "flow/rounds.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInstant = 1e-13;    // events this close, relative to the step, are one instant
constexpr double kWeight = 0.03;      // of a neuron's tolerance: as much as a stabilised step's error
constexpr double kLateWeight = 1e-3;  // likewise, where a release would be late

bool releases(const Event& e) {
    return e.kind == EventKind::kReleaseOff || e.kind == EventKind::kReleaseOn;
}

}  // namespace

void EventSearch::consider(double t, int j, int i, EventKind kind) {
    if (t < 0.0) return;
    found_.push_back({t, j, i, kind});
    h_ = std::min(h_, t * (1.0 + kInstant) + instant_);
}

const std::vector<Event>& EventSearch::search(double now, double h, const std::vector<double>& sign) {
    found_.clear();
    h_ = h / in_.unit();
    instant_ = 8.0 * kEps * now / in_.unit();
    if (in_.dense()) reaches();
    Rounds rounds(in_, cut_);
    for (int j = 0; j < in_.p && !rounds.ended(); ++j) along(j, sign[at(j)]);
    const double last = h_;
    found_.erase(std::remove_if(found_.begin(), found_.end(), [last](const Event& e) { return e.t > last; }),
                 found_.end());
    std::stable_sort(found_.begin(), found_.end(), [](const Event& a, const Event& b) { return a.t < b.t; });
    for (Event& e : found_) e.t *= in_.unit();
    return found_;
}

// Those of neuron j that are before h_.
void EventSearch::along(int j, double sign) {
    if (jets_.still(j)) return;
    if (in_.parallel().any()) idle_lines(j, sign);
    if (!pairs_.moves(j)) return;
    if (!in_.dense()) return orthogonal_crossings(j);
    double way = 0.0, power = h_;
    for (int k = 1; k <= jets_.order(); ++k, power = next_power(power, h_)) way += jets_.w_norm(k, j) * power;
    crossings(j, way, sign);
    if (pairs_.slide(j).size() > 0) of_multipliers(j, sign);
}

const std::vector<int>& EventSearch::neurons(double now, double h, const std::vector<double>& sign) {
    touched_.clear();
    instant_ = 8.0 * kEps * now / in_.unit();
    reaches();
    Rounds rounds(in_, cut_);
    for (int j = 0; j < in_.p && !rounds.ended(); ++j) {
        found_.clear();
        h_ = h / in_.unit();
        along(j, sign[at(j)]);
        if (!found_.empty()) touched_.push_back(j);
    }
    return touched_;
}

const std::vector<Event>& EventSearch::search_clear(double now, double h, const std::vector<double>& sign) {
    clear_ = true;
    search(now, h, sign);
    clear_ = false;
    return found_;
}

bool EventSearch::weigh_nothing(const std::vector<Event>& events, double h, const std::vector<double>& sign) {
    h_ = h / in_.unit();
    return std::all_of(events.begin(), events.end(), [&](const Event& e) {
        return releases(e) && weighs_nothing(room(e, sign), e.t / in_.unit(), e.neuron, e.point, kWeight);
    });
}

bool EventSearch::comes_back(const Event& e, double h, const std::vector<double>& sign) const {
    return releases(e) && evaluate(room(e, sign).data(), jets_.order() - 1, h / in_.unit()) >= 0.0;
}

void EventSearch::reaches() {
    reach_.resize(at(in_.p));
    crew_.over(0, in_.p, 3.0 * static_cast<double>(in_.p * in_.stride()), [this](Index from, Index to) {
        for (int j = static_cast<int>(from); j < to; ++j) {
            if (pairs_.moves(j) && !jets_.still(j)) reach_[at(j)] = near_.reach(j, jets_.w(0, j));
        }
    });
}

void EventSearch::crossings(int j, double way, double sign) {
    double reach = reach_[at(j)];
    const NearList list = near_.within(j, jets_.w(0, j), reach, way);
    const double limit = reach + way + noise_.w(j);
    for (const auto& [distance, i] : list) {
        if (distance > limit) break;
        if (!crosses(in_, &pairs_.modes[at(pairs_.index(j, 0))], i)) continue;
        crossing(j, i);
        if (pairs_.mode(j, i) == Mode::kOn && pairs_.slide(j).size() > 0) resting(j, i, sign);
    }
}

// A pair that is on (lam = 1) and rests at z = 0 because others slide (its input depends on theirs): when
// c_ji changes sign there the rule turns it off.
void EventSearch::resting(int j, int i, double sign) {
    const double tol = 4.0 * noise_.z(j, i);
    const double still = in_.unit() * std::abs(jets_.a(0, j)) / in_.n * noise_.gradient() * in_.norm(i);
    if (std::abs(dot(jets_.w(1, j), in_.row(i), in_.stride())) > still) return;  // passing, not resting
    double power = 1.0;
    for (int k = 0; k <= jets_.order(); ++k, power = next_power(power, h_)) {
        if (std::abs(dot(jets_.w(k, j), in_.row(i), in_.stride())) * power > tol) return;
    }
    const double turns = turns_repelling(i, sign, false), alone = turns_repelling(i, sign, true);
    consider(turns < 0.0 || alone < 0.0 ? -1.0 : std::max(turns, alone), j, i, EventKind::kCross);
}

// A neuron that rests between opposite points, all off, leaves when both sides come to push one way.
void EventSearch::idle_lines(int j, double sign) {
    if (!(jets_.w_norm(0, j) > noise_.w(j))) return;
    for (int i = 0; i < in_.n; ++i) {
        if (!idles(in_, &pairs_.modes[at(pairs_.index(j, 0))], i)) continue;
        const double z = dot(jets_.w(0, j), in_.row(i), in_.stride());
        if (std::abs(z) <= 4.0 * noise_.z(j, i)) consider(push_one_way(i, sign), j, i, EventKind::kCross);
    }
}

// When both sides come to push one way, clear of rounding; -1: not within the step.
double EventSearch::push_one_way(int i, double sign) const {
    const double noise =
        std::max(noise_.residual() * in_.parallel().weight(i), noise_.gradient() / in_.norm(i));
    std::array<double, kMaxOrder + 1> ahead, behind;
    for (int k = 0; k < jets_.order(); ++k) {
        const LinePush push = in_.parallel().push(jets_.r(k).data(), i);
        ahead[at(k)] = sign * push.ahead;
        behind[at(k)] = sign * push.behind;
    }
    double earliest = -1.0;
    for (const double way : {1.0, -1.0}) {
        double when = 0.0;
        for (const auto* side : {&ahead, &behind}) {
            std::array<double, kMaxOrder + 1> left;  // until it does: 0 or below once it pushes this way
            for (int k = 0; k < jets_.order(); ++k) left[at(k)] = -way * (*side)[at(k)];
            left[0] += 2.0 * noise;
            const double t = left[0] < 0.0 ? 0.0 : first_exit(left.data(), jets_.order() - 1, h_, noise);
            when = t < 0.0 || when < 0.0 ? -1.0 : std::max(when, t);
        }
        if (when >= 0.0 && (earliest < 0.0 || when < earliest)) earliest = when;
    }
    return earliest;
}

// When what point i pushes, `alone` on its side of its line or with those opposite, is no longer attracting;
// -1: not within the step.
double EventSearch::turns_repelling(int i, double sign, bool alone) const {
    const ParallelInputs& lines = in_.parallel();
    const double side = lines.ratio(i) > 0.0 ? 1.0 : -1.0, noise = noise_.residual() * lines.weight(i);
    std::array<double, kMaxOrder + 1> c;
    for (int k = 0; k < jets_.order(); ++k) {
        const LinePush push = lines.push(jets_.r(k).data(), i);
        c[at(k)] = -sign * (!alone ? push.jump() : side > 0.0 ? push.ahead : -push.behind);
    }
    return c[0] < -noise ? 0.0 : first_exit(c.data(), jets_.order() - 1, h_, noise);
}

void EventSearch::crossing(int j, int i) {
    const double side = pairs_.mode(j, i) == Mode::kOn ? 1.0 : -1.0, norm = in_.norm(i);
    const int order = jets_.order();
    double rest = 0.0, power = h_;
    for (int k = 1; k <= order; ++k, power = next_power(power, h_)) rest += jets_.w_norm(k, j) * power;
    std::array<double, kMaxOrder + 1> c;
    double low = 0.0;
    power = 1.0;
    for (int k = 0; k <= order; ++k, power = next_power(power, h_)) {
        c[at(k)] = side * dot(jets_.w(k, j), in_.row(i), in_.stride());
        low += k == 0 ? c[0] : std::min(c[at(k)] * power, 0.0);
        if (k > 0) rest -= jets_.w_norm(k, j) * power;
        if (low > rest * norm * (1.0 + 1e-12)) return;
    }
    consider(first_exit(c.data(), order, h_, noise_.z(j, i)), j, i, EventKind::kCross);
}

void EventSearch::orthogonal_crossings(int j) {
    const int order = jets_.order();
    std::array<double, kMaxOrder + 1> c;
    for (Index slot = 0; slot < jets_.width(j); ++slot) {
        const int i = jets_.slot_point(j, slot);
        const double norm = jets_.slot_norm(j, slot);
        double low = c[0] = norm * jets_.w(0, j)[slot], power = h_;
        for (int k = 1; k <= order; ++k, power = next_power(power, h_)) {
            c[at(k)] = norm * jets_.w(k, j)[slot];
            low += std::min(c[at(k)] * power, 0.0);
        }
        if (low < 0.0) consider(first_exit(c.data(), order, h_, noise_.z(j, i)), j, i, EventKind::kCross);
    }
}

void EventSearch::of_multipliers(int j, double sign) {
    const KinkBasis& slide = pairs_.slide(j);
    const double tol = noise_.multiplier(slide);
    const int order = jets_.order() - 1;
    for (int slot = 0; slot < slide.size(); ++slot) {
        const int i = slide.point(slot);
        for (const EventKind kind : {EventKind::kReleaseOff, EventKind::kReleaseOn}) {
            const Room left = room(j, slot, sign, kind);
            const double t = first_exit(left.data(), order, h_, tol * in_.parallel().weight(i));
            if (t >= 0.0 && clear_ && (unclear(j, i) || weighs_nothing(left, t, j, i, kLateWeight))) continue;
            consider(t, j, i, kind);
        }
    }
    std::array<double, kMaxOrder + 1> outer;
    for (int k = 0; k <= jets_.order(); ++k) outer[at(k)] = sign * jets_.a(k, j);
    consider(first_exit(outer.data(), jets_.order(), h_, noise_.outer(j)), j, -1, EventKind::kOuterZero);
}

EventSearch::Room EventSearch::room(const Event& e, const std::vector<double>& sign) const {
    const KinkBasis& slide = pairs_.slide(e.neuron);
    int slot = 0;
    while (slide.point(slot) != e.point) ++slot;
    return room(e.neuron, slot, sign[at(e.neuron)], e.kind);
}

EventSearch::Room EventSearch::room(int j, int slot, double sign, EventKind kind) const {
    Room room;
    for (int k = 0; k < jets_.order(); ++k) {  // attracting: sign(r_i) = -sign(a_j)
        const double mu = jets_.mu(k, j, slot);
        const LinePush push = in_.parallel().push(jets_.r(k).data(), pairs_.slide(j).point(slot));
        room[at(k)] = -sign * (kind == EventKind::kReleaseOff ? mu - push.behind : push.ahead - mu);
    }
    return room;
}

bool EventSearch::unclear(int j, int i) const {
    const double noise = noise_.multiplier(pairs_.slide(j)) * in_.parallel().weight(i);
    return !clear_of_noise(in_.parallel().push(jets_.r(0).data(), i).jump(), noise);
}

// A multiplier beyond its bound by v for a time s has pushed its neuron by abs(a_j) norm(x_i) v s / n in
// vain. Fast modes that are within tolerance can promise such releases of a pair that is near its bound, in
// every step, and none of them comes. One that is still beyond at the end of the step is released there:
// late.
bool EventSearch::weighs_nothing(const Room& room, double t, int j, int i, double late) const {
    const double a = std::abs(jets_.a(0, j)), size = std::hypot(jets_.w_norm(0, j), a);
    const double push = a * in_.norm(i) * (h_ - t) * in_.unit() / in_.n;
    const int order = jets_.order() - 1;
    const double weight = evaluate(room.data(), order, h_) >= 0.0 ? kWeight : late;
    const double most = weight * (options_.rtol * size + options_.atol) / push;
    return first_exit(room.data(), order, h_, most) < 0.0;
}

}  // namespace pl
