// The levels of sum r^2 at which a step of the flow ends, or of which it is noted when they were passed.
#pragma once

#include <functional>
#include <optional>

#include "flow/jets.hpp"
#include "problem/verdict.hpp"

namespace pl {

// Of a step that takes sum r^2 from `before` to `after`, and whose polynomial the jets hold.
class Levels {
  public:
    // `cut`: whether the run is cut off, which a search for a passage then is.
    Levels(const Verdict<double>& verdict, const State<double>& state, Jets& jets, double rtol,
           std::function<bool()> cut)
        : verdict_(verdict), state_(state), jets_(jets), rtol_(rtol), cut_(std::move(cut)) {}

    // The highest level passed at which the run ends; negative if none.
    double ending(double before, double after) const;
    // Or at which that is noted: a step that cannot tell when must not pass it.
    double any(double before, double after) const;
    // When in the step, h long, min y_i^2 was passed; none if it was not, or that has been noted before.
    std::optional<double> noted(double before, double after, double h) const;
    // Makes h so short that the step ends at `level`, to a hundredth of rtol of h; the new `after`.
    double cut_at(double level, double before, double after, double& h);

  private:
    bool notes(double before, double after) const;
    double passage(double level, double h) const;

    const Verdict<double>& verdict_;
    const State<double>& state_;
    Jets& jets_;
    const double rtol_;
    const std::function<bool()> cut_;
};

}  // namespace pl
