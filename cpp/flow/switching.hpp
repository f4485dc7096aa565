// What happens at an event: the touched neuron's kink set is solved again, its modes, gradient and
// basis are renewed.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "flow/events.hpp"
#include "flow/noise.hpp"
#include "flow/settling.hpp"
#include "flow/tally.hpp"

namespace pl {

class Switcher {
  public:
    Switcher(const Inputs& inputs, Pairs& pairs, Jets& jets, Noise& noise, Near& near, Tally& journal)
        : in_(inputs),
          pairs_(pairs),
          jets_(jets),
          noise_(noise),
          near_(near),
          journal_(journal),
          sign_(at(inputs.p), 0.0) {}

    // Modes of every pair at the start: those the problem knows, else by the sign of z_ji, and by the
    // selection rule where it is 0 to rounding.
    // False: `cut` said so before it was done.
    bool start(double t, const Problem<double>& problem, const std::function<bool()>& cut);
    // Or those of a run that goes on; and what it takes for that.
    bool go_on(const FlowPast& past, const Problem<double>& problem, const std::function<bool()>& cut);
    // After landing on `events` (residuals and raw gradients at the new state known). Releases of sliding
    // pairs wait for `release`, which sees their multipliers at the state reached, not those
    // the polynomial promised.
    void apply(double t, const std::vector<Event>& events);
    // Releases the pairs whose multiplier has left [0, 1], or was to leave it now; true if any was released.
    bool release(double t);
    // A neuron that shrinks towards 0 for ever comes to where its squares leave the range of numbers, and
    // with them its invariant, which alone keeps it from passing 0 and growing on the other side. It is taken
    // to be there before. True if any is.
    bool vanish(double t);

    const std::vector<double>& sign() const { return sign_; }
    void recall(std::vector<double> sign) { sign_ = std::move(sign); }
    void leave(FlowPast& past) { past.sign = std::move(sign_); }
    void follow_sign();  // neurons that do not slide may change the sign of a_j without an event
    std::int64_t sliding() const;

  private:
    using Kinks = std::map<int, std::vector<int>>;  // of a neuron, points whose mode is to be selected
    bool modes_by_sign(const double* W, const std::function<bool()>& cut, Kinks& open);
    void take_known(double t, const Problem<double>& problem, Kinks& open);
    bool slide_on(int j, int i);
    void open_torn_lines(Kinks& open);
    bool torn(int j, int first) const;
    bool set_state(const Problem<double>& problem, const std::function<bool()>& cut);
    bool evaluate(const std::function<bool()>& cut);
    void take_sign(int j);
    bool settle_start(double t, Kinks& open, const std::function<bool()>& cut);
    bool settle_kinks(double t, const Kinks& kinks, const std::function<bool()>& cut);
    void settle(double t, int j, const Cause& cause);
    std::vector<Forced> forced(int j) const;
    void change(double t, int j, int i, Mode mode, bool repelling);
    void freeze(double t, int j);
    void die(double t, const std::vector<Event>& events);

    const Inputs& in_;
    Pairs& pairs_;
    Jets& jets_;
    Noise& noise_;
    Near& near_;
    Tally& journal_;
    std::vector<double> sign_;
    std::vector<Event> due_;  // releases promised by the polynomials of the last step
};

}  // namespace pl
