#include "capture/step.hpp"

#include <algorithm>
#include <cmath>

#include "parallel/parallel_for.hpp"

namespace pl {
namespace {

constexpr double kAdamsReach = 0.95;  // of h rho; 1 is the limit of stability at constant steps
constexpr int kRadiusAge = 25;        // steps between estimates: rho moves by a few per cent in as many
constexpr int kFirstRounds = 4, kRounds = 2;

constexpr std::size_t kPartPoints = 1 << 15;

}  // namespace

// The sum of part(first, last) over all points, in parts that only their number fixes. At 10^6 points the
// vectors of a step are a fifth of its traffic.
template <class Part>
double CaptureStep::over_points(const Part& part) {
    const auto size = static_cast<std::size_t>(model_.points());
    sums_.assign((size + kPartPoints - 1) / kPartPoints, 0.0);
    Control uncancelled;
    parallel_for(static_cast<Index>(sums_.size()), threads_, uncancelled, [&](Index k) {
        const std::size_t first = static_cast<std::size_t>(k) * kPartPoints;
        sums_[static_cast<std::size_t>(k)] = part(first, std::min(size, first + kPartPoints));
    });
    double sum = 0;
    for (const double value : sums_) sum += value;
    return sum;
}

// The past is that of an accepted step; the first step has none.
bool CaptureStep::adams(double h) const {
    return h_before_ > 0 && h <= 4 * h_before_ && h * rho_ <= kAdamsReach;
}

double CaptureStep::radius() {
    if (rho_ > 0 && age_ < kRadiusAge) return rho_;
    const auto size = static_cast<std::size_t>(model_.points());
    const std::vector<double> origin(size, 0.0);
    const Field field = [&](const double* q, double* r) {
        model_.response(q, r);
        return true;
    };
    const double rho = power_.estimate(field, origin.data(), model_.residuals().data(), size,
                                       rho_ > 0 ? kRounds : kFirstRounds);
    rho_ = SpectralRadius::kSafety * rho;
    age_ = 0;
    return rho_;
}

void CaptureStep::attempt(double h) {
    const auto size = static_cast<std::size_t>(model_.points());
    const std::vector<double>& r = model_.residuals();
    impulse_.resize(size);
    last_stabilised_ = !adams(h);
    if (last_stabilised_) {
        const int stages = std::min(stages_for(h * rho_), kMostStages);
        const std::vector<double> origin(size, 0.0);
        int stage = 0;
        const Field field = [&](const double* q, double* out) {
            if (++stage < stages) {
                model_.stage(q, h, out);
            } else {
                model_.attempt(q, h);
                std::copy(model_.trial_residuals().begin(), model_.trial_residuals().end(), out);
            }
            return true;
        };
        rkc_.step(field, origin.data(), r.data(), size, h, stages);
        impulse_ = rkc_.y1();
    } else {
        adams_impulse(h);
        model_.attempt(impulse_.data(), h);
    }
    measure(h);
}

void CaptureStep::adams_impulse(double h) {
    const double weight = h / (2 * h_before_), known = h * h * (1.0 / 6 + h_before_ / (4 * h));
    const double *r = model_.residuals().data(), *before = before_.data();
    const double* bend = bend_.empty() ? nullptr : bend_.data();
    double* impulse = impulse_.data();
    over_points([=](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) impulse[i] = h * (r[i] + weight * (r[i] - before[i]));
        if (bend != nullptr)
            for (std::size_t i = first; i < last; ++i) impulse[i] += h * known * bend[i];
        return 0.0;
    });
}

// The mean residual used against the trapezium rule's; where r'' is accounted for, against what r'' turns out
// to be.
void CaptureStep::measure(double h) {
    const double *r = model_.residuals().data(), *next = model_.trial_residuals().data();
    const double* impulse = impulse_.data();
    const bool bends = model_.smooth() && !last_stabilised_;
    bend_next_.resize(bends ? static_cast<std::size_t>(model_.points()) : 0);
    double sum = 0;
    if (!bends || bend_.empty()) {
        sum = over_points([=](std::size_t first, std::size_t last) {
            double squares = 0;
            for (std::size_t i = first; i < last; ++i) {
                const double off = 0.5 * (r[i] + next[i]) - impulse[i] / h;
                squares += off * off;
            }
            return squares;
        });
    }
    if (bends) {
        const double missed = bend_of_step(h);
        if (!bend_.empty()) sum = missed;
    }
    error_ = model_.sum_r2() > 0 ? std::sqrt(sum / model_.sum_r2()) : 0.0;  // at r = 0 nothing moves
}

// r'' over the step, from its trapezium rule. Returns the sum of squares of what the last one did to the mean
// residual that this one would not have done.
double CaptureStep::bend_of_step(double h) {
    const double weight = h / (2 * h_before_), ratio = h_before_ / h, to_bend = 4 / (h * h * (1 + ratio));
    const double counted = h * h * (1.0 / 6 + ratio / 4);
    const double *r = model_.residuals().data(), *next = model_.trial_residuals().data();
    const double *before = before_.data(), *last_bend = bend_.empty() ? nullptr : bend_.data();
    double* bend = bend_next_.data();
    return over_points([=](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i)
            bend[i] = to_bend * (0.5 * (r[i] + next[i]) - (r[i] + weight * (r[i] - before[i])));
        double squares = 0;
        if (last_bend == nullptr) return squares;
        for (std::size_t i = first; i < last; ++i) {
            const double off = counted * (bend[i] - last_bend[i]);
            squares += off * off;
        }
        return squares;
    });
}

void CaptureStep::accept(double h) {
    model_.accept(h, before_);
    bend_.swap(bend_next_);
    h_before_ = h;
    ++age_;
    stabilised_ += last_stabilised_ ? 1 : 0;
}

}  // namespace pl
