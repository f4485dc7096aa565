#include "proof/orthogonal_proof.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "proof/criterion.hpp"
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

// The coordinate of each w_j along each x_i/norm(x_i), between bounds: of inputs given by their norms it is a
// number of W itself.
class Coordinates {
  public:
    explicit Coordinates(const Problem<double>& problem)
        : q_(problem), norm_low_(at(problem.n)), norm_high_(at(problem.n)) {
        if (q_.X == nullptr) {
            std::copy_n(q_.norms, q_.n, norm_low_.begin());
            norm_high_ = norm_low_;
            return;
        }
        low_.resize(at(q_.n * q_.p));
        high_.resize(at(q_.n * q_.p));
        for (Index i = 0; i < q_.n; ++i) enclose(i);
    }

    double low(Index j, Index i) const {
        return q_.X == nullptr ? q_.W[j * q_.n + i] : low_[at(j * q_.n + i)];
    }
    double high(Index j, Index i) const {
        return q_.X == nullptr ? q_.W[j * q_.n + i] : high_[at(j * q_.n + i)];
    }
    double norm_low(Index i) const { return norm_low_[at(i)]; }
    double norm_high(Index i) const { return norm_high_[at(i)]; }

  private:
    // Only what is not 0 of a row is summed: of one coordinate the sign is certain.
    void enclose(Index i) {
        const double* x = q_.X + i * q_.d;
        std::vector<Index> places;
        double square = 0;
        for (Index k = 0; k < q_.d; ++k)
            if (x[k] != 0) places.push_back(k), square += x[k] * x[k];
        const double terms = static_cast<double>(places.size()), norm = std::sqrt(square);
        const bool one = places.size() == 1;
        norm_low_[at(i)] = one ? std::abs(x[places[0]]) : norm * (1 - gamma(terms + 2));
        norm_high_[at(i)] = one ? std::abs(x[places[0]]) : norm * (1 + gamma(terms + 2));
        for (Index j = 0; j < q_.p; ++j) {
            const double* w = q_.W + j * q_.d;
            double z = 0, size = 0;
            for (Index k : places) z += w[k] * x[k], size += std::abs(w[k] * x[k]);
            const double off = one ? 0 : gamma(terms + 4) * size / norm;
            // a coordinate of one input is a number of W, or its negative
            const double middle = one ? (x[places[0]] > 0 ? w[places[0]] : -w[places[0]]) : z / norm;
            low_[at(j * q_.n + i)] = middle - off;
            high_[at(j * q_.n + i)] = middle + off;
        }
    }

    const Problem<double>& q_;
    std::vector<double> norm_low_, norm_high_, low_, high_;
};

class Orthogonal {
  public:
    explicit Orthogonal(const Problem<double>& problem)
        : q_(problem),
          c_(problem),
          n_(static_cast<double>(problem.n)),
          p_(static_cast<double>(problem.p)),
          r_(at(problem.n)),
          r_off_(at(problem.n)),
          tiny_(at(problem.p)) {
        std::vector<double> sum(at(q_.n), 0.0), sizes(at(q_.n), 0.0), offs(at(q_.n), 0.0);
        for (Index j = 0; j < q_.p; ++j) {
            double square = 0;
            finite_ = finite_ && ordinary(q_.a[j]);
            for (Index i = 0; i < q_.n; ++i) {
                const double low = c_.low(j, i), high = c_.high(j, i), a = std::abs(q_.a[j]);
                finite_ = finite_ && ordinary(low) && ordinary(high);
                square += high * high;
                sum[at(i)] += q_.a[j] * std::max(high, 0.0);
                sizes[at(i)] += a * std::max(high, 0.0);
                offs[at(i)] += a * (high - low);
            }
            tiny_[at(j)] = kAtKink * std::sqrt(square);
        }
        for (Index i = 0; i < q_.n; ++i) {
            const double norm = c_.norm_high(i), y = std::abs(q_.y[i]);
            r_[at(i)] = q_.y[i] - norm * sum[at(i)] / p_;
            r_off_[at(i)] = upward(gamma(p_ + 4) * (y + norm * sizes[at(i)] / p_) +
                                   (norm * offs[at(i)] + (norm - c_.norm_low(i)) * sizes[at(i)]) *
                                       (1 + gamma(p_ + 4)) / p_);
            finite_ =
                finite_ && std::isfinite(r_[at(i)]) && norm > 0x1p-200 && ordinary(norm) && ordinary(q_.y[i]);
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
        if (finite_ && by_criterion(found)) {
            found.proved = true;
            found.reason.clear();
        }
        return found;
    }

  private:
    // lam_min(X X^T) is the least norm squared.
    bool by_criterion(OrthogonalProof& found) const {
        std::vector<double> x_norm(at(q_.n));
        double least = kInfinity, sum = 0;
        for (Index i = 0; i < q_.n; ++i) {
            const double most = std::abs(r_[at(i)]) + r_off_[at(i)];
            sum += most * most;
            x_norm[at(i)] = c_.norm_high(i);
            least = std::min(least, downward(c_.norm_low(i) * c_.norm_low(i)));
        }
        const double r_norm = upward(std::sqrt(sum * (1 + gamma(n_ + 4)) + 0x1p-900));
        if (!prove_by_criterion(q_, least, r_norm, x_norm, found)) return false;
        found.dead = 0;
        return true;
    }

    // Points one by one at the radius found.rho; false if one is neither followed nor dead.
    bool look(OrthogonalProof& found) {
        std::vector<double> weight(at(q_.n), 0.0);
        for (Index j = 0; j < q_.p; ++j) {
            const double outer = std::max(0.0, downward(std::abs(q_.a[j]) - found.rho));
            // one at rounding counts nothing: it is uncertain, or at rest on a dead point
            const double on = std::max(found.rho, tiny_[at(j)]);
            for (Index i = 0; i < q_.n; ++i)
                if (c_.low(j, i) > on) weight[at(i)] += outer * outer;
        }
        found.smallest = kInfinity;
        found.dead = 0;
        double left = 0, moved = 0, low = 0, high = 0;
        for (Index i = 0; i < q_.n; ++i) {
            const double most = std::abs(r_[at(i)]) + r_off_[at(i)];
            if (weight[at(i)] > 0) {
                const double norm = c_.norm_low(i) * (1 - kUnitRoundoff);
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
            const double w = c_.high(j, i);
            if (w < 0) continue;
            if (!(w <= tiny_[at(j)]) || !(q_.a[j] * q_.y[i] < 0) || !(std::abs(q_.a[j]) > rho)) return false;
            moved += w * w;
        }
        return true;
    }

    const Problem<double>& q_;
    const Coordinates c_;
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
