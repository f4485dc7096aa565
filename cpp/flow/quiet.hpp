// Neurons too small for the residuals to see: what each adds to an output is below the rounding of the
// labels,
//
//   norm(x_i) abs(a_j) norm(w_j) <= norm(x_i) norm(w_j, a_j)^2 / 2 < u max abs(y_i).
//
// To rounding the others do not know of them, so their events end nobody's step: the others' step is taken,
// and each of these then follows the residuals of that step alone. They are looked for anew in every step, as
// it begins, by the state alone.
#pragma once

#include <functional>
#include <vector>

#include "flow/alone.hpp"

namespace pl {

class Quiet : OnNeurons {
  public:
    Quiet(const OnNeurons& flow, Alone& alone);

    // Marks them in the jets, which are at order 1; returns for how long they stay quiet (infinity: none).
    double choose();
    bool any() const { return !chosen_.empty(); }
    // Follows them from t to t + h. False: cut off, or there is one that cannot be followed alone.
    bool follow(double t, double h, const std::function<bool()>& cut);
    void forget();  // the step is not taken, or was: no neuron stands still any more

  private:
    Alone& alone_;
    std::vector<int> chosen_;
    const bool possible_;
};

}  // namespace pl
