// One step of the flow: a Taylor step as far as its polynomial may be trusted or up to the earliest event,
// whichever is first, or a stabilised step within which nothing happens. The loss does not rise, and the step
// ends where a level of it is passed at which something is decided.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "flow/cell_flow.hpp"
#include "flow/events.hpp"
#include "flow/flow.hpp"
#include "flow/grazes.hpp"
#include "flow/journal.hpp"
#include "flow/levels.hpp"
#include "flow/quiet.hpp"
#include "flow/several.hpp"
#include "flow/stabilised.hpp"
#include "flow/state.hpp"
#include "flow/switching.hpp"

namespace pl {

// What a step reads and moves; the run owns it.
struct FlowParts {
    const Inputs& inputs;
    const Pairs& pairs;
    Jets& jets;
    Noise& noise;
    Near& near;
    Switcher& switcher;
    CellFlow& cells;
    Alone& alone;
    Quiet& quiet;
    Crew crew;
};

class FlowStep {
  public:
    FlowStep(const FlowParts& parts, Journal& journal, const FlowState& state, const Verdict<double>& verdict,
             const FlowOptions& options, const Poll& poll);

    void start(const FlowPast& past);  // where nothing is known of steps, the jets holding the state
    void go_on(const FlowPast& past);  // or where a run that goes on was
    void leave(FlowPast& past) const;  // what that takes: the fields that go_on reads
    void changed() { stabilised_.changed(t_); }  // modes have, at the state reached

    // A step towards `goal`; the jets then hold the state at t(), and modes have switched that change in
    // landing there. False if there is none: status().
    bool advance(double goal);
    double t() const { return t_; }
    // When sum r^2 passed min y_i^2 within the last step; none if it did not.
    const std::optional<double>& passed() const { return passed_; }
    bool landed_on_event() const { return landed_on_event_; }  // with the last step
    bool watched() const { return watched_; }                  // it ended where the watch says
    bool cancelled() const { return cancelled_; }
    const Grazes& grazes() const { return grazes_; }  // since this call began, but for steps on patterns
    double start_sq() const { return start_; }        // sum r^2 at the very start
    Status status() const { return cut() ? cut_off(cancelled_) : failed_; }

  private:
    void begin();
    bool ask();  // whether the run is cancelled, or out of time
    bool cut() const { return cancelled_ || late_; }
    bool plan(double left);
    bool taylor_advance(double before, double left, double within);
    bool attempt(double before, double left, double within, double& sum);
    bool cell_advance(double before, double left);
    bool several_advance(double before, double left, double within);
    bool follow_alone(double h, const std::vector<int>& busy);
    bool several_watch(const std::vector<int>& busy, double& sum);
    bool several_keep(double sum, double left, const std::vector<int>& busy);
    bool stabilised_advance(double before, double left);
    bool stabilised_keep(double sum, double left);
    void keep(double sum, double left);
    bool fail(Status status);
    bool watch_ends();
    bool prepare_landing();
    void land();

    double descend(double before);
    double rounding(double sum) const;
    double output_terms() const;

    const Inputs& in_;
    const Pairs& pairs_;
    Jets& jets_;
    Switcher& switcher_;
    CellFlow& cells_;
    Alone& alone_;
    Quiet& quiet_;
    Journal& journal_;
    const FlowState& state_;
    const Verdict<double>& verdict_;
    const FlowOptions& options_;
    const Poll& poll_;
    const std::function<bool()> asked_ = [this] { return ask(); };
    const int natural_;  // order
    EventSearch search_;
    Levels levels_;
    Grazes grazes_;
    Stabilised stabilised_;
    Several several_;
    std::vector<Event> events_;              // that the step ends with
    double t_ = 0.0, h_ = 0.0, goal_ = 0.0;  // reached, of the step, asked for
    double lowest_ = 0.0, start_ = 0.0;      // sum r^2: least so far, at the very start
    std::optional<double> passed_;
    int last_order_ = 2;
    bool landed_on_event_ = false, watched_ = false, cancelled_ = false, late_ = false;
    Status failed_ = Status::kHorizon;
};

}  // namespace pl
