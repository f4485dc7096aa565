#include "flow/grazes.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "flow/kernels.hpp"
#include "flow/polynomial.hpp"
#include "flow/rounds.hpp"

namespace pl {
namespace {

constexpr int kHalvings = 40;  // of a step, to find where a pair turns

// side * z of a pair within a step: sum_k c_k s^k.
class Course {
  public:
    Course(const Inputs& in, const SeenNeuron& seen, int i, double side) : order_(seen.jets.order()) {
        for (int k = 0; k <= order_; ++k) c_[at(k)] = side * dot(seen.w(k), in.row(i), in.stride());
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

Grazes::Neuron& Grazes::noted(int j) {
    std::unique_ptr<Neuron>& neuron = neurons_[at(j)];
    if (!neuron) neuron = std::make_unique<Neuron>();
    return *neuron;
}

Grazes::Vector Grazes::velocity(const SeenNeuron& seen, double s) const {
    Vector v(at(in_.stride()));
    double power = 1.0;
    for (int k = 1; k <= seen.jets.order(); ++k, power = next_power(power, s))
        for (Index l = 0; l < in_.stride(); ++l) v[at(l)] += k * power * seen.w(k)[l];
    return v;
}

bool Grazes::note(const Jets& jets, double h, const std::vector<Event>& events,
                  const std::vector<int>& elsewhere, const std::function<bool()>& cut) {
    if (!in_.dense() || !(h > 0.0)) return true;
    Rounds rounds(in_, cut);
    std::vector<Counted> before;  // of those that have come to more
    for (int j = 0; j < in_.p; ++j) {
        const std::unique_ptr<Neuron>& neuron = neurons_[at(j)];
        if (jets.still(j) && neuron) neuron->through.clear();  // too small to be seen: not looked at
        if (jets.still(j) || std::binary_search(elsewhere.begin(), elsewhere.end(), j)) continue;
        if (rounds.ended()) {
            for (const Counted& count : before) neurons_[at(count.neuron)]->take(count);
            return false;
        }
        const Counted count = neuron ? Counted{j, neuron->close, neuron->closest} : Counted{j};
        along({jets, pairs_, j, j}, h, events);
        if (neuron && neuron->close != count.close) before.push_back(count);
    }
    return true;
}

void Grazes::note_alone(const SeenNeuron& seen, double h, const std::vector<Event>& events) {
    if (h > 0.0) along(seen, h, events);
}

void Grazes::along(const SeenNeuron& seen, double h, const std::vector<Event>& all) {
    if (!seen.pairs.moves(seen.slot)) return;
    follow(seen, h);
    std::vector<Event> events;
    for (const Event& e : all)
        if (e.neuron == seen.slot) events.push_back(e);
    search(seen, h, events);
    const std::unique_ptr<Neuron>& neuron = neurons_[at(seen.neuron)];
    if (!neuron || neuron->through.empty()) return;
    neuron->velocity = velocity(seen, h);
    neuron->events = std::move(events);
}

void Grazes::hold(const std::vector<int>& neurons) {
    before_.clear();
    for (int j : neurons) {
        const auto from = nearing_.begin() + pairs_.index(j, 0);
        before_.push_back({j, noted(j), {from, from + in_.n}});
    }
}

void Grazes::forget() {
    for (Before& b : before_) {
        noted(b.neuron) = std::move(b.state);
        std::copy(b.nearing.begin(), b.nearing.end(), nearing_.begin() + pairs_.index(b.neuron, 0));
    }
    before_.clear();
}

// Pairs at repelling kinks that come near in the step.
void Grazes::search(const SeenNeuron& seen, double h, const std::vector<Event>& events) {
    const int j = seen.neuron;
    double way = kClose * seen.w_norm(0), change = 0.0, power = h;
    for (int k = 1; k <= seen.jets.order(); ++k, power = next_power(power, h)) {
        way += seen.w_norm(k) * power;
        if (k > 1) change += k * seen.w_norm(k) * power / h;
    }
    double reach = near_.reach(j, seen.w(0));
    const NearList list = near_.within(j, seen.w(0), reach, way);
    const double limit = reach + way;
    for (const auto& [distance, i] : list) {
        if (distance > limit) break;
        if (in_.parallel().line(i) != i) continue;  // a line has one kink
        const bool repels = seen.a() * in_.parallel().push(seen.jets.r(0).data(), i).jump() > 0.0;
        if (repels && seen.mode(i) != Mode::kSlide)
            look(seen, i, h, change * in_.norm(i), events);
        else
            nearing_[at(pairs_.index(j, i))] = 0;
    }
}

// Pairs that went through: which of them would have turned?
void Grazes::follow(const SeenNeuron& seen, double h) {
    if (!neurons_[at(seen.neuron)] || neurons_[at(seen.neuron)]->through.empty()) return;
    Neuron& neuron = noted(seen.neuron);
    const Vector start = velocity(seen, 0.0);
    const auto gone = [&](Through& pair) {
        const double scale = seen.w_norm(0) * in_.norm(pair.point);
        return seen.mode(pair.point) != pair.now || ends(neuron, start, pair) ||
               turns(h, scale, seen.neuron, pair);
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
bool Grazes::turns(double h, double scale, int j, Through& pair) {
    const double before = pair.speed, after = before + h * pair.rate;
    if (before >= 0.0 || after >= 0.0) {
        count(j, pair.depth + (before < 0.0 ? 0.5 * before * before / pair.rate : 0.0), scale);
        return true;
    }
    pair.speed = after;
    pair.depth -= 0.5 * h * (before + after);
    return pair.depth >= kClose * scale;
}

// A pair that comes nearer: has it turned by h, or gone through? Its speed changes by no more than `change`.
void Grazes::look(const SeenNeuron& seen, int i, double h, double change, const std::vector<Event>& events) {
    const bool on = seen.mode(i) == Mode::kOn;
    const double side = on ? 1.0 : -1.0, scale = seen.w_norm(0) * in_.norm(i);
    const double first = side * dot(seen.w(1), in_.row(i), in_.stride());
    std::int8_t& nearing = nearing_[at(pairs_.index(seen.neuron, i))];
    const bool came = nearing == static_cast<std::int8_t>(side);
    nearing = 0;
    if (!(first < 0.0)) {
        if (came) count(seen.neuron, side * dot(seen.w(0), in_.row(i), in_.stride()), scale);
        return;
    }
    nearing = static_cast<std::int8_t>(side);
    const bool through = std::any_of(events.begin(), events.end(), [i](const Event& e) {
        return e.kind == EventKind::kCross && e.point == i;
    });
    if (!through && first + change < 0.0) return;
    const Course course(in_, seen, i, side);
    const double speed = course.speed(h);
    if (speed >= 0.0) {
        nearing = 0;
        count(seen.neuron, course.z(course.turn(h)), scale);
    } else if (through) {
        noted(seen.neuron)
            .through.push_back({i, on ? Mode::kOff : Mode::kOn, side, speed, course.rate(h), 0.0, {}});
    }
}

void Grazes::count(int j, double z0, double scale) {
    const double distance = std::abs(z0) / scale;
    if (!(distance < kClose)) return;
    Neuron& neuron = noted(j);
    ++neuron.close;
    neuron.closest = std::min(neuron.closest, distance);
}

Index Grazes::close() const {
    Index sum = 0;
    for (const auto& neuron : neurons_) sum += neuron ? neuron->close : 0;
    return sum;
}

double Grazes::closest() const {
    double least = std::numeric_limits<double>::infinity();
    for (const auto& neuron : neurons_)
        if (neuron) least = std::min(least, neuron->closest);
    return least;
}

}  // namespace pl
