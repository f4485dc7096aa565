#include "flow/alone.hpp"

#include <algorithm>
#include <utility>

#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kRound = 1e8;    // floating-point operations between two questions whether to go on
constexpr double kBesides = 2e4;  // what an evaluation costs besides its products: some 5 microseconds
constexpr double kEach = 8.0;     // evaluations of a neuron, until the first round has told
constexpr Index kFirst = 64, kFewest = 16;  // neurons of the first round, and of one at least

Problem<double> of_one_neuron(Problem<double> problem) {
    problem.p = 1;
    return problem;
}

}  // namespace

Alone::Alone(const Problem<double>& problem, const OnNeurons& flow, Crew crew)
    : OnNeurons(flow), alone_(of_one_neuron(problem)), crew_(crew), followers_(at(crew.size())) {}

void Alone::begin() {
    residuals_.clear();
    for (int k = 0; k < std::max(jets_.order(), 1); ++k) residuals_.push_back(jets_.r(k));
    const auto zero = [](const std::vector<double>& r) {
        return std::all_of(r.begin(), r.end(), [](double value) { return value == 0.0; });
    };
    while (residuals_.size() > 1 && zero(residuals_.back())) residuals_.pop_back();
    moved_.clear();
    before_ = all_evaluations();
}

// Rounds are of as many neurons for any number of threads: so are those followed before one cannot be. How
// many is told by the evaluations of the round before: those from far below the labels, with twenty events
// each in one step, take sixty times what others do (at p = 4000 one round was left 10 s late).
bool Alone::follow(const std::vector<int>& neurons, double t, double h, Grazes* grazes,
                   const std::function<bool()>& cut) {
    const Stretch stretch{t, h, residuals_};
    const double evaluation = 4.0 * static_cast<double>(in_.n * in_.stride()) + kBesides;
    double each = kEach * evaluation;
    Index most = kFirst;
    for (Index from = 0, count = size_of(neurons), part = 0; from < count; from += part) {
        if (cut()) return false;
        part = std::min({std::max(kFewest, static_cast<Index>(kRound / each)), most, count - from});
        const Index before = all_evaluations();
        const std::size_t first = moved_.size();
        moved_.resize(first + at(part));
        crew_.each(part, each * static_cast<double>(part), [&](int worker, Index k) {
            moved_[first + at(k)] = follower(worker).follow(neurons[at(from + k)], stretch, grazes);
        });
        const auto whole = [](const Moved& m) { return m.whole; };
        if (!std::all_of(moved_.begin() + static_cast<Index>(first), moved_.end(), whole)) return false;
        each = evaluation * static_cast<double>(std::max<Index>(all_evaluations() - before, part)) /
               static_cast<double>(part);
        most = count;
    }
    return true;
}

Follower& Alone::follower(int worker) {
    std::unique_ptr<Follower>& mine = followers_[at(worker)];
    const OnNeurons& flow = *this;
    if (!mine) mine = std::make_unique<Follower>(alone_, flow);
    return *mine;
}

bool Alone::below(double size_sq) const {
    return std::all_of(moved_.begin(), moved_.end(),
                       [size_sq](const Moved& m) { return m.size_sq <= size_sq; });
}

void Alone::exchange() {
    for (Moved& m : moved_) {
        for (int i = 0; i < in_.n; ++i) {
            const Mode mode = m.modes[at(i)];
            m.modes[at(i)] = pairs_.mode(m.neuron, i);
            pairs_.set(m.neuron, i, mode);
        }
        const KinkBasis before = pairs_.slide(m.neuron);
        pairs_.set_slide(m.neuron, m.slide);
        m.slide = before;
    }
}

void Alone::write(double* W, double* a) const {
    for (const Moved& m : moved_) {
        std::copy_n(m.w.begin(), in_.d, W + Index{m.neuron} * in_.d);
        a[m.neuron] = m.a;
    }
}

void Alone::place() {
    for (const Moved& m : moved_) jets_.place(m.neuron, m.w.data(), m.a);
    exchange();
}

void Alone::remove() {
    exchange();
    forget();
}

void Alone::keep() {
    std::vector<double> sign = switcher_.sign();
    Tally together(options_.switches);
    for (const Moved& m : moved_) {
        sign[at(m.neuron)] = m.sign;
        together.add(m.tally);
    }
    switcher_.recall(sign);
    together.sort();
    journal_.add(together);
    forget();
}

void Alone::forget() {
    moved_.clear();
    evaluations_ += (all_evaluations() - before_ + in_.p - 1) / in_.p;
    before_ = all_evaluations();
}

Index Alone::all_evaluations() const {
    Index sum = 0;
    for (const auto& follower : followers_) sum += follower ? follower->evaluations() : 0;
    return sum;
}

}  // namespace pl
