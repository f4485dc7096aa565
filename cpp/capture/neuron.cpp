#include "capture/neuron.hpp"

#include <algorithm>

#include "kernel/dispatch.hpp"

namespace pl {
namespace {
// Three sweeps and shares to 10 % give the loss as well as sweeps to 1e-8 do, at a tenth of the cost: what is
// left is seen by the next piece, which starts from where the neuron really is.
constexpr int kSweeps = 3;
constexpr double kTolerance = 0.1;

}  // namespace

void KinkSolver::gather(const std::vector<Touched>& touched, const NeuronPath& path, const double* impulse,
                        int pieces) {
    const double piece = 1.0 / std::max(pieces, 1);
    const std::size_t m = touched.size(), width = static_cast<std::size_t>(inputs_.stride);
    const SumKernel& sums = *level().sums;
    x_.resize(m);
    for (auto* values : {&norm_sq_, &base_, &push_, &z_, &share_, &mean_}) values->resize(m);
    rests_.resize(m);
    order_.resize(m);
    g_.assign(width, 0.0);
    drift_.assign(width, 0.0);
    w0_.assign(width, 0.0);
    const Index common = std::min(path.width, inputs_.stride);
    std::copy_n(path.g, common, drift_.begin());
    std::copy_n(path.w0, common, w0_.begin());
    for (std::size_t l = 0; l < m; ++l) {
        const int i = touched[l].point;
        x_[l] = inputs_.row(i);
        norm_sq_[l] = inputs_.norm_sq[i];
        base_[l] = pieces > 0 ? sums.dot(w0_.data(), x_[l], width) : path.z0[i];
        push_[l] = piece * impulse[i];
        z_[l] = path.z0[i];
        share_[l] = touched[l].share;
        mean_[l] = 0.0;
        const double own = touched[l].share * impulse[i];
        for (std::size_t k = 0; k < width; ++k) drift_[k] -= own * x_[l][k];
    }
    for (double& v : drift_) v *= piece;
}

void KinkSolver::solve(std::vector<Touched>& touched, const NeuronPath& path, const double* impulse,
                       int pieces) {
    const std::size_t m = touched.size();
    gather(touched, path, impulse, pieces);
    static_assert(sizeof(bool) == sizeof(unsigned char));
    KinkArgs args{static_cast<int>(m),
                  static_cast<std::size_t>(inputs_.stride),
                  x_.data(),
                  norm_sq_.data(),
                  base_.data(),
                  push_.data(),
                  drift_.data(),
                  path.scale,
                  g_.data(),
                  z_.data(),
                  share_.data(),
                  reinterpret_cast<bool*>(rests_.data()),
                  order_.data(),
                  pieces > 0 ? kTolerance : 1e-10,
                  pieces > 0 ? kSweeps : 1000,
                  false};
    const int times = std::max(pieces, 1);
    for (int k = 0; k < times; ++k) {
        args.last = k + 1 == times;
        level().sums->settle(args);
        for (std::size_t l = 0; l < m; ++l) mean_[l] += share_[l] / times;
    }
    for (std::size_t l = 0; l < m; ++l) touched[l] = {touched[l].point, mean_[l], share_[l], rests_[l] != 0};
    std::copy_n(g_.begin(), std::min(path.width, inputs_.stride), path.g);
}

}  // namespace pl
