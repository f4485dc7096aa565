#include "flow/kink.hpp"

#include <cmath>
#include <utility>

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
        for (std::size_t i = 0; i < points.size(); ++i) {
            if (is_attracting(i))
                settle_start(i);
            else
                points[i].mode = Mode::kOff;  // T = {} to begin with
        }
    }

    bool is_attracting(std::size_t i) const { return points_[i].e < -etol_; }

    bool solve(const std::vector<double>& base) {
        banned_.assign(points_.size(), false);
        const std::size_t limit = 30 * points_.size() + 100;
        for (std::size_t it = 0; it < limit; ++it) {
            minimise(base);
            if (move_to_bound()) continue;
            phi_.swap(target_);
            if (!free_worst()) return true;
        }
        return false;
    }

    const std::vector<double>& velocity() const { return v_; }
    double phi(std::size_t i) const { return phi_[i]; }

  private:
    void settle_start(std::size_t i) {
        KinkPoint& k = points_[i];
        if (k.mode == Mode::kSlide && basis_.find(k.point) < 0 && !basis_.add(k.point, k.x))
            k.mode = Mode::kOff;
        phi_[i] = k.mode == Mode::kOn ? k.e : k.mode == Mode::kSlide ? 0.5 * k.e : 0.0;
    }

    // v_ and the free coordinates of target_ at the minimum over the free set, the others held.
    void minimise(const std::vector<double>& base) {
        v_ = base;
        for (std::size_t i = 0; i < points_.size(); ++i) {
            if (is_attracting(i) && points_[i].mode == Mode::kOn) add_scaled(points_[i].e, points_[i].x);
        }
        std::vector<double> coeff(static_cast<std::size_t>(basis_.size())), lam(coeff.size());
        basis_.project(v_.data(), coeff.data());
        basis_.multipliers(coeff.data(), lam.data());
        target_ = phi_;
        for (std::size_t i = 0; i < points_.size(); ++i) {
            if (points_[i].mode != Mode::kSlide) continue;
            target_[i] = lam[static_cast<std::size_t>(basis_.find(points_[i].point))];
        }
    }

    // If the minimum lies outside the box: go towards it up to the first bound, and hold that pair there.
    bool move_to_bound() {
        double step = 1.0;
        std::size_t blocking = points_.size();
        for (std::size_t i = 0; i < points_.size(); ++i) {
            if (points_[i].mode != Mode::kSlide) continue;
            const double to = target_[i], from = phi_[i], e = points_[i].e;
            if (to <= etol_ && to >= e - etol_) continue;
            const double bound = to > 0.0 ? 0.0 : e, ratio = (bound - from) / (to - from);
            if (blocking == points_.size() || ratio < step) {
                step = ratio;
                blocking = i;
            }
        }
        if (blocking == points_.size()) return false;
        for (std::size_t i = 0; i < points_.size(); ++i) {
            if (points_[i].mode == Mode::kSlide) phi_[i] += step * (target_[i] - phi_[i]);
        }
        KinkPoint& k = points_[blocking];
        const bool upper = target_[blocking] > 0.0;
        if (blocking == newest_ && step <= 0.0) banned_[blocking] = true;  // only rounding had freed it
        k.mode = upper ? Mode::kOff : Mode::kOn;
        phi_[blocking] = upper ? 0.0 : k.e;
        basis_.remove(basis_.find(k.point));
        return true;
    }

    // Frees the pair whose bound is most clearly wrong; false if none is.
    bool free_worst() {
        for (;;) {
            std::size_t worst = points_.size();
            double most = 1.0;
            for (std::size_t i = 0; i < points_.size(); ++i) {
                const KinkPoint& k = points_[i];
                if (!is_attracting(i) || k.mode == Mode::kSlide || banned_[i]) continue;
                double along = 0.0;
                for (std::size_t l = 0; l < v_.size(); ++l) along += v_[l] * k.x[l];
                const double wrong = (k.mode == Mode::kOff ? along : -along) / k.vtol;
                if (wrong > most) {
                    most = wrong;
                    worst = i;
                }
            }
            if (worst == points_.size()) return false;
            if (basis_.add(points_[worst].point, points_[worst].x)) {
                points_[worst].mode = Mode::kSlide;
                newest_ = worst;
                return true;
            }
            banned_[worst] = true;  // depends on the free ones, where <v, x> = 0: nothing to gain
        }
    }

    void add_scaled(double factor, const double* x) {
        for (std::size_t l = 0; l < v_.size(); ++l) v_[l] += factor * x[l];
    }

    std::vector<KinkPoint>& points_;
    double etol_;
    KinkBasis& basis_;
    std::vector<double> phi_, target_, v_;
    std::vector<bool> banned_;
    std::size_t newest_ = static_cast<std::size_t>(-1);
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
    for (std::size_t round = 0; round < points.size() + 2; ++round) {
        if (!attracting.solve(with_raised)) return false;
        bool changed = false;
        with_raised = base;
        for (std::size_t i = 0; i < points.size(); ++i) {
            KinkPoint& k = points[i];
            if (attracting.is_attracting(i)) continue;
            double along = 0.0;
            for (std::size_t l = 0; l < base.size(); ++l) along += attracting.velocity()[l] * k.x[l];
            const bool up = along > k.vtol;
            changed |= up != raised[i];
            raised[i] = up;
            k.mode = up ? Mode::kOn : Mode::kOff;
            if (!up) continue;
            for (std::size_t l = 0; l < base.size(); ++l) with_raised[l] += k.e * k.x[l];
        }
        if (changed) continue;
        for (std::size_t i = 0; i < points.size(); ++i) {  // lam = 0 with <v, x> = 0 is off
            if (points[i].mode != Mode::kSlide || attracting.phi(i) < -etol) continue;
            points[i].mode = Mode::kOff;
            basis.remove(basis.find(points[i].point));
        }
        return true;
    }
    return false;
}

}  // namespace pl
