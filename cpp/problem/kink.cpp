#include "problem/kink.hpp"

#include <cmath>
#include <utility>

#include "kernel/index.hpp"
#include "kernel/inner.hpp"
#include "problem/kink_lines.hpp"

namespace pl {
namespace {

// Box-constrained least squares over the attracting lines, by the active set of Stark and Parker.
class Attracting {
  public:
    Attracting(std::vector<KinkLine>& lines, KinkBasis& basis)
        : lines_(lines), basis_(basis), phi_(lines.size(), 0.0), banned_(lines.size(), false) {
        for (Index i = 0; i < size_of(lines); ++i) {
            if (is_attracting(i))
                settle_start(i);
            else
                lines[at(i)].mode = Mode::kOff;  // T = {} to begin with
        }
    }

    bool is_attracting(Index i) const { return lines_[at(i)].attracts(); }

    bool solve(const std::vector<double>& base) {
        banned_.assign(lines_.size(), false);
        const Index limit = 30 * size_of(lines_) + 100;
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
        const std::vector<KinkLine> lines = lines_;
        const std::vector<double> phi = phi_, v = v_;
        const KinkBasis basis = basis_;
        for (Index i = 0; i < size_of(lines_); ++i) {
            KinkLine& k = lines_[at(i)];
            if (!rests(i)) continue;
            if (k.mode == Mode::kSlide) basis_.remove(basis_.find(k.point));
            k.mode = Mode::kOff;
            phi_[at(i)] = 0.0;
        }
        if (!solve(base)) return false;
        if (pushing(lines_) < pushing(lines)) return true;
        lines_ = lines;
        phi_ = phi;
        v_ = v;
        basis_ = basis;
        return true;
    }

    const std::vector<double>& velocity() const { return v_; }
    double phi(Index i) const { return phi_[at(i)]; }

  private:
    double along(Index i) const { return inner(v_.data(), lines_[at(i)].x, size_of(v_)); }

    bool rests(Index i) const { return is_attracting(i) && std::abs(along(i)) <= lines_[at(i)].vtol; }

    bool overfull() const {
        if (basis_.size() == 0) return false;
        for (Index i = 0; i < size_of(lines_); ++i) {
            if (lines_[at(i)].mode != Mode::kOn || !rests(i)) continue;
            KinkBasis larger = basis_;
            if (!larger.add(lines_[at(i)].point, lines_[at(i)].x)) return true;
        }
        return false;
    }

    static Index pushing(const std::vector<KinkLine>& lines) {
        Index count = 0;
        for (const KinkLine& k : lines) count += k.mode != Mode::kOff ? 1 : 0;
        return count;
    }

    void settle_start(Index i) {
        KinkLine& k = lines_[at(i)];
        if (k.mode == Mode::kSlide && basis_.find(k.point) < 0 && !basis_.add(k.point, k.x))
            k.mode = Mode::kOff;
        phi_[at(i)] = k.mode == Mode::kOn ? k.jump() : k.mode == Mode::kSlide ? 0.5 * k.jump() : 0.0;
    }

    // v_ and the free coordinates of target_ at the minimum over the free set, the others held.
    void minimise(const std::vector<double>& base) {
        v_ = base;
        for (Index i = 0; i < size_of(lines_); ++i) {
            if (is_attracting(i) && lines_[at(i)].mode == Mode::kOn)
                add_scaled(lines_[at(i)].jump(), lines_[at(i)].x);
        }
        std::vector<double> coeff(at(basis_.size())), lam(coeff.size());
        basis_.project(v_.data(), coeff.data());
        basis_.multipliers(coeff.data(), lam.data());
        target_ = phi_;
        for (Index i = 0; i < size_of(lines_); ++i) {
            if (lines_[at(i)].mode != Mode::kSlide) continue;
            target_[at(i)] = lam[at(basis_.find(lines_[at(i)].point))];
        }
    }

    // If the minimum lies outside the box: go towards it up to the first bound, and hold that pair there.
    bool move_to_bound() {
        double step = 1.0;
        Index blocking = size_of(lines_);
        for (Index i = 0; i < size_of(lines_); ++i) {
            if (lines_[at(i)].mode != Mode::kSlide) continue;
            const double to = target_[at(i)], from = phi_[at(i)], e = lines_[at(i)].jump(),
                         etol = lines_[at(i)].etol;
            if (to <= etol && to >= e - etol) continue;
            const double bound = to > 0.0 ? 0.0 : e, ratio = (bound - from) / (to - from);
            if (blocking == size_of(lines_) || ratio < step) {
                step = ratio;
                blocking = i;
            }
        }
        if (blocking == size_of(lines_)) return false;
        for (Index i = 0; i < size_of(lines_); ++i) {
            if (lines_[at(i)].mode == Mode::kSlide) phi_[at(i)] += step * (target_[at(i)] - phi_[at(i)]);
        }
        KinkLine& k = lines_[at(blocking)];
        const bool upper = target_[at(blocking)] > 0.0;
        if (blocking == newest_ && step <= 0.0) banned_[at(blocking)] = true;  // only rounding had freed it
        k.mode = upper ? Mode::kOff : Mode::kOn;
        phi_[at(blocking)] = upper ? 0.0 : k.jump();
        basis_.remove(basis_.find(k.point));
        return true;
    }

