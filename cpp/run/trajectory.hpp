// One trajectory of explicit Euler over integer time, on any model of the state (dense.hpp, orthogonal.hpp):
// what is recorded, when it ends, and as what.
#pragma once

#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "parallel/control.hpp"
#include "run/certificate.hpp"
#include "run/problem.hpp"

namespace pl {

template <class Real, class Model>
class Trajectory {
  public:
    Trajectory(const Problem<Real>& problem, const EulerOptions& options, Model& model, int threads,
               Control& control)
        : problem_(problem),
          options_(options),
          model_(model),
          threads_(threads),
          control_(control),
          ticker_(control),
          first_(options.past.step),
          level_(criterion_level(problem)) {
        result_.history = options.past;
        if (options.past.fresh()) result_.history.invariants = invariants(model.neurons());
        const std::size_t rows = options.save_steps.size() + 1, states = options.states ? rows : 0;
        const std::size_t p = static_cast<std::size_t>(problem.p),
                          pd = p * static_cast<std::size_t>(problem.d);
        for (auto* column : {&result_.loss, &result_.velocity_sq, &result_.invariant_drift})
            column->reserve(rows);
        result_.steps.reserve(rows);
        result_.n_active.reserve(rows);
        result_.W_saved.reserve(states * pd);
        result_.a_saved.reserve(states * p);
        result_.W.reserve(pd);
        result_.a.reserve(p);
    }

    // A run that goes on evaluates its first state once more, which was noted at the end of the part before.
    EulerResult<Real> run() {
        if (control_.cancelled() || !model_.evaluate(threads_, control_)) return std::move(result_);
        result_.started = true;
        for (Index k = first_;; ++k) {
            model_.prepare(static_cast<Real>(options_.step));
            if (!model_.finite()) {
                if (k == first_)
                    return finish(k, Status::kNonFinite);  // no state before: the start is what there is
                model_.retreat();
                return finish(k - 1, Status::kNonFinite);
            }
            if (k > first_ || options_.past.fresh()) note(k);
            if (const Status status = outcome(k); status != Status::kHorizon || k == options_.n_steps)
                return finish(k, status);
            if (due(k)) {
                record(k);
                ++saved_;
            }
            loss_before_ = loss();
            model_.advance(threads_);
            if (!model_.evaluate(threads_, control_)) {
                model_.retreat();
                return finish(k, Status::kInterrupted);
            }
        }
    }

  private:
    using Clock = std::chrono::steady_clock;

    double loss() const { return model_.sum_r2() / (2 * static_cast<double>(problem_.n)); }
    double elapsed() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

    // What every run keeps an eye on, whatever its stop rules.
    void note(Index k) {
        constexpr double kRise = 1 + 64 * static_cast<double>(std::numeric_limits<Real>::epsilon());
        const double now = loss();
        History& seen = result_.history;
        if (k == 0) {
            seen.loss_start = seen.loss_least = now;
        } else if (now > loss_before_ * kRise) {
            if (seen.rises++ == 0) seen.first_rise = k;
        }
        seen.loss_least = std::min(seen.loss_least, now);
        if (model_.sum_r2() >= level_) return;
        if (seen.criterion_step < 0) seen.criterion_step = k;
        if (problem_.certifiable && seen.proved_step < 0 && model_.sum_r2() < seen.try_below) {
            // the proof is a pass in plain double arithmetic, so it is not tried again until the loss has
            // halved
            if (proves_convergence(problem_, model_.neurons(), model_.outputs(), model_.output_terms()))
                seen.proved_step = k;
            seen.try_below = model_.sum_r2() / 2;
        }
    }

    Status outcome(Index k) {
        const StopRules& stop = options_.stop;
        const History& seen = result_.history;
        const double t = static_cast<double>(k) * options_.step;
        if (stop.criterion && seen.proved_step == k) return Status::kConverged;
        if (stop.criterion && model_.sum_r2() < level_) return Status::kCriterion;
        if (stop.loss > 0 && loss() <= stop.loss) return Status::kTarget;
        if (stop.criterion && problem_.orthogonal && model_.dead_label_sq() > 0) return Status::kDeadPoint;
        if (stop.stall > 0 && k > 0 &&
            model_.velocity_sq() * t < stop.stall * static_cast<double>(problem_.p) * loss())
            return Status::kStalled;
        if (ticker_.tick(problem_.flops())) return Status::kInterrupted;
        if (out_of_time(k)) return Status::kWallTime;
        if (k < options_.n_steps && stop.max_steps >= 0 && k >= stop.max_steps) return Status::kStepLimit;
        if (loss() > stop.rise * seen.loss_least) return Status::kUnstable;
        return k == options_.n_steps && loss() > seen.loss_start ? Status::kUnstable : Status::kHorizon;
    }

    // A run that goes on takes a step at least: slices of any length come to an end.
    bool out_of_time(Index k) const {
        const double limit = options_.stop.wall_time;
        if (limit == StopRules::kNever || (k == first_ && !options_.past.fresh())) return false;
        return elapsed() >= limit;
    }

    void record(Index k) {
        result_.steps.push_back(k);
        result_.loss.push_back(loss());
        result_.velocity_sq.push_back(model_.velocity_sq());
        result_.n_active.push_back(model_.n_active());
        result_.invariant_drift.push_back(invariant_drift(result_.history.invariants, model_.neurons()));
        if (options_.states) model_.append_state(result_.W_saved, result_.a_saved);
    }

    bool due(Index k) const {
        return saved_ < options_.save_steps.size() && options_.save_steps[saved_] == k;
    }

    // A run that ended early keeps its end too; one that went all the way keeps what was asked for.
    EulerResult<Real> finish(Index k, Status status) {
        const bool early =
            k < options_.n_steps || status == Status::kInterrupted || status == Status::kNonFinite;
        const bool new_row = result_.steps.empty() || result_.steps.back() < k;
        if (new_row && (early || due(k) || result_.steps.empty())) record(k);
        model_.append_state(result_.W, result_.a);
        result_.status = status;
        result_.history.step = k;
        if (problem_.orthogonal) {
            const double n = static_cast<double>(problem_.n), rounding = 1 - 4 * n * 0x1p-53;
            result_.loss_bound = model_.dead_label_sq() / (2 * n) * rounding;
        }
        result_.seconds = elapsed();
        return std::move(result_);
    }

    const Problem<Real>& problem_;
    const EulerOptions& options_;
    Model& model_;
    const int threads_;
    Control& control_;
    Ticker ticker_;
    const Index first_;
    const double level_;
    double loss_before_ = 0;
    std::size_t saved_ = 0;
    EulerResult<Real> result_;
    const Clock::time_point begin_ = Clock::now();
};

}  // namespace pl
