#include "capture/leaving.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel/inner.hpp"

namespace pl {
namespace {

bool one_way(const LinePush& push) {
    return std::min(push.ahead, push.behind) > 0.0 || std::max(push.ahead, push.behind) < 0.0;
}

// Of the way from u to v, what is left where 0 is passed; all of it if it is not.
double after_zero(double u, double v) {
    return u * v < 0.0 ? v / (v - u) : 1.0;
}

// Whether a point of the line of point i is on.
bool any_on(const DenseState& state, Index j, const std::vector<int>& line) {
    return std::any_of(line.begin(), line.end(), [&](int i) { return state.on(j, i); });
}

}  // namespace

std::vector<Leaving> leaving(const DenseState& before, const DenseState& after, const CaptureInputs& inputs) {
    const ParallelInputs& lines = inputs.parallel();
    std::vector<Leaving> found;
    for (Index j = 0; lines.any() && j < after.p(); ++j) {
        const auto off = [&](int i) { return after.z_of(j)[i] == 0.0 && !after.on(j, i); };
        double rest = 0.0;
        bool leaves = false;
        for (const Touched& pair : after.touched[at(j)]) {
            const std::vector<int>& all = lines.members(pair.point);
            if (pair.last != 0.0 || !lines.two_sided(pair.point) || !std::all_of(all.begin(), all.end(), off))
                continue;
            const LinePush was = lines.push(before.r.data(), pair.point),
                           now = lines.push(after.r.data(), pair.point);
            if (!one_way(now)) continue;
            leaves = true;
            const double left =
                std::min(after_zero(was.ahead, now.ahead), after_zero(was.behind, now.behind));
            rest = std::max(rest, one_way(was) ? 0.0 : left);
        }
        if (leaves) found.push_back({j, rest});
    }
    return found;
}

void send_off(const Leaving& one, const DenseState& before, double h, const CaptureInputs& inputs,
              DenseState& after) {
    const Index j = one.neuron;
    const double scale = one.rest * h * after.a.data()[j] / static_cast<double>(after.n());
    std::vector<double> by(at(after.d), 0.0);
    for (int i = 0; i < static_cast<int>(after.n()); ++i) {
        const bool starts =
            after.on(j, i) && std::abs(after.z_of(j)[i]) <= std::numeric_limits<double>::min();
        if (!starts) continue;
        const double now = after.r[at(i)], mean = now + 0.5 * one.rest * (before.r[at(i)] - now);
        for (Index k = 0; k < after.d; ++k) by[at(k)] += scale * mean * inputs.rows().row(i)[k];
    }
    std::vector<Touched>& resting = after.touched[at(j)];
    const auto passed = [&](const Touched& pair) {
        return any_on(after, j, inputs.parallel().members(pair.point));
    };
    resting.erase(std::remove_if(resting.begin(), resting.end(), passed), resting.end());
    for (Index k = 0; k < after.d; ++k) after.w_of(j)[k] += by[at(k)];
    for (int i = 0; i < static_cast<int>(after.n()); ++i)
        after.z_of(j)[i] += inner(by.data(), inputs.rows().row(i), after.d);
    for (const Touched& pair : resting) after.z_of(j)[pair.point] = 0.0;
}

}  // namespace pl
