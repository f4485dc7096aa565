#include "run/euler.hpp"

#include <cmath>

#include "run/certificate.hpp"
#include "run/evaluator.hpp"

namespace pl {
namespace {

using Clock = std::chrono::steady_clock;

template <class Real>
class Trajectory {
  public:
    Trajectory(const Problem<Real>& problem, const EulerOptions& options, const Kernel<Real>& kernel,
               int threads, Control& control)
        : problem_(problem),
          options_(options),
          control_(control),
          ticker_(control),
          threads_(threads),
          evaluator_(problem, kernel),
          points_{make_point(), make_point(), make_point()},
          level_(criterion_level(problem)) {
        const std::size_t rows = options.save_steps.size() + 1, states = options.states ? rows : 0;
        for (auto* column : {&result_.loss, &result_.velocity_sq, &result_.invariant_drift})
            column->reserve(rows);
        result_.steps.reserve(rows);
        result_.n_active.reserve(rows);
        result_.W_saved.reserve(states * static_cast<std::size_t>(problem.p * problem.d));
        result_.a_saved.reserve(states * static_cast<std::size_t>(problem.p));
        result_.W.reserve(static_cast<std::size_t>(problem.p * problem.d));
        result_.a.reserve(static_cast<std::size_t>(problem.p));
        for (Index j = 0; j < problem.p; ++j)
            std::copy_n(problem.W + j * problem.d, problem.d, at_->W.data() + j * evaluator_.row_stride());
        std::copy_n(problem.a, problem.p, at_->a.data());
    }

    EulerResult<Real> run() {
        const Real size = static_cast<Real>(options_.step);
        if (control_.cancelled() || !evaluator_.evaluate(*at_, threads_, control_)) return std::move(result_);
        result_.started = true;
        for (Index k = 0;; ++k) {
            evaluator_.step(*at_, *next_, size);
            if (!std::isfinite(at_->sum_r2) || !std::isfinite(at_->velocity_sq)) {
                // the point before was finite; at the start there is none, and the start is what there is
                return k == 0 ? finish(*at_, 0, Status::kNonFinite)
                              : finish(*before_, k - 1, Status::kNonFinite);
            }
            note(k);
            if (const auto status = outcome(k); status != Status::kHorizon || k == options_.n_steps)
                return finish(*at_, k, status);
            if (saved_ < options_.save_steps.size() && options_.save_steps[saved_] == k) {
                record(*at_, k);
                ++saved_;
            }
            rotate();
            if (!evaluator_.evaluate(*at_, threads_, control_))
                return finish(*before_, k, Status::kInterrupted);
        }
    }

  private:
    Point<Real> make_point() const { return {problem_.p, evaluator_.row_stride(), evaluator_.blocks()}; }

    void rotate() {
        Point<Real>* spare = before_;
        before_ = at_;
        at_ = next_;
        next_ = spare;
    }

    double loss(const Point<Real>& point) const {
        return point.sum_r2 / (2 * static_cast<double>(problem_.n));
    }

    // What every run keeps an eye on, whatever its stop rules.
    void note(Index k) {
        const double now = loss(*at_);
        if (k == 0) {
            start_loss_ = least_loss_ = now;
        } else if (now >
                   loss(*before_) * (1 + 64 * static_cast<double>(std::numeric_limits<Real>::epsilon()))) {
            if (result_.rises++ == 0) result_.first_rise = k;
        }
        least_loss_ = std::min(least_loss_, now);
        if (at_->sum_r2 >= level_) return;
        if (result_.criterion_step < 0) result_.criterion_step = k;
        if (result_.proved_step < 0 && at_->sum_r2 < try_below_) {
            // the proof is a pass in plain double arithmetic, so it is not tried again until the loss has
            // halved
            if (proves_convergence(problem_, at_->W.data(), evaluator_.row_stride(), at_->a.data()))
                result_.proved_step = k;
            try_below_ = at_->sum_r2 / 2;
        }
    }

    Status outcome(Index k) {
        const StopRules& stop = options_.stop;
        const double now = loss(*at_), t = static_cast<double>(k) * options_.step;
        if (stop.criterion && result_.proved_step == k) return Status::kConverged;
        if (stop.criterion && at_->sum_r2 < level_) return Status::kCriterion;
        if (stop.loss > 0 && now <= stop.loss) return Status::kTarget;
        if (stop.criterion && problem_.orthogonal && dead_label_sq(*at_) > 0) return Status::kDeadPoint;
        if (stop.stall > 0 && k > 0 &&
            at_->velocity_sq * t < stop.stall * static_cast<double>(problem_.p) * now)
            return Status::kStalled;
        if (ticker_.tick(problem_.flops())) return Status::kInterrupted;
        if (stop.wall_time < StopRules::kNever && elapsed() >= stop.wall_time) return Status::kWallTime;
        if (k < options_.n_steps && k == stop.max_steps) return Status::kStepLimit;
        if (now > stop.rise * least_loss_) return Status::kUnstable;
        return k == options_.n_steps && now > start_loss_ ? Status::kUnstable : Status::kHorizon;
    }

