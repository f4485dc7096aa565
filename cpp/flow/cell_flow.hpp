// Steps of the flow on cells, while the patterns are few and the neurons many. Within such a step nothing is
// decided; what is (a level of the loss, a loss that rises) is left to steps on the neurons themselves, to
// which the state is given back.
#pragma once

#include <functional>
#include <vector>

#include "flow/cell_moves.hpp"
#include "flow/on_neurons.hpp"
#include "flow/several.hpp"
#include "problem/unset.hpp"

namespace pl {

class CellFlow : OnNeurons {
  public:
    CellFlow(const OnNeurons& flow, Crew crew);

    // Asked now and then in all that goes over many neurons; true, for good: the run ends where it is.
    void watch(std::function<bool()> cut);

    // Takes the state over if that pays. Cheap to ask where it never does.
    void consider();
    bool on() const { return on_; }

    // A step of at most `left` from t: its length, and sum r^2 at its end. `order`: of the last one, and
    // this. NaN: cut off, or there is none.
    double attempt(double t, double left, double& h, int& order);
    bool meets_event() const { return !events_.empty(); }
    bool holds_several() const { return moves_.any(); }  // events: the next attempt holds one, after `refuse`
    void refuse();
    // The state that the step passes at time h: W (p, d), a (p). And: the run is to end there, at sum r^2.
    void state_within(double h, double* W, double* a) const;
    // The step's polynomial, as Jets::write_polynomial; before it is taken.
    void write_polynomial(double* to) const;
    double end_at(double h);
    void accept(double t);  // it is taken, to t; its events happen
    // Of the last step: did it end at an event; how often multipliers had left their bounds then.
    bool landed_on_event() const { return landed_; }
    int releases() const { return releases_; }
    Index evaluations() const { return series_.evaluations(); }

    // The state into the jets and the pairs, where it is read; or for good.
    // Unless `asked`, which may be cut off (false: nothing has changed), to the end.
    bool show(bool asked = false);
    bool give_back();  // asks, too
    // For the last time: into the pairs, but for their lists, a_j into the jets, W (p, d) into end(), unless
    // that is null.
    void conclude();
    const double* end() const { return end_.empty() ? nullptr : end_.data(); }
    void list();                       // the pairs' lists then
    double share(int j, int i) const;  // and of a sliding pair lam_ji

    double sum_r2() const { return series_.residual_sq(); }
    double velocity_sq() const { return series_.velocity_sq(); }
    double size() const { return series_.size(); }  // sum_j norm(w_j, a_j)^2
    Index n_active() const;
    Index sliding() const;

  private:
    bool candidate() const;
    double attempt_several(double t, double left);
    bool cut() const { return cut_ && cut_(); }
    bool show_modes();
    bool meet(double t);
    void settle(double t, int j, double sign, const Cause& cause);
    std::vector<Forced> forced(int c) const;
    bool release(double t);
    void freeze(double t, int j);
    void move(int j, const CellPattern& pattern, const double* v);

    const Crew crew_;
    Cells cells_;
    CellSeries series_;
    CellSearch search_;
    CellMoves moves_;
    Several several_;
    std::vector<CellEvent> events_, due_;  // that the step ends with; releases among them
    std::vector<bool> moved_;              // (p): modes that the pairs do not have yet
    UnsetVector<double> end_;
    std::function<bool()> cut_;
    double h_ = 0.0;
    int releases_ = 0, refusals_ = 0;
    bool on_ = false, shown_ = false, landed_ = false, degenerate_ = false, ends_ = false;
    bool listed_ = true;  // the pairs' lists are those of their modes
};

}  // namespace pl
