// A step that holds several events, and those of quiet neurons.
#include <algorithm>
#include <cmath>

#include "flow/step.hpp"
#include "flow/step_size.hpp"

namespace pl {

// At most `within` long. False if none was taken: the jets' polynomial may then be one of higher order.
bool FlowStep::several_advance(double before, double left, double within) {
    const double most = std::min({several_.length(), left, within, options_.max_step});
    double h = 0.0;
    while (!ask() && h < most && jets_.order() < natural_) {
        jets_.extend();
        h = std::min(trusted_step(jets_, in_.p, options_.rtol, options_.atol), most);
    }
    for (int tries = 0; !cut() && tries < Several::kTries && t_ + h > t_; ++tries) {
        const std::vector<int>& busy = search_.neurons(t_, h, switcher_.sign());
        if (size_of(busy) < several_.few()) break;
        if (!follow_alone(h, busy)) break;
        jets_.move_trial(h);
        alone_.place();
        double sum = jets_.trial_residual_sq();
        const double error = several_.error(h, jets_.off_series(h), std::sqrt(sum));
        const bool falls = sum <= lowest_ + rounding(before);
        if (!cut() && error <= 1.0 && falls && levels_.any(before, sum) < 0.0) {
            h_ = h;
            if (options_.watch != nullptr && !several_watch(busy, sum)) break;
            if (several_keep(sum, left, busy)) {
                several_.taken(h, error);
                return true;
            }
        }
        alone_.remove();
        grazes_.forget();
        journal_.rejected();
        if (error <= 1.0) break;
        h = several_.shorter(h, error);
    }
    several_.in_vain();
    return false;
}

// False: one of them cannot be, or the run is cut off.
bool FlowStep::follow_alone(double h, const std::vector<int>& busy) {
    alone_.begin();
    grazes_.hold(busy);
    if (quiet_.follow(t_, h, asked_) && alone_.follow(busy, t_, h, &grazes_, asked_)) return true;
    alone_.forget();
    grazes_.forget();
    return false;
}

// The step ends where the watch says, which is shown the states along it. False: cut off.
bool FlowStep::several_watch(const std::vector<int>& busy, double& sum) {
    alone_.remove();
    grazes_.forget();
    const double whole = h_;
    h_ = options_.watch->along(t_, whole, [&](double h, double* W, double* a) {
        jets_.state_within(h, W, a);
        alone_.begin();
        alone_.follow(busy, t_, h, nullptr, [] { return false; });
        alone_.write(W, a);
        alone_.forget();
    });
    watched_ = h_ < whole;
    if (follow_alone(h_, busy)) {
        jets_.move_trial(h_);
        alone_.place();
        sum = jets_.trial_residual_sq();
        if (!cut()) return true;
        alone_.remove();
        grazes_.forget();
    }
    watched_ = false;
    return false;
}

// False: cut off, and it is not taken.
bool FlowStep::several_keep(double sum, double left, const std::vector<int>& busy) {
    if (!grazes_.note(jets_, h_, {}, busy, asked_) || !jets_.evaluate_trial_gradient()) return false;
    keep(sum, left);
    jets_.accept();
    alone_.keep();
    quiet_.forget();
    jets_.first();
    stabilised_.changed(t_);
    journal_.accepted(Journal::Step::kTaylor);
    return true;
}

}  // namespace pl
