#include "problem/kink.hpp"

#include <cmath>
#include <utility>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"
#include "problem/parallel_inputs.hpp"

namespace pl {
namespace {

// Box-constrained least squares over the attracting points, by the active set of Stark and Parker.
class Attracting {
  public:
    Attracting(std::vector<KinkPoint>& points, double etol, KinkBasis& basis)
        : points_(points),
          etol_(etol),
          basis_(basis),
          phi_(points.size(), 0.0),
          banned_(points.size(), false) {
        for (Index i = 0; i < size_of(points); ++i) {
            if (is_attracting(i))
                settle_start(i);
            else
                points[at(i)].mode = Mode::kOff;  // T = {} to begin with
        }
    }

    bool is_attracting(Index i) const { return points_[at(i)].e < -etol_; }

    bool solve(const std::vector<double>& base) {
        banned_.assign(points_.size(), false);
        const Index limit = 30 * size_of(points_) + 100;
        for (Index it = 0; it < limit; ++it) {
            minimise(base);
            if (move_to_bound()) continue;
            phi_.swap(target_);
            if (!free_worst()) return true;
        }
        return false;
    }

    // A pair that is on and rests at its kink, though its input depends on those slid on, may be one too
    // many: the rest is then solved again from "all off", and kept if fewer pairs do. The velocity is the
    // same.
    bool thin_out(const std::vector<double>& base) {
        if (!overfull()) return true;
        const std::vector<KinkPoint> points = points_;
        const std::vector<double> phi = phi_, v = v_;
        const KinkBasis basis = basis_;
        for (Index i = 0; i < size_of(points_); ++i) {
            KinkPoint& k = points_[at(i)];
            if (!rests(i)) continue;
            if (k.mode == Mode::kSlide) basis_.remove(basis_.find(k.point));
            k.mode = Mode::kOff;
            phi_[at(i)] = 0.0;
        }
        if (!solve(base)) return false;
        if (pushing(points_) < pushing(points)) return true;
        points_ = points;
        phi_ = phi;
        v_ = v;
        basis_ = basis;
        return true;
    }

    const std::vector<double>& velocity() const { return v_; }
    double phi(Index i) const { return phi_[at(i)]; }

  private:
    double along(Index i) const { return inner(v_.data(), points_[at(i)].x, size_of(v_)); }

    bool rests(Index i) const { return is_attracting(i) && std::abs(along(i)) <= points_[at(i)].vtol; }

    bool overfull() const {
        if (basis_.size() == 0) return false;
        for (Index i = 0; i < size_of(points_); ++i) {
            if (points_[at(i)].mode != Mode::kOn || !rests(i)) continue;
            KinkBasis larger = basis_;
            if (!larger.add(points_[at(i)].point, points_[at(i)].x)) return true;
        }
        return false;
    }

    static Index pushing(const std::vector<KinkPoint>& points) {
        Index count = 0;
        for (const KinkPoint& k : points) count += k.mode != Mode::kOff ? 1 : 0;
        return count;
    }

    void settle_start(Index i) {
        KinkPoint& k = points_[at(i)];
        if (k.mode == Mode::kSlide && basis_.find(k.point) < 0 && !basis_.add(k.point, k.x))
            k.mode = Mode::kOff;
        phi_[at(i)] = k.mode == Mode::kOn ? k.e : k.mode == Mode::kSlide ? 0.5 * k.e : 0.0;
    }

    // v_ and the free coordinates of target_ at the minimum over the free set, the others held.
    void minimise(const std::vector<double>& base) {
        v_ = base;
        for (Index i = 0; i < size_of(points_); ++i) {
            if (is_attracting(i) && points_[at(i)].mode == Mode::kOn)
                add_scaled(points_[at(i)].e, points_[at(i)].x);
        }
        std::vector<double> coeff(at(basis_.size())), lam(coeff.size());
        basis_.project(v_.data(), coeff.data());
        basis_.multipliers(coeff.data(), lam.data());
        target_ = phi_;
        for (Index i = 0; i < size_of(points_); ++i) {
            if (points_[at(i)].mode != Mode::kSlide) continue;
            target_[at(i)] = lam[at(basis_.find(points_[at(i)].point))];
        }
    }

