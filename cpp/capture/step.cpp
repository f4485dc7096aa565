#include "capture/step.hpp"

#include <cmath>

namespace pl {
namespace {

constexpr double kAdamsReach = 0.95;  // of h rho; 1 is the limit of stability at constant steps
constexpr int kRadiusAge = 25;        // steps between estimates: rho moves by a few per cent in as many
constexpr int kFirstRounds = 4, kRounds = 2;

double norm(const std::vector<double>& v, std::size_t size) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += v[i] * v[i];
    return std::sqrt(sum);
}

}  // namespace

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
        const double weight = h / (2 * h_before_), known = h * h * (1.0 / 6 + h_before_ / (4 * h));
        for (std::size_t i = 0; i < size; ++i) impulse_[i] = h * (r[i] + weight * (r[i] - before_[i]));
        if (!bend_.empty())
            for (std::size_t i = 0; i < size; ++i) impulse_[i] += h * known * bend_[i];
        model_.attempt(impulse_.data(), h);
    }
    measure(h);
}

// The mean residual used against the trapezium rule's; where r'' is accounted for, against what r'' turns out
// to be.
void CaptureStep::measure(double h) {
    const auto size = static_cast<std::size_t>(model_.points());
    const std::vector<double>&r = model_.residuals(), &next = model_.trial_residuals();
    const bool bends = model_.smooth() && !last_stabilised_;
    const double weight = bends ? h / (2 * h_before_) : 0.0, ratio = bends ? h_before_ / h : 0.0;
    const double to_bend = bends ? 4 / (h * h * (1 + ratio)) : 0.0;
    const double counted = h * h * (1.0 / 6 + ratio / 4);
    bend_next_.clear();
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
        double off = 0.5 * (r[i] + next[i]) - impulse_[i] / h;
        if (bends) {
            const double plain = r[i] + weight * (r[i] - before_[i]);
            const double bend = to_bend * (0.5 * (r[i] + next[i]) - plain);
            bend_next_.push_back(bend);
            if (!bend_.empty()) off = counted * (bend - bend_[i]);
        }
        sum += off * off;
    }
    const double scale = norm(r, size);
    error_ = scale > 0 ? std::sqrt(sum) / scale : 0.0;  // at r = 0 nothing moves
}

void CaptureStep::accept(double h) {
    before_ = model_.residuals();
    model_.accept(h);
    bend_.swap(bend_next_);
    h_before_ = h;
    ++age_;
    stabilised_ += last_stabilised_ ? 1 : 0;
}

}  // namespace pl
