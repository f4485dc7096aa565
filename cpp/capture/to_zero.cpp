#include "capture/to_zero.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "capture/rest.hpp"
#include "kernel/inner.hpp"

namespace pl {
namespace {

constexpr double kTurned = 0.9;  // a cosine
constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr double kGone = 1e-12;      // of norm(w_j) at the start: 0
constexpr double kStraight = 1e-9;   // of norm(w_j): how far from 0 a straight way there may pass
constexpr Index kEventsPerPair = 4;  // a way with more is none that is known

class Way {
  public:
    Way(const NeuronStep& step, const std::vector<unsigned char>& on, const std::vector<Touched>& held)
        : step_(step),
          n_(size_of(on)),
          on_(on),
          w_(step.w, step.w + step.d),
          gone_(kGone * norm_of(step.w, step.d)) {
        for (Index i = 0; i < n_; ++i) noise_ += std::abs(push(i)) * step.norms[i];
        noise_ *= 4.0 * std::numeric_limits<double>::epsilon();
        for (const Touched& pair : held) {
            on_[at(pair.point)] = 0;
            at_kink_.push_back(pair.point);
        }
        put_on_kinks();
    }

    bool reaches_zero() {
        double left = 1.0;
        for (Index event = 0; event < kEventsPerPair * n_ + 16; ++event) {
            select();
            const double meets = next_kink();
            const double closest = straight_to_zero();
            if (closest <= left && closest <= meets * (1 + kStraight)) return true;
            if (meets >= left) return false;
            go(meets);
            left -= meets;
        }
        return false;
    }

  private:
    double push(Index i) const { return step_.factor * step_.impulse[i]; }
    const double* x(Index i) const { return step_.inputs.row(static_cast<int>(i)); }

    // What rests does so to single precision only.
    void put_on_kinks() {
        KinkBasis basis(static_cast<int>(step_.d));
        for (const int i : at_kink_) basis.add(i, x(i));
        std::vector<double> coeff(at(basis.size()));
        basis.project(w_.data(), coeff.data());
    }

    // The velocity, and which of the pairs at their kinks stay there.
    void select() {
        AtRest rest;
        rest.v.assign(at(step_.d), 0.0);
        for (Index i = 0; i < n_; ++i)
            for (Index k = 0; on_[at(i)] != 0 && k < step_.d; ++k) rest.v[at(k)] += push(i) * x(i)[k];
        for (const int i : at_kink_) rest.add(i, x(i), push(i), push(i) < 0.0 ? Mode::kSlide : Mode::kOff);
        if (!at_kink_.empty()) rest.settle(noise_);
        at_kink_.clear();
        for (const KinkPoint& k : rest.points) {
            on_[at(k.point)] = k.mode == Mode::kOn ? 1 : 0;
            if (k.mode == Mode::kSlide) at_kink_.push_back(k.point);
        }
        v_ = rest.v;
    }

    // When the next pairs meet their kinks.
    double next_kink() {
        double first = kNone;
        due_.assign(at(n_), kNone);
        for (Index i = 0; i < n_; ++i) {
            if (std::find(at_kink_.begin(), at_kink_.end(), i) != at_kink_.end()) continue;
            const double z = inner(w_.data(), x(i), step_.d), speed = inner(v_.data(), x(i), step_.d);
            const double towards = on_[at(i)] != 0 ? -speed : speed;
            if (!(towards > noise_ * step_.norms[i])) continue;
            const double distance = on_[at(i)] != 0 ? z : -z;
            due_[at(i)] = std::max(distance, 0.0) / towards;
            first = std::min(first, due_[at(i)]);
        }
        return first;
    }

    // When w_j is 0, if that is where it goes.
    double straight_to_zero() const {
        const double size = norm_of(w_.data(), step_.d), speed_sq = norm_sq(v_.data(), step_.d);
        if (size <= gone_) return 0.0;
        const double along = -inner(w_.data(), v_.data(), step_.d);
        if (!(along > 0.0)) return kNone;
        const double passed_sq = std::max(size * size - along * along / speed_sq, 0.0);
        const double within = gone_ + kStraight * size;
        return passed_sq <= within * within ? along / speed_sq : kNone;
    }

    void go(double by) {
        for (Index k = 0; k < step_.d; ++k) w_[at(k)] += by * v_[at(k)];
        for (Index i = 0; i < n_; ++i) {
            if (due_[at(i)] > by) continue;
            at_kink_.push_back(static_cast<int>(i));
            on_[at(i)] = 0;  // the rule decides
        }
    }

    const NeuronStep& step_;
    const Index n_;
    std::vector<unsigned char> on_;
    std::vector<int> at_kink_;
    std::vector<double> w_, v_, due_;
    double gone_, noise_ = 0;
};

}  // namespace

bool has_turned(const NeuronStep& step) {
    const double cosine = inner(step.w, step.next, step.d);
    return cosine < kTurned * norm_of(step.w, step.d) * norm_of(step.next, step.d);
}

bool comes_to_zero(const NeuronStep& step, const std::vector<unsigned char>& on,
                   const std::vector<Touched>& held) {
    return Way(step, on, held).reaches_zero();
}

void put_to_zero(const NeuronStep& step) {
    for (Index k = 0; step.factor != 0.0 && k < step.d; ++k) step.g[k] = -step.w[k] / step.factor;
    std::fill_n(step.next, step.d, 0.0);
    step.met.clear();
}

}  // namespace pl
