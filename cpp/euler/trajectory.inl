#include <algorithm>

namespace pl {

template <class Real, class Model>
Trajectory<Real, Model>::Trajectory(const Problem<Real>& problem, const EulerOptions& options, Model& model,
                                    int threads, const Watch& first, StopRules::Clock::time_point began)
    : problem_(problem),
      options_(options),
      model_(model),
      threads_(threads),
      first_watch_(first),
      began_(began),
      control_(first.control()),
      ticker_(control_),
      first_(options.past.step),
      recorder_(problem, options.saves, result_),
      verdict_(problem, options.stop, Follows::kOwnSteps, options.past.seen, began) {
    result_.past = options.past;
    // of a model that was cut while it was made nothing may be read
    if (options.past.fresh() && !first.cut()) result_.past.invariants = invariants(model.neurons());
}

// A run that goes on evaluates its first state once more, which was noted at the end of the part before.
template <class Real, class Model>
EulerResult<Real> Trajectory<Real, Model>::run() {
    if (first_watch_.cut() || !evaluate(first_)) return unbegun();
    result_.started = true;
    for (Index k = first_;; ++k) {
        model_.prepare(static_cast<Real>(options_.step));
        if (!model_.finite()) {
            if (k == first_)
                return finish(k, Status::kNonFinite);  // no state before: the start is what there is
            model_.retreat();
            return finish(k - 1, Status::kNonFinite);
        }
        if (k > first_ || options_.past.fresh()) note_rise(k);
        recorder_.visit(k, model_, result_.past.invariants);
        const Status status = verdict_.judge(moment(k), model_);
        if (status != Status::kHorizon || k == options_.n_steps) return finish(k, status);
        loss_before_ = loss();
        model_.advance();
        if (!evaluate(k + 1)) {
            model_.retreat();
            return finish(k, cut_off(control_.cancelled()));
        }
    }
}

// The clock may cut off a step, but neither the first state of a run that goes on nor its first step.
template <class Real, class Model>
bool Trajectory<Real, Model>::evaluate(Index k) {
    if (k == first_) return model_.evaluate(threads_, first_watch_);
    const bool timed = k > first_ + 1 || options_.past.fresh();
    return model_.evaluate(threads_, timed ? Watch(control_, verdict_.deadline()) : Watch(control_));
}

// Cut off before the first state was known.
template <class Real, class Model>
EulerResult<Real> Trajectory<Real, Model>::unbegun() {
    result_ = EulerResult<Real>();
    if (!control_.cancelled()) write_unbegun(problem_, options_.saves, first_, began_, result_);
    return std::move(result_);
}

template <class Real, class Model>
void Trajectory<Real, Model>::note_rise(Index k) {
    constexpr double kRise = 1 + 64 * static_cast<double>(std::numeric_limits<Real>::epsilon());
    const double now = loss();
    EulerPast& past = result_.past;
    if (k == 0) {
        past.loss_start = past.loss_least = now;
    } else if (now > loss_before_ * kRise) {
        if (past.rises++ == 0) past.first_rise = k;
    }
    past.loss_least = std::min(past.loss_least, now);
}

template <class Real, class Model>
const Moment& Trajectory<Real, Model>::moment(Index k) {
    Moment& moment = moment_;
    moment.now = static_cast<double>(k);
    moment.t = moment.now * options_.step;
    moment.sum_r2 = model_.sum_r2();
    moment.steps = k;
    moment.end = k == options_.n_steps;
    moment.moved = k > first_ || options_.past.fresh();
    moment.cancelled = ticker_.tick(problem_.flops());
    moment.loss_start = result_.past.loss_start;
    moment.loss_least = result_.past.loss_least;
    return moment;
}

template <class Real, class Model>
EulerResult<Real> Trajectory<Real, Model>::finish(Index k, Status status) {
    recorder_.finish(k, options_.n_steps, model_, result_.past.invariants);
    result_.status = status;
    recorder_.write_end(model_);
    result_.past.step = k;
    result_.past.seen = verdict_.milestones();
    result_.loss_bound = verdict_.loss_bound(model_);
    result_.seconds = verdict_.elapsed();
    return std::move(result_);
}

}  // namespace pl
