#include "capture/step.hpp"

#include <cmath>

namespace pl {
namespace {

constexpr double kAdamsReach = 0.7;  // of h rho; 1 is the limit of stability at constant steps
constexpr int kRadiusAge = 25;       // steps between estimates: rho moves by a few per cent in as many
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
                model_.attempt(q, h, substeps_);
                std::copy(model_.trial_residuals().begin(), model_.trial_residuals().end(), out);
            }
            return true;
        };
        rkc_.step(field, origin.data(), r.data(), size, h, stages);
        impulse_ = rkc_.y1();
    } else {
        const double weight = h / (2 * h_before_);
        for (std::size_t i = 0; i < size; ++i) impulse_[i] = h * (r[i] + weight * (r[i] - before_[i]));
        model_.attempt(impulse_.data(), h, substeps_);
    }
    measure(h);
}

void CaptureStep::measure(double h) {
    const auto size = static_cast<std::size_t>(model_.points());
    const std::vector<double>&r = model_.residuals(), &next = model_.trial_residuals();
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const double off = 0.5 * (r[i] + next[i]) - impulse_[i] / h;
        sum += off * off;
    }
    error_ = std::sqrt(sum) / norm(r, size);
}

void CaptureStep::accept(double h) {
    before_.assign(model_.residuals().begin(), model_.residuals().begin() + model_.points());
    model_.accept(h);
    h_before_ = h;
    ++age_;
    stabilised_ += last_stabilised_ ? 1 : 0;
}

}  // namespace pl
