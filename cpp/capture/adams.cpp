#include "capture/adams.hpp"

#include <algorithm>
#include <cmath>

#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

constexpr Index kPartPoints = 1 << 15;

}  // namespace

// The sum of part(first, last) over all points, in parts that only their number fixes. At 10^6 points the
// vectors of a step are a fifth of its traffic.
template <class Part>
double Adams::over_points(Index size, const Part& part) {
    sums_.assign(at((size + kPartPoints - 1) / kPartPoints), 0.0);
    parallel_for(size_of(sums_), threads_, [&](Index k) {
        const Index first = k * kPartPoints;
        sums_[at(k)] = part(first, std::min(size, first + kPartPoints));
    });
    double sum = 0;
    for (const double value : sums_) sum += value;
    return sum;
}

void Adams::impulse(const Vector& r, double h, Vector& q) {
    q.resize(r.size());
    damping_ ? damped(r, h, q) : plain(r, h, q);
}

void Adams::plain(const Vector& r, double h, Vector& q) {
    const double weight = h / (2 * h_before_);
    for (Index i = 0; i < size_of(r); ++i) q[at(i)] = h * (r[at(i)] + weight * (r[at(i)] - before_[at(i)]));
}

// Views on part of everything.
DampedArgs Adams::args(const Vector& r, Vector& q, double h, Index first, Index last) {
    DampedArgs args{};
    args.size = last - first;
    args.h = h;
    args.h_before = h_before_;
    args.doublings = std::max(0, std::ilogb(std::max(h * most_damping_, 1.0)) + 1);
    args.r = r.data() + first;
    args.before = before_.data() + first;
    args.q_before = q_before_.data() + first;
    args.damping = damping_->data() + first;
    args.bend = bend_.empty() ? nullptr : bend_.data() + first;
    args.q = q.data() + first;
    return args;
}

void Adams::damped(const Vector& r, double h, Vector& q) {
    over_points(size_of(r), [&](Index first, Index last) {
        DampedArgs part = args(r, q, h, first, last);
        kernel_.impulse(part);
        return 0.0;
    });
}

double Adams::judge(const Vector& r, const Vector& next, Vector& q, double h, bool ours) {
    bend_next_.clear();
    return ours && damping_ ? judge_bend(r, next, q, h) : judge_trapezium(r, next, q, h);
}

double Adams::judge_trapezium(const Vector& r, const Vector& next, const Vector& q, double h) {
    double sum = 0;
    for (Index i = 0; i < size_of(r); ++i) {
        const double off = 0.5 * (r[at(i)] + next[at(i)]) - q[at(i)] / h;
        sum += off * off;
    }
    return sum;
}

// N'' from N at the end of the step, at its start and a step before; what it would have changed.
double Adams::judge_bend(const Vector& r, const Vector& next, Vector& q, double h) {
    bend_next_.resize(r.size());
    return over_points(size_of(r), [&](Index first, Index last) {
        DampedArgs part = args(r, q, h, first, last);
        part.next = next.data() + first;
        part.bend_next = bend_next_.data() + first;
        kernel_.judge(part);
        return part.squares;
    });
}

void Adams::accept(Vector& q, double h) {
    bend_.swap(bend_next_);
    if (damping_) q_before_.swap(q);
    h_before_ = h;
}

// N changes by the change of D times Q, hence N'' by as much times dr/dt.
void Adams::set_damping(std::shared_ptr<const Vector> damping, const Vector& r) {
    if (damping == damping_) return;
    for (Index i = 0; i < size_of(bend_); ++i)
        bend_[at(i)] += ((*damping)[at(i)] - (*damping_)[at(i)]) * (r[at(i)] - before_[at(i)]) / h_before_;
    if (!damping_) q_before_.assign(r.size(), 0.0);
    damping_ = std::move(damping);
    most_damping_ = *std::max_element(damping_->begin(), damping_->end());
}

}  // namespace pl
