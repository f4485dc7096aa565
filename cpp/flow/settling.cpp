#include "flow/settling.hpp"

#include <algorithm>
#include <cmath>

#include "flow/kernels.hpp"
#include "kernel/index.hpp"
#include "kernel/inner.hpp"
#include "problem/at_kinks.hpp"

namespace pl {
namespace {

void add_unique(std::vector<int>& list, int value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

// The point of its line (point i itself if it is alone) that is on; -1: none is.
int on_of_line(const Inputs& in, const Mode* modes, int i) {
    if (!in.parallel().any()) return modes[i] == Mode::kOn ? i : -1;
    const std::vector<int>& all = in.parallel().members(i);
    const auto on = std::find_if(all.begin(), all.end(), [modes](int k) { return modes[k] == Mode::kOn; });
    return on == all.end() ? -1 : *on;
}

// A line is at its kink as a whole.
void add_lines(const Inputs& in, std::vector<int>& points) {
    if (!in.parallel().any()) return;
    for (std::size_t l = 0, count = points.size(); l < count; ++l)
        for (const int k : in.parallel().members(points[l])) add_unique(points, k);
}

// The points at the kink: those slid on, those that caused the event, and of `near` those at rest there. A
// pair just leaving upwards on a repelling kink has chosen already.
std::vector<int> kink_set(const Inputs& in, const Noise& noise, const NeuronAtEvent& at_event,
                          const KinkBasis& slide, const std::vector<int>& near, const Cause& cause) {
    std::vector<int> points = cause.crossed;
    for (int slot = 0; slot < slide.size(); ++slot) add_unique(points, slide.point(slot));
    for (const Forced& f : cause.forced) add_unique(points, f.point);
    std::vector<double> velocity(at_event.gradient, at_event.gradient + in.stride()), coeff(at(in.d));
    slide.project(velocity.data(), coeff.data());
    for (double& value : velocity) value *= at_event.sign;
    for (int i : near) {
        if (std::abs(dot(at_event.w, in.row(i), in.stride())) > 4.0 * noise.z(at_event.neuron, i)) continue;
        const bool attracting = at_event.sign * in.parallel().push(at_event.r, i).jump() < 0.0;
        const int on = on_of_line(in, at_event.modes, i);
        const bool leaving =
            on >= 0 && dot(velocity.data(), in.row(on), in.stride()) > noise.gradient() * in.norm(on);
        if (attracting || !leaving) add_unique(points, i);
    }
    add_lines(in, points);
    std::sort(points.begin(), points.end());
    return points;
}

// The modes selected on that set; `slide` then holds those slid on.
std::vector<KinkPoint> selected(const Inputs& in, const Noise& noise, const NeuronAtEvent& at_event,
                                const std::vector<int>& set, const std::vector<Forced>& forced,
                                KinkBasis& slide) {
    std::vector<double> base(at_event.gradient, at_event.gradient + in.d);
    std::vector<KinkPoint> points;
    for (int i : set) {
        const Mode mode = at_event.modes[i];
        const double r = at_event.r[i];
        points.push_back({i, in.row(i), at_event.sign * r, mode, noise.gradient() * in.norm(i),
                          in.parallel().line(i), in.parallel().ratio(i)});
        for (const Forced& f : forced) {
            if (f.point == i) points.back().mode = f.mode;
        }
        for (Index l = 0; mode == Mode::kOn && l < size_of(base); ++l) base[at(l)] -= r * in.row(i)[l];
    }
    for (double& value : base) value *= at_event.sign;
    select_modes(points, base, noise.residual(), slide);
    return points;
}

// A state is told by its numbers: a pair that is off there with z_ji > kNearKink norm(w_j) norm(x_i) would be
// on in a run that begins from them. Of a neuron that has shrunk to the rounding of what it was, such pairs
// are put on their kinks, w (d, on those of `slide`) by no more than that rounding. Whether w_j is 0 then.
bool put_off(const Inputs& in, const Noise& noise, int neuron, const std::vector<KinkPoint>& points,
             KinkBasis slide, double* w) {
    const double size = norm_of(w, in.d);
    bool any = false;
    for (const KinkPoint& k : points) {
        const double most = kNearKink * size * in.norm(k.point);
        if (k.mode == Mode::kOff && inner(w, k.x, in.d) > most) any |= slide.add(k.point, k.x);
    }
    if (!any) return false;
    std::vector<double> coeff(at(slide.size()));
    slide.project(w, coeff.data());
    return norm_of(w, in.d) <= noise.w(neuron);
}

}  // namespace

double sign_of(double a, double slope) {
    return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : slope > 0.0 ? 1.0 : slope < 0.0 ? -1.0 : 0.0;
}

Settled settled(const Inputs& in, const Noise& noise, const NeuronAtEvent& at_event,
                const std::vector<int>& near, const Cause& cause, KinkBasis& slide, double* w) {
    const std::vector<int> set = kink_set(in, noise, at_event, slide, near, cause);
    Settled found{selected(in, noise, at_event, set, cause.forced, slide),
                  in.parallel().any() && in.parallel().among(set), false};
    std::vector<double> coeff(at(slide.size()));
    if (slide.size() > 0) slide.project(w, coeff.data());
    found.gone = put_off(in, noise, at_event.neuron, found.points, slide, w);
    return found;
}

}  // namespace pl
