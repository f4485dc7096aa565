#include "capture/coinciding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "capture/rest.hpp"
#include "kernel/inner.hpp"
#include "problem/at_kinks.hpp"
#include "problem/basis.hpp"

namespace pl {
namespace {

// Pairs met, or held, of which more are not looked at: there dependence would cost more than the step.
constexpr Index kMost = 16;
// Of norm(x_i): as what inputs are taken as parallel, off others.
constexpr double kAsOne = 1e-9;
// Of norm(w_j) norm(x_i): z_ji that is 0 on a way in double precision.
constexpr double kThere = 1e-11;
// Of norm(w_j): what single precision leaves of kinks held, at most.
constexpr double kLeft = 1e-3;
constexpr double kUnit = 64.0 * std::numeric_limits<double>::epsilon();  // rounding of a sum, of its terms

// A pair met, and its input off the span of those held.
struct Off {
    const Touched* pair;
    std::vector<double> x;
};

bool parallel(const NeuronStep& step, const Off& one, const Off& other) {
    const double size_sq = norm_sq(one.x.data(), step.d), norm = step.norms[one.pair->point];
    if (size_sq <= kAsOne * norm * norm) return false;
    const double ratio = inner(one.x.data(), other.x.data(), step.d) / size_sq;
    double rest_sq = 0.0;
    for (Index k = 0; k < step.d; ++k) {
        const double rest = other.x[at(k)] - ratio * one.x[at(k)];
        rest_sq += rest * rest;
    }
    const double within = kAsOne * step.norms[other.pair->point];
    return std::abs(ratio) > kAsOne && rest_sq <= within * within;
}

// Whether of two pairs that are not held one attracts and the other repels, and their kinks are one off the
// span of what is.
bool coincide(const NeuronStep& step, const KinkBasis& held) {
    if (held.size() == 0 || held.size() + 2 > step.d) return false;
    std::vector<Off> off;
    std::vector<double> coeff(at(held.size()));
    for (const Touched& pair : step.met) {
        if (pair.held || held.find(pair.point) >= 0) continue;
        const double* x = step.inputs.row(pair.point);
        off.push_back({&pair, std::vector<double>(x, x + step.d)});
        held.project(off.back().x.data(), coeff.data());
    }
    for (std::size_t l = 0; l < off.size(); ++l)
        for (std::size_t m = l + 1; m < off.size(); ++m) {
            const Touched &one = *off[l].pair, &other = *off[m].pair;
            const bool mixed = step.push(one) * step.push(other) < 0.0;
            const bool apart = step.lines.line(one.point) != step.lines.line(other.point);
            if (mixed && apart && parallel(step, off[l], off[m])) return true;
        }
    return false;
}

// The same, held at the start of the step, or with those that come to rest in it, each of them left out once.
bool coincide(const NeuronStep& step) {
    const auto comes = [](const Touched& pair) { return pair.rests && !pair.held; };
    const auto held_but = [&](const Touched* one, bool ends) {
        KinkBasis held(static_cast<int>(step.d));
        for (const Touched& pair : step.met)
            if (&pair != one && (pair.held || (ends && comes(pair))))
                held.add(pair.point, step.inputs.row(pair.point));
        return held;
    };
    if (coincide(step, held_but(nullptr, false))) return true;
    if (std::none_of(step.met.begin(), step.met.end(), comes)) return false;
    if (coincide(step, held_but(nullptr, true))) return true;
    return std::any_of(step.met.begin(), step.met.end(), [&](const Touched& pair) {
        return comes(pair) && coincide(step, held_but(&pair, true));
    });
}

// Whether rounding tells which side of its kink a pair that repels began on: it came there in infinite time.
// (At 0, and just on, a rule had it.)
bool began_by_rounding(const NeuronStep& step) {
    const double within = kAtKink * norm_of(step.w, step.d);
    return std::any_of(step.met.begin(), step.met.end(), [&](const Touched& pair) {
        const double z = std::abs(pair.z);
        return !pair.held && step.push(pair) > 0.0 && z > std::numeric_limits<double>::min() &&
               z <= within * step.norms[pair.point];
    });
}

class Way {
  public:
    explicit Way(const NeuronStep& step)
        : step_(step),
          base_(at(step.d)),
          w_(step.w, step.w + step.d),
          mode_(step.met.size()),
          share_(step.met.size()),
          mean_(step.met.size()),
          there_(step.met.size()) {
        for (Index k = 0; k < step.d; ++k) base_[at(k)] = step.factor * step.g[k];
        size_ = norm_of(base_.data(), step.d);
        for (Index l = 0; l < size_of(step.met); ++l) {
            const Touched& pair = step.met[at(l)];
            add(-pair.share * step.push(pair), pair, base_);
            size_ += std::abs(step.push(pair)) * step.norms[pair.point];
            mode_[at(l)] = pair.held ? Mode::kSlide : pair.first > 0.0 ? Mode::kOn : Mode::kOff;
        }
    }

