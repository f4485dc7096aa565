#include "capture/neuron.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/dispatch.hpp"

namespace pl {
namespace {

constexpr int kSweeps = 200;
constexpr double kTolerance = 1e-8;  // of a share, in the last sweep
constexpr double kAtRest = 1e-6;     // |z| at the end of a piece, relative to what the pair's force can move

}  // namespace

// The Gram matrix of the touched inputs.
void KinkSolver::gather(const std::vector<Touched>& touched) {
    const std::size_t m = touched.size();
    stride_ = (m + 7) / 8 * 8;
    gram_.assign(m * stride_, 0.0);
    const auto dot = level().sums->dot;
    for (std::size_t l = 0; l < m; ++l) {
        const double* x = inputs_.row(touched[l].point);
        for (std::size_t k = 0; k <= l; ++k) {
            const double product = dot(x, inputs_.row(touched[k].point), static_cast<std::size_t>(inputs_.stride));
            gram_[l * stride_ + k] = product;
            gram_[k * stride_ + l] = product;
        }
    }
    for (auto* values : {&force_, &base_, &from_, &share_, &mean_, &end_}) values->assign(stride_, 0.0);
}

void KinkSolver::solve(std::vector<Touched>& touched, const double* from, const double* end,
                       const double* impulse, double factor, int pieces) {
    const std::size_t m = touched.size();
    gather(touched);
    const double piece = 1.0 / pieces;
    for (std::size_t l = 0; l < m; ++l) {
        const auto i = static_cast<std::size_t>(touched[l].point);
        from_[l] = from[i];
        force_[l] = factor * impulse[i];
        base_[l] = end[i] - from[i];
    }
    // what is left of the motion of each z without the touched pairs' own part
    for (std::size_t l = 0; l < m; ++l) {
        const double w = touched[l].share * force_[l];
        for (std::size_t k = 0; k < m; ++k) base_[k] -= w * gram_[l * stride_ + k];
    }
    for (std::size_t l = 0; l < m; ++l) {
        base_[l] *= piece;
        force_[l] *= piece;
        share_[l] = touched[l].share;
    }
    KinkArgs args{static_cast<int>(m), static_cast<int>(stride_), gram_.data(), force_.data(), base_.data(),
                  from_.data(),        share_.data(),             end_.data(),  kTolerance,    kSweeps};
    for (int k = 0; k < pieces; ++k) {
        args.sweeps = kSweeps;
        level().sums->settle(args);
        for (std::size_t l = 0; l < m; ++l) {
            const double reach = std::abs(force_[l]) * gram_[l * stride_ + l];
            mean_[l] += piece * share_[l];
            touched[l].rests =
                share_[l] > 0.0 && share_[l] < 1.0 && std::abs(end_[l]) <= kAtRest * reach;
            from_[l] = touched[l].rests ? 0.0 : end_[l];
        }
    }
    for (std::size_t l = 0; l < m; ++l) {
        touched[l].share = mean_[l];
        touched[l].last = share_[l];
    }
}

}  // namespace pl