    double elapsed() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

    // sum of y_i^2 over the points on which no neuron is active.
    double dead_label_sq(const Point<Real>& point) const {
        double sum = 0;
        for (Index b = 0; b < evaluator_.blocks(); ++b) {
            Word live = 0;
            for (Index j = 0; j < problem_.p; ++j) live |= point.masks.data()[b * problem_.p + j];
            const Index start = b * kBlockPoints, points = std::min(kBlockPoints, problem_.n - start);
            for (Index l = 0; l < points; ++l) {
                const double y = static_cast<double>(problem_.y[start + l]);
                if (((live >> l) & 1) == 0) sum += y * y;
            }
        }
        return sum;
    }

    void record(const Point<Real>& point, Index k) {
        Index active = 0;
        for (Index w = 0; w < point.masks.size(); ++w) active += __builtin_popcountll(point.masks.data()[w]);
        result_.steps.push_back(k);
        result_.loss.push_back(loss(point));
        result_.velocity_sq.push_back(point.velocity_sq);
        result_.n_active.push_back(active);
        result_.invariant_drift.push_back(
            invariant_drift(problem_, point.W.data(), evaluator_.row_stride(), point.a.data()));
        if (options_.states) append_state(point, result_.W_saved, result_.a_saved);
    }

    void append_state(const Point<Real>& point, std::vector<Real>& W, std::vector<Real>& a) const {
        for (Index j = 0; j < problem_.p; ++j) {
            const Real* w = point.W.data() + j * evaluator_.row_stride();
            W.insert(W.end(), w, w + problem_.d);
        }
        a.insert(a.end(), point.a.data(), point.a.data() + problem_.p);
    }

    EulerResult<Real> finish(const Point<Real>& point, Index k, Status status) {
        if (result_.steps.empty() || result_.steps.back() < k) record(point, k);
        append_state(point, result_.W, result_.a);
        result_.status = status;
        result_.steps_taken = k;
        if (problem_.orthogonal) {
            const double rounding = 1 - 4 * static_cast<double>(problem_.n) * 0x1p-53;
            result_.loss_bound = dead_label_sq(point) / (2 * static_cast<double>(problem_.n)) * rounding;
        }
        result_.seconds = elapsed();
        return std::move(result_);
    }

    const Problem<Real>& problem_;
    const EulerOptions& options_;
    Control& control_;
    Ticker ticker_;
    const int threads_;
    Evaluator<Real> evaluator_;
    Point<Real> points_[3];
    Point<Real>*before_ = &points_[0], *at_ = &points_[1], *next_ = &points_[2];
    const double level_;
    double start_loss_ = 0, least_loss_ = 0, try_below_ = std::numeric_limits<double>::infinity();
    std::size_t saved_ = 0;
    EulerResult<Real> result_;
    const Clock::time_point begin_ = Clock::now();
};

}  // namespace

template <class Real>
EulerResult<Real> euler(const Problem<Real>& problem, const EulerOptions& options, const Kernel<Real>& kernel,
                        int inner_threads, Control& control) {
    return Trajectory<Real>(problem, options, kernel, inner_threads, control).run();
}

template <class Real>
double euler_bytes(const Problem<Real>& problem, const EulerOptions& options, const Kernel<Real>& kernel) {
    const double n = static_cast<double>(block_count(problem.n) * kBlockPoints),
                 d = static_cast<double>(problem.d);
    const double p = static_cast<double>(problem.p),
                 stride = static_cast<double>(round_up(problem.d, kernel.lanes));
    const double parts = static_cast<double>(superblock_count(problem.n, problem.d, problem.p, sizeof(Real)));
    const double rows = static_cast<double>(options.save_steps.size()) + 1,
                 states = options.states ? rows : 0;
    const double reals = n * (d + stride + 1) + (parts + 3) * p * stride + 4 * p +
                         parts * static_cast<double>(kernel.table_size) + (states + 1) * p * (d + 1);
    return reals * sizeof(Real) + 3 * n * p / 6 + 40 * rows;
}

#define PLN_INSTANTIATE(Real)                                                                             \
    template EulerResult<Real> euler(const Problem<Real>&, const EulerOptions&, const Kernel<Real>&, int, \
                                     Control&);                                                           \
    template double euler_bytes(const Problem<Real>&, const EulerOptions&, const Kernel<Real>&);
PLN_INSTANTIATE(float)
PLN_INSTANTIATE(double)
#undef PLN_INSTANTIATE

}  // namespace pl
