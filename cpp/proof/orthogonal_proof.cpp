#include "proof/orthogonal_proof.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "proof/rounding.hpp"

namespace pl {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kAtKink = 1e-8;  // of norm(w_j): pairs of a dead point that near may be put at 0
constexpr int kAttempts = 12;
constexpr double kBeyond = 1.02;

// Its square neither overflows nor counts for anything where it is lost.
bool ordinary(double value) {
    const double size = std::abs(value);
    return size < 0x1p200 && (size == 0 || size > 0x1p-400);
}

class Orthogonal {
  public:
    explicit Orthogonal(const Problem<double>& problem)
        : q_(problem),
          n_(static_cast<double>(problem.n)),
          p_(static_cast<double>(problem.p)),
          r_(at(problem.n)),
          r_off_(at(problem.n)),
          tiny_(at(problem.p)) {
        std::vector<double> sum(at(q_.n), 0.0), sizes(at(q_.n), 0.0);
        for (Index j = 0; j < q_.p; ++j) {
            const double* w = q_.W + j * q_.n;
            double square = 0;
            finite_ = finite_ && ordinary(q_.a[j]);
            for (Index i = 0; i < q_.n; ++i) {
                finite_ = finite_ && ordinary(w[i]);
                square += w[i] * w[i];
                sum[at(i)] += q_.a[j] * std::max(w[i], 0.0);
                sizes[at(i)] += std::abs(q_.a[j]) * std::max(w[i], 0.0);
            }
            tiny_[at(j)] = kAtKink * std::sqrt(square);
        }
        for (Index i = 0; i < q_.n; ++i) {
            r_[at(i)] = q_.y[i] - q_.norms[i] * sum[at(i)] / p_;
            r_off_[at(i)] = upward(gamma(p_ + 4) * (std::abs(q_.y[i]) + q_.norms[i] * sizes[at(i)] / p_));
            finite_ = finite_ && std::isfinite(r_[at(i)]) && q_.norms[i] > 0x1p-200 &&
                      ordinary(q_.norms[i]) && ordinary(q_.y[i]);
        }
    }

    OrthogonalProof prove() {
        OrthogonalProof found;
        found.needed_over_allowed = kInfinity;
        found.reason = finite_ ? "" : "numbers out of range";
        for (int attempt = 0; finite_ && attempt < kAttempts; ++attempt) {
            if (!look(found) || !(found.smallest > 0)) break;
            found.rate = std::isfinite(found.smallest) ? downward(2 * found.smallest / (n_ * p_)) : kInfinity;
            found.distance = left_ > 0 ? upward(2 * std::sqrt(p_ * (left_ / (2 * n_)) / found.rate)) : 0.0;
            if (found.rho > 0)
                found.needed_over_allowed = std::min(found.needed_over_allowed, found.distance / found.rho);
            if (found.distance < found.rho) {
                found.proved = true;
                found.reason.clear();
                found.distance = upward(found.distance + found.moved);
                return found;
            }
            found.reason = "a pattern not firm enough";
            found.rho = std::max(kBeyond * found.distance, 0x1p-500);
        }
        return found;
    }

  private:
    // Points one by one at the radius found.rho; false if one is neither followed nor dead.
    bool look(OrthogonalProof& found) {
        std::vector<double> weight(at(q_.n), 0.0);
        for (Index j = 0; j < q_.p; ++j) {
            const double outer = std::max(0.0, downward(std::abs(q_.a[j]) - found.rho));
            // one at rounding counts nothing: it is uncertain, or at rest on a dead point
            const double on = std::max(found.rho, tiny_[at(j)]);
            for (Index i = 0; i < q_.n; ++i)
                if (q_.W[j * q_.n + i] > on) weight[at(i)] += outer * outer;
        }
        found.smallest = kInfinity;
        found.dead = 0;
        double left = 0, moved = 0, low = 0, high = 0;
        for (Index i = 0; i < q_.n; ++i) {
            const double most = std::abs(r_[at(i)]) + r_off_[at(i)];
            if (weight[at(i)] > 0) {
                const double norm = q_.norms[i] * (1 - kUnitRoundoff);
                found.smallest =
                    std::min(found.smallest, downward(norm * norm * weight[at(i)] * (1 - gamma(p_ + 4))));
                left += most * most;
                continue;
            }
            if (!rests(i, found.rho, moved)) {
                found.smallest = 0;
                found.reason = "a point whose neurons may switch";
                return false;
            }
            if (q_.y[i] == 0) continue;  // r_i = 0 for ever
            ++found.dead;
            low += q_.y[i] * q_.y[i];
            high += q_.y[i] * q_.y[i];
        }
        const double many = gamma(n_ + 4);
        left_ = upward(left * (1 + many));
        found.moved = upward(std::sqrt(moved * (1 + gamma(n_ * p_))));
        found.limit_low = downward(low * (1 - many) / (2 * n_));
        found.limit_high = upward(high * (1 + many) / (2 * n_));
        return true;
    }

    // No neuron is on at point i, nor can one come: every pair is off, or at its kink and pushed back to it.
    bool rests(Index i, double rho, double& moved) const {
        for (Index j = 0; j < q_.p; ++j) {
            const double w = q_.W[j * q_.n + i];
            if (w < 0) continue;
            if (!(w <= tiny_[at(j)]) || !(q_.a[j] * q_.y[i] < 0) || !(std::abs(q_.a[j]) > rho)) return false;
            moved += w * w;
        }
        return true;
    }

    const Problem<double>& q_;
    const double n_, p_;
    std::vector<double> r_, r_off_, tiny_;
    double left_ = 0;
    bool finite_ = true;
};

}  // namespace

OrthogonalProof prove_orthogonal(const Problem<double>& problem) {
    return Orthogonal(problem).prove();
}

}  // namespace pl
