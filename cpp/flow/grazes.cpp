#include "flow/grazes.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "flow/kernels.hpp"
#include "flow/polynomial.hpp"

namespace pl {
namespace {

constexpr int kHalvings = 40;  // of a step, to find where a pair turns

// side * z of a pair within a step: sum_k c_k s^k.
class Course {
  public:
    Course(const Inputs& in, const Jets& jets, int j, int i, double side) : order_(jets.order()) {
        for (int k = 0; k <= order_; ++k) c_[at(k)] = side * dot(jets.w(k, j), in.row(i), in.stride());
    }
    double z(double s) const {
        double sum = 0.0;
        for (int k = order_; k >= 0; --k) sum = sum * s + c_[at(k)];
        return sum;
    }
    double speed(double s) const {
        double sum = 0.0;
        for (int k = order_; k >= 1; --k) sum = sum * s + k * c_[at(k)];
        return sum;
    }
    double rate(double s) const {
        double sum = 0.0;
        for (int k = order_; k >= 2; --k) sum = sum * s + k * (k - 1) * c_[at(k)];
        return sum;
    }
    // Where in [0, h] the speed, below 0 at its start and not at its end, is 0.
    double turn(double h) const {
        double low = 0.0, high = h;
        for (int k = 0; k < kHalvings; ++k) {
            const double middle = 0.5 * (low + high);
            (speed(middle) < 0.0 ? low : high) = middle;
        }
        return 0.5 * (low + high);
    }

  private:
    std::array<double, kMaxOrder + 1> c_;
    int order_;
};

}  // namespace

Grazes::Grazes(const Inputs& inputs, const Pairs& pairs)
    : in_(inputs),
      pairs_(pairs),
      near_(inputs),
      nearing_(inputs.dense() ? at(Index{inputs.p} * inputs.n) : 0),
      neurons_(at(inputs.p)) {}

Grazes::Vector Grazes::velocity(const Jets& jets, int j, double s) const {
    Vector v(at(in_.stride()));
    double power = 1.0;
    for (int k = 1; k <= jets.order(); ++k, power *= s)
        for (Index l = 0; l < in_.stride(); ++l) v[at(l)] += k * power * jets.w(k, j)[l];
    return v;
}

void Grazes::note(const Jets& jets, double h, const std::vector<Event>& events) {
    if (!in_.dense() || !(h > 0.0)) return;
    for (int j = 0; j < in_.p; ++j) {
        Neuron& neuron = neurons_[at(j)];
        if (jets.still(j)) neuron.through.clear();  // too small to be seen: not looked at
        if (jets.still(j) || !pairs_.moves(j)) continue;
        follow(jets, j, h);
        neuron.events.clear();
        for (const Event& e : events)
            if (e.neuron == j) neuron.events.push_back(e);
        search(jets, j, h);
        if (!neuron.through.empty()) neuron.velocity = velocity(jets, j, h);
    }
}

// Pairs at repelling kinks that come near in the step.
void Grazes::search(const Jets& jets, int j, double h) {
    const double* w = jets.w(0, j);
    double way = kClose * jets.w_norm(0, j), change = 0.0, power = h;
    for (int k = 1; k <= jets.order(); ++k, power *= h) {
        way += jets.w_norm(k, j) * power;
        if (k > 1) change += k * jets.w_norm(k, j) * power / h;
    }
    const auto& list = near_.within(j, w, near_.reach(j, w), way);
    const double limit = near_.reached() + way;
    for (const auto& [distance, i] : list) {
        if (distance > limit) break;
        const bool repels = jets.a(0, j) * jets.r(0)[at(i)] > 0.0;
        if (repels && pairs_.mode(j, i) != Mode::kSlide)
            look(jets, {j, i}, h, change * in_.norm(i));
        else
            nearing_[at(pairs_.index(j, i))] = 0;
    }
}

// Pairs that went through: which of them would have turned?
void Grazes::follow(const Jets& jets, int j, double h) {
    Neuron& neuron = neurons_[at(j)];
    if (neuron.through.empty()) return;
    const Vector start = velocity(jets, j, 0.0);
    const auto gone = [&](Through& pair) {
        const double scale = jets.w_norm(0, j) * in_.norm(pair.point);
        return pairs_.mode(j, pair.point) != pair.now || ends(neuron, start, pair) || turns(h, scale, pair);
    };
    neuron.through.erase(std::remove_if(neuron.through.begin(), neuron.through.end(), gone),
                         neuron.through.end());
}

// What events have made of the speed, unless this pair brought them about: then it is not followed further.
bool Grazes::ends(const Neuron& neuron, const Vector& start, Through& pair) {
    Vector jump(start);
    for (Index l = 0; l < in_.stride(); ++l) jump[at(l)] -= neuron.velocity[at(l)];
    if (pair.push.empty()) {
        pair.push = std::move(jump);
        return false;
    }
    for (const Event& e : neuron.events)
        if (!by_itself(e, neuron.velocity, pair.push)) return true;
    if (!neuron.events.empty()) pair.speed += pair.side * dot(jump.data(), in_.row(pair.point), in_.stride());
    return false;
}

// A crossing to which the neuron would have come without that push, too.
bool Grazes::by_itself(const Event& event, const Vector& before, const Vector& push) const {
    if (event.kind != EventKind::kCross) return false;
    const double* x = in_.row(event.point);
    const double speed = dot(before.data(), x, in_.stride());
    return speed * (speed - dot(push.data(), x, in_.stride())) > 0.0;
}

// True as well of a pair that has come too far.
bool Grazes::turns(double h, double scale, Through& pair) {
    const double before = pair.speed, after = before + h * pair.rate;
    if (before >= 0.0 || after >= 0.0) {
        count(pair.depth + (before < 0.0 ? 0.5 * before * before / pair.rate : 0.0), scale);
        return true;
    }
    pair.speed = after;
    pair.depth -= 0.5 * h * (before + after);
    return pair.depth >= kClose * scale;
}

// A pair that comes nearer: has it turned by h, or gone through? Its speed changes by no more than `change`.
void Grazes::look(const Jets& jets, Pair pair, double h, double change) {
    const auto [j, i] = pair;
    const bool on = pairs_.mode(j, i) == Mode::kOn;
    const double side = on ? 1.0 : -1.0, scale = jets.w_norm(0, j) * in_.norm(i);
    const double first = side * dot(jets.w(1, j), in_.row(i), in_.stride());
    std::int8_t& nearing = nearing_[at(pairs_.index(j, i))];
    const bool came = nearing == static_cast<std::int8_t>(side);
    nearing = 0;
    if (!(first < 0.0)) {
        if (came) count(side * dot(jets.w(0, j), in_.row(i), in_.stride()), scale);
        return;
    }
    nearing = static_cast<std::int8_t>(side);
    Neuron& neuron = neurons_[at(j)];
    const bool through = std::any_of(neuron.events.begin(), neuron.events.end(), [i](const Event& e) {
        return e.kind == EventKind::kCross && e.point == i;
    });
    if (!through && first + change < 0.0) return;
    const Course course(in_, jets, j, i, side);
    const double speed = course.speed(h);
    if (speed >= 0.0) {
        nearing = 0;
        count(course.z(course.turn(h)), scale);
    } else if (through) {
        neuron.through.push_back({i, on ? Mode::kOff : Mode::kOn, side, speed, course.rate(h), 0.0, {}});
    }
}

void Grazes::count(double z0, double scale) {
    const double distance = std::abs(z0) / scale;
    if (!(distance < kClose)) return;
    ++close_;
    closest_ = std::min(closest_, distance);
}

}  // namespace pl
