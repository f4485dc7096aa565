// The earliest event of a step, over all pairs, from the Taylor polynomials of the step.
#pragma once

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "flow/flow.hpp"
#include "flow/near.hpp"
#include "flow/noise.hpp"
#include "flow/polynomial.hpp"
#include "kernel/index.hpp"

namespace pl {

enum class EventKind { kCross, kReleaseOff, kReleaseOn, kOuterZero };

struct Event {
    double t;
    int neuron, point;
    EventKind kind;
};

class EventSearch {
  public:
    EventSearch(const Inputs& inputs, const Pairs& pairs, const Jets& jets, Noise& noise, Near& near,
                const FlowOptions& options, Crew crew = Crew())
        : in_(inputs),
          pairs_(pairs),
          jets_(jets),
          noise_(noise),
          near_(near),
          options_(options),
          crew_(crew) {}

    // The earliest events within [now, now + h] (all of those at the same instant), earliest first; empty if
    // none. Times are counted from now; `sign` is the sign of a_j since the last event.
    // None of which anything is known once `cut` of `watch`, asked now and then, has said so.
    const std::vector<Event>& search(double now, double h, const std::vector<double>& sign);

    // Those of a stabilised step, whose cubic magnifies what is left of fast modes, and rounding: it does not
    // release a sliding pair whose residual is noise (as in `Switcher::release`), nor one whose release
    // weighs nothing.
    const std::vector<Event>& search_clear(double now, double h, const std::vector<double>& sign);
    // Whether these, within [now, now + h], are all releases that weigh nothing: sliding on to the end of the
    // step, where the state itself decides, would move no neuron by a part of its tolerance that matters.
    bool weigh_nothing(const std::vector<Event>& events, double h, const std::vector<double>& sign);
    // Whether it is a release whose multiplier is back within its bound at h: of a long cubic more often the
    // slope of a fast mode than what moves slowly.
    bool comes_back(const Event& event, double h, const std::vector<double>& sign) const;

    // Dense inputs: the neurons with an event within [now, now + h], in order.
    const std::vector<int>& neurons(double now, double h, const std::vector<double>& sign);

    void watch(std::function<bool()> cut) { cut_ = std::move(cut); }

  private:
    void along(int j, double sign);
    void reaches();
    void crossings(int j, double way, double sign);
    void resting(int j, int i, double sign);
    double turns_repelling(int i, double sign, bool alone) const;
    void idle_lines(int j, double sign);
    double push_one_way(int i, double sign) const;
    void crossing(int j, int i);
    void orthogonal_crossings(int j);
    void of_multipliers(int j, double sign);         // releases, and a_j through 0
    using Room = std::array<double, kMaxOrder + 1>;  // up to a bound of a multiplier: its coefficients
    Room room(const Event& release, const std::vector<double>& sign) const;
    Room room(int j, int slot, double sign, EventKind kind) const;
    bool unclear(int j, int i) const;
    bool weighs_nothing(const Room& room, double t, int j, int i, double late) const;
    void consider(double t, int j, int i, EventKind kind);

    const Inputs& in_;
    const Pairs& pairs_;
    const Jets& jets_;
    Noise& noise_;
    Near& near_;
    const FlowOptions& options_;
    const Crew crew_;
    bool clear_ = false;              // releases are those of search_clear
    std::vector<double> reach_;       // (p) of the dense inputs' neurons
    double h_ = 0.0, instant_ = 0.0;  // in units of the polynomials
    std::vector<Event> found_;
    std::vector<int> touched_;
    std::function<bool()> cut_;
};

}  // namespace pl