    // If the minimum lies outside the box: go towards it up to the first bound, and hold that pair there.
    bool move_to_bound() {
        double step = 1.0;
        Index blocking = size_of(points_);
        for (Index i = 0; i < size_of(points_); ++i) {
            if (points_[at(i)].mode != Mode::kSlide) continue;
            const double to = target_[at(i)], from = phi_[at(i)], e = points_[at(i)].e;
            if (to <= etol_ && to >= e - etol_) continue;
            const double bound = to > 0.0 ? 0.0 : e, ratio = (bound - from) / (to - from);
            if (blocking == size_of(points_) || ratio < step) {
                step = ratio;
                blocking = i;
            }
        }
        if (blocking == size_of(points_)) return false;
        for (Index i = 0; i < size_of(points_); ++i) {
            if (points_[at(i)].mode == Mode::kSlide) phi_[at(i)] += step * (target_[at(i)] - phi_[at(i)]);
        }
        KinkPoint& k = points_[at(blocking)];
        const bool upper = target_[at(blocking)] > 0.0;
        if (blocking == newest_ && step <= 0.0) banned_[at(blocking)] = true;  // only rounding had freed it
        k.mode = upper ? Mode::kOff : Mode::kOn;
        phi_[at(blocking)] = upper ? 0.0 : k.e;
        basis_.remove(basis_.find(k.point));
        return true;
    }

    // Frees the pair whose bound is most clearly wrong; false if none is.
    bool free_worst() {
        for (;;) {
            Index worst = size_of(points_);
            double most = 1.0;
            for (Index i = 0; i < size_of(points_); ++i) {
                const KinkPoint& k = points_[at(i)];
                if (!is_attracting(i) || k.mode == Mode::kSlide || banned_[at(i)]) continue;
                const double speed = along(i);
                const double wrong = (k.mode == Mode::kOff ? speed : -speed) / k.vtol;
                if (wrong > most) {
                    most = wrong;
                    worst = i;
                }
            }
            if (worst == size_of(points_)) return false;
            if (basis_.add(points_[at(worst)].point, points_[at(worst)].x)) {
                points_[at(worst)].mode = Mode::kSlide;
                newest_ = worst;
                return true;
            }
            banned_[at(worst)] = true;  // depends on the free ones, where <v, x> = 0: nothing to gain
        }
    }

    void add_scaled(double factor, const double* x) {
        for (Index l = 0; l < size_of(v_); ++l) v_[at(l)] += factor * x[l];
    }

    std::vector<KinkPoint>& points_;
    double etol_;
    KinkBasis& basis_;
    std::vector<double> phi_, target_, v_;
    std::vector<bool> banned_;
    Index newest_ = -1;
};

}  // namespace

bool select_modes(std::vector<KinkPoint>& points, const std::vector<double>& base, double etol,
                  KinkBasis& basis) {
    for (int slot = basis.size() - 1; slot >= 0; --slot) {
        bool stays = false;
        for (const KinkPoint& k : points)
            stays |= k.point == basis.point(slot) && k.mode == Mode::kSlide && k.e < -etol;
        if (!stays) basis.remove(slot);
    }
    Attracting attracting(points, etol, basis);
    std::vector<bool> raised(points.size(), false);
    std::vector<double> with_raised = base;
    for (Index round = 0; round < size_of(points) + 2; ++round) {
        if (!attracting.solve(with_raised)) return false;
        bool changed = false;
        with_raised = base;
        for (Index i = 0; i < size_of(points); ++i) {
            KinkPoint& k = points[at(i)];
            if (attracting.is_attracting(i)) continue;
            double along = 0.0;
            for (Index l = 0; l < size_of(base); ++l) along += attracting.velocity()[at(l)] * k.x[l];
            const bool up = along > k.vtol;
            changed |= up != raised[at(i)];
            raised[at(i)] = up;
            k.mode = up ? Mode::kOn : Mode::kOff;
            if (!up) continue;
            for (Index l = 0; l < size_of(base); ++l) with_raised[at(l)] += k.e * k.x[l];
        }
        if (changed) continue;
        if (!attracting.thin_out(with_raised)) return false;
        for (Index i = 0; i < size_of(points); ++i) {  // lam = 0 with <v, x> = 0 is off
            if (points[at(i)].mode != Mode::kSlide || attracting.phi(i) < -etol) continue;
            points[at(i)].mode = Mode::kOff;
            basis.remove(basis.find(points[at(i)].point));
        }
        return true;
    }
    return false;
}

bool some_parallel(const std::vector<KinkPoint>& points, int d) {
    for (std::size_t i = 0; i < points.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (points[i].mode == Mode::kSlide && points[k].mode == Mode::kSlide) continue;  // independent
            if (parallel(points[i].x, points[k].x, d)) return true;
        }
    }
    return false;
}

}  // namespace pl