    // Frees the pair whose bound is most clearly wrong; false if none is.
    bool free_worst() {
        for (;;) {
            Index worst = size_of(lines_);
            double most = 1.0;
            for (Index i = 0; i < size_of(lines_); ++i) {
                const KinkLine& k = lines_[at(i)];
                if (!is_attracting(i) || k.mode == Mode::kSlide || banned_[at(i)]) continue;
                const double speed = along(i);
                const double wrong = (k.mode == Mode::kOff ? speed : -speed) / k.vtol;
                if (wrong > most) {
                    most = wrong;
                    worst = i;
                }
            }
            if (worst == size_of(lines_)) return false;
            if (basis_.add(lines_[at(worst)].point, lines_[at(worst)].x)) {
                lines_[at(worst)].mode = Mode::kSlide;
                newest_ = worst;
                return true;
            }
            banned_[at(worst)] = true;  // depends on the free ones, where <v, x> = 0: nothing to gain
        }
    }

    void add_scaled(double factor, const double* x) {
        for (Index l = 0; l < size_of(v_); ++l) v_[at(l)] += factor * x[l];
    }

    std::vector<KinkLine>& lines_;
    KinkBasis& basis_;
    std::vector<double> phi_, target_, v_;
    std::vector<bool> banned_;
    Index newest_ = -1;
};

void add_scaled(double factor, const double* x, std::vector<double>& sum) {
    for (Index l = 0; l < size_of(sum); ++l) sum[at(l)] += factor * x[l];
}

// Which of its sides acts of a line that does not attract.
enum class Side { kNeither, kAhead, kBehind };

Side first_side(const KinkLine& line) {
    if (!line.two_sided || line.may_be_left()) return Side::kNeither;
    return line.ahead < -line.etol ? Side::kAhead : Side::kBehind;
}

Side next_side(const KinkLine& line, Side now, double along) {
    if (along > line.vtol) return Side::kAhead;
    if (!line.two_sided) return Side::kNeither;
    if (along < -line.vtol) return Side::kBehind;
    return line.may_be_left() ? Side::kNeither : now;
}

// Lines that do not attract: T of the rule, which begins empty.
class Raised {
  public:
    Raised(const std::vector<KinkLine>& lines, const Attracting& attracting)
        : lines_(lines), attracting_(attracting), side_(lines.size(), Side::kNeither) {
        for (Index i = 0; i < size_of(lines); ++i)
            if (!attracting.is_attracting(i)) side_[at(i)] = first_side(lines[at(i)]);
    }

    Side side(Index i) const { return side_[at(i)]; }

    // What acts besides the attracting ones.
    std::vector<double> base(std::vector<double> sum) const {
        for (Index i = 0; i < size_of(lines_); ++i) {
            const KinkLine& line = lines_[at(i)];
            if (attracting_.is_attracting(i)) {
                if (line.two_sided) add_scaled(line.behind, line.x, sum);
            } else if (side_[at(i)] != Side::kNeither) {
                add_scaled(side_[at(i)] == Side::kAhead ? line.ahead : line.behind, line.x, sum);
            }
        }
        return sum;
    }

    // Whether the velocity found changes any.
    bool renew() {
        bool changed = false;
        for (Index i = 0; i < size_of(lines_); ++i) {
            if (attracting_.is_attracting(i)) continue;
            const double along =
                inner(attracting_.velocity().data(), lines_[at(i)].x, size_of(attracting_.velocity()));
            const Side next = next_side(lines_[at(i)], side_[at(i)], along);
            changed |= next != side_[at(i)];
            side_[at(i)] = next;
        }
        return changed;
    }

  private:
    const std::vector<KinkLine>& lines_;
    const Attracting& attracting_;
    std::vector<Side> side_;
};

// Of a point on that side of its line.
Mode mode_of(const KinkLine& line, Side side, bool ahead) {
    if (line.idle) return Mode::kOff;
    if (line.attracts()) {
        if (line.mode == Mode::kSlide) return Mode::kSlide;
        return (line.mode == Mode::kOn) == ahead ? Mode::kOn : Mode::kOff;
    }
    return side == (ahead ? Side::kAhead : Side::kBehind) ? Mode::kOn : Mode::kOff;
}

bool solve(std::vector<KinkLine>& lines, Attracting& attracting, Raised& raised,
           const std::vector<double>& base) {
    for (Index round = 0; round < 2 * size_of(lines) + 2; ++round) {
        const std::vector<double> with_raised = raised.base(base);
        if (!attracting.solve(with_raised)) return false;
        if (!raised.renew()) return attracting.thin_out(with_raised);
    }
    return false;
}

}  // namespace

bool select_modes(std::vector<KinkPoint>& points, const std::vector<double>& base, double etol,
                  KinkBasis& basis) {
    KinkLines kinks(points, etol);
    std::vector<KinkLine>& lines = kinks.lines;
    for (int slot = basis.size() - 1; slot >= 0; --slot) {
        bool stays = false;
        for (const KinkLine& k : lines)
            stays |= k.point == basis.point(slot) && k.mode == Mode::kSlide && k.attracts();
        if (!stays) basis.remove(slot);
    }
    Attracting attracting(lines, basis);
    Raised raised(lines, attracting);
    const bool found = solve(lines, attracting, raised, base);
    for (Index i = 0; found && i < size_of(lines); ++i) {  // lam = 0 with <v, x> = 0 is off
        KinkLine& line = lines[at(i)];
        if (line.mode != Mode::kSlide) continue;
        line.idle = line.may_idle(attracting.phi(i));
        if (!line.idle && attracting.phi(i) < -line.etol) continue;
        line.mode = Mode::kOff;
        basis.remove(basis.find(line.point));
    }
    for (Index i = 0; i < size_of(points); ++i) {
        const Index l = kinks.of[at(i)];
        points[at(i)].mode = mode_of(lines[at(l)], raised.side(l), kinks.ratio[at(i)] > 0.0);
        points[at(i)].repels = lines[at(l)].jump() > 0.0;
    }
    return found;
}

}  // namespace pl