    bool follow() {
        if (!begin()) return false;
        double rest = 1.0;
        for (Index events = 0; events < 4 * size_of(mode_) + 16; ++events) {
            if (!select()) return false;
            const double until = next_event(rest);
            for (Index k = 0; k < step_.d; ++k) w_[at(k)] += until * v_[at(k)];
            for (Index l = 0; l < size_of(mean_); ++l) mean_[at(l)] += until * share_[at(l)];
            rest -= until;
            if (!(rest > 0.0)) return true;
        }
        return false;
    }

    void conclude(std::vector<int>& beside) const {
        for (Index l = 0; l < size_of(mode_); ++l) {
            Touched& pair = step_.met[at(l)];
            step_.give(pair, mean_[at(l)]);
            pair.last = share_[at(l)];
            pair.rests = mode_[at(l)] == Mode::kSlide;
        }
        for (Index l = 0; l < size_of(mode_); ++l) {
            const Touched &pair = step_.met[at(l)], *other = step_.opposite(pair);
            const bool kept = pair.rests || (other != nullptr && other->rests);
            if (!kept && is_there(pair)) beside.push_back(pair.point);
        }
        std::copy(w_.begin(), w_.end(), step_.next);
    }

  private:
    const double* row(const Touched& pair) const { return step_.inputs.row(pair.point); }
    void add(double by, const Touched& pair, std::vector<double>& to) const {
        for (Index k = 0; k < step_.d; ++k) to[at(k)] += by * row(pair)[k];
    }
    double z(const Touched& pair) const { return inner(w_.data(), row(pair), step_.d); }
    bool is_there(const Touched& pair) const {
        return std::abs(z(pair)) <= kThere * norm_of(w_.data(), step_.d) * step_.norms[pair.point];
    }

    void put_on(const KinkBasis& basis) {
        std::vector<double> coeff(at(basis.size()));
        basis.project(w_.data(), coeff.data());
    }

    // The kinks held are met exactly. False: single precision left too much.
    bool begin() {
        KinkBasis held(static_cast<int>(step_.d));
        for (const Touched& pair : step_.met)
            if (pair.held) held.add(pair.point, row(pair));
        put_on(held);
        double moved_sq = 0.0;
        for (Index k = 0; k < step_.d; ++k) moved_sq += (w_[at(k)] - step_.w[k]) * (w_[at(k)] - step_.w[k]);
        return moved_sq <= kLeft * kLeft * norm_sq(step_.w, step_.d);
    }

    // The pairs at their kinks as the rule has them.
    bool select() {
        AtRest rest;
        rest.v = base_;
        std::vector<Index> pairs;
        for (Index l = 0; l < size_of(mode_); ++l) {
            const Touched& pair = step_.met[at(l)];
            there_[at(l)] = mode_[at(l)] == Mode::kSlide || is_there(pair);
            if (there_[at(l)]) {
                const bool alone = step_.opposite(pair) == nullptr;
                rest.add(pair.point, row(pair), step_.push(pair), mode_[at(l)],
                         alone ? -1 : step_.lines.line(pair.point), step_.lines.ratio(pair.point));
                pairs.push_back(l);
            } else {
                share_[at(l)] = mode_[at(l)] == Mode::kOn ? 1.0 : 0.0;
                add(share_[at(l)] * step_.push(pair), pair, rest.v);
            }
        }
        if (!rest.settle(kUnit * size_) || rest.held >= step_.d) return false;
        v_ = rest.v;
        rest.one_of_each_line();
        KinkBasis slid(static_cast<int>(step_.d));
        for (Index m = 0; m < size_of(pairs); ++m) {
            mode_[at(pairs[at(m)])] = rest.points[at(m)].mode;
            share_[at(pairs[at(m)])] = rest.share[at(m)];
            if (rest.points[at(m)].mode == Mode::kSlide)
                slid.add(rest.points[at(m)].point, rest.points[at(m)].x);
        }
        put_on(slid);
        return true;
    }

    // When the next pair meets its kink, or `rest`.
    double next_event(double rest) const {
        double until = rest;
        for (Index l = 0; l < size_of(mode_); ++l) {
            if (there_[at(l)]) continue;
            const Touched& pair = step_.met[at(l)];
            const double here = z(pair), speed = inner(v_.data(), row(pair), step_.d);
            if (here * speed < 0.0) until = std::min(until, -here / speed);
        }
        return until;
    }

    const NeuronStep& step_;
    std::vector<double> base_, w_, v_;  // v without the pairs met; w on the way; its velocity
    std::vector<Mode> mode_;
    std::vector<double> share_, mean_;
    std::vector<bool> there_;  // at their kinks when the rule was asked
    double size_ = 0.0;        // of the terms of v
};

}  // namespace

bool meets_coinciding(const NeuronStep& step, bool began_beside) {
    if (step.turns()) return false;
    if (began_beside || began_by_rounding(step)) return true;
    const Index count = size_of(step.met);
    return step.lattice && count > 2 && count <= kMost && coincide(step);
}

bool follow_by_rule(const NeuronStep& step, std::vector<int>& beside) {
    Way way(step);
    if (!way.follow()) return false;
    way.conclude(beside);
    return true;
}

void put_beside(const NeuronStep& step, const std::vector<int>& beside) {
    for (const int point : beside)
        step.z_next[point] = step.find(point)->last > 0.0 ? std::numeric_limits<double>::min() : 0.0;
}

}  // namespace pl
