// The modes that a run begins with: known, of a past, or found.
#include <algorithm>
#include <cmath>
#include <optional>

#include "flow/rounds.hpp"
#include "flow/switching.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"

namespace pl {

bool Switcher::start(double t, const Problem<double>& problem, const std::function<bool()>& cut) {
    Kinks open;
    if (!modes_by_sign(problem.W, cut, open)) return false;
    take_known(t, problem, open);
    open_torn_lines(open);
    if (!set_state(problem, cut)) return false;
    const bool finite = std::isfinite(jets_.norm(0));  // else the run ends here
    if (finite && sliding() > 0) {
        for (int j = 0; j < in_.p; ++j) jets_.project_state(j);
        if (!evaluate(cut)) return false;
    }
    jets_.hold_invariants();
    if (cut()) return false;
    for (int j = 0; j < in_.p; ++j) {
        take_sign(j);
        if (jets_.w_norm(0, j) > 0.0) continue;
        journal_.zero_neuron();
        open.erase(j);
    }
    return !finite || settle_start(t, open, cut);
}

// The points of each neuron whose z is 0 to rounding are left open; their pairs are off.
bool Switcher::modes_by_sign(const double* W, const std::function<bool()>& cut, Kinks& open) {
    Rounds rounds(in_, cut);
    std::vector<double> all(at(in_.n));
    for (int j = 0; j < in_.p; ++j) {
        if (rounds.ended()) return false;
        const double* row = W + at(j) * at(in_.d);
        const double within = in_.dense() ? kAtKink * norm_of(row, in_.d) : 0.0;
        if (in_.dense()) inner_of_rows(row, in_.rows(), in_.stride(), in_.d, in_.n, all.data());
        for (int i = 0; i < in_.n; ++i) {
            const double z = in_.dense() ? all[at(i)] : row[i];
            const bool rounding = std::isfinite(within) && std::abs(z) <= within * in_.norm(i);
            pairs_.modes[at(pairs_.index(j, i))] = !rounding && z > 0.0 ? Mode::kOn : Mode::kOff;
            if (rounding) open[j].push_back(i);
        }
    }
    pairs_.list();
    return true;
}

// What is known of pairs that are at their kinks; it is no longer open then.
void Switcher::take_known(double t, const Problem<double>& problem, Kinks& open) {
    for (const PairAtKink& kink : problem.kinks) {
        const int j = kink.neuron, i = kink.point;
        if (j >= in_.p || i >= in_.n || (!in_.dense() && kink.mode != Mode::kOff)) continue;
        const double* row = problem.W + at(j) * at(in_.d);
        const double z = in_.dense() ? inner(row, in_.row(i), in_.d) : row[i] * in_.norm(i);
        const double size = norm_of(row, in_.d);
        if (size == 0.0 || !(std::abs(z) <= kNearKink * size * in_.norm(i))) continue;  // at 0 it stays
        if (kink.mode == Mode::kSlide && !slide_on(j, i)) continue;
        std::vector<int>& left = open[j];
        left.erase(std::remove(left.begin(), left.end(), i), left.end());
        const Mode sign = z > 0.0 ? Mode::kOn : Mode::kOff;
        pairs_.set(j, i, kink.mode);
        if (kink.mode != sign) journal_.began({t, j, i, sign, kink.mode});
    }
}

// Of a line its first point is slid on. False: it depends on others.
bool Switcher::slide_on(int j, int i) {
    const int first = in_.parallel().line(i);
    KinkBasis& basis = pairs_.sliding(j);
    return (first != i && basis.find(first) >= 0) || basis.add(first, in_.row(first));
}

// Lines of which not all points are on one side, by their signs or by what is said of them: as a whole they
// are within rounding of their kink.
void Switcher::open_torn_lines(Kinks& open) {
    const ParallelInputs& lines = in_.parallel();
    for (int j = 0; lines.any() && j < in_.p; ++j) {
        for (int first = 0; first < in_.n; ++first) {
            if (lines.line(first) != first || lines.members(first).size() < 2 || !torn(j, first)) continue;
            const int slot = pairs_.slide(j).find(first);
            if (slot >= 0) pairs_.sliding(j).remove(slot);
            for (const int i : lines.members(first)) {
                pairs_.set(j, i, Mode::kOff);
                std::vector<int>& points = open[j];
                if (std::find(points.begin(), points.end(), i) == points.end()) points.push_back(i);
            }
        }
    }
}

// Whole are lines that slide, that are off, and those with one side on.
bool Switcher::torn(int j, int first) const {
    const ParallelInputs& lines = in_.parallel();
    const Mode ahead = pairs_.mode(j, first);
    std::optional<Mode> behind;
    for (const int i : lines.members(first)) {
        const Mode mode = pairs_.mode(j, i);
        if (lines.ratio(i) > 0.0 ? mode != ahead : mode != behind.value_or(mode)) return true;
        if (lines.ratio(i) < 0.0) behind = mode;
    }
    if (!behind) return false;
    return (ahead == Mode::kSlide) != (*behind == Mode::kSlide) ||
           (ahead == Mode::kOn && *behind == Mode::kOn);
}

// Of a pair at a repelling kink the rule's choice is one of two that are consistent: it is counted.
bool Switcher::settle_start(double t, Kinks& open, const std::function<bool()>& cut) {
    std::int64_t repelling = 0, pairs = 0;
    if (!settle_kinks(t, open, cut)) return false;
    for (const auto& [j, points] : open) {
        for (const int i : points) {
            ++pairs;
            repelling += sign_[at(j)] * jets_.r(0)[at(i)] > 0.0 && pairs_.mode(j, i) == Mode::kOff ? 1 : 0;
        }
    }
    journal_.started_at_kinks(pairs, repelling);
    return true;
}

bool Switcher::go_on(const FlowPast& past, const Problem<double>& problem, const std::function<bool()>& cut) {
    Kinks kinks;
    for (int j = 0; j < in_.p; ++j) {
        for (int i = 0; i < in_.n; ++i) {
            const Mode mode = past.modes[at(pairs_.index(j, i))];
            // inputs that hardly are independent may be refused in another order than they came in
            const bool kept = mode != Mode::kSlide || slide_on(j, i);
            pairs_.modes[at(pairs_.index(j, i))] = kept ? mode : Mode::kOff;
            if (!kept) kinks[j].push_back(i);
        }
    }
    pairs_.list();
    noise_.recall(past.largest_w, past.largest_a);
    if (!set_state(problem, cut)) return false;
    jets_.hold_invariants(past.held);
    sign_ = past.sign;
    return !std::isfinite(jets_.norm(0)) || settle_kinks(past.t, kinks, cut);
}

}  // namespace pl
