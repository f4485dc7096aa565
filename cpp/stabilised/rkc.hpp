// The damped second-order Runge-Kutta-Chebyshev method (Sommeijer, Shampine, Verwer 1998), for
// dy/dt = f(y) whose Jacobian has its eigenvalues near the negative real axis. A step of s stages is stable
// up to h rho = beta(s) ~ 0.653 (s^2 - 1): the reach grows with the square of the work.
//
// Knows nothing of what it integrates: a state is `size` doubles, f a callable. To use it:
// `stages_for(h * rho)` with rho from `spectral.hpp`, then `step`, then compare `error()` with the tolerance.
#pragma once

#include <functional>
#include <vector>

#include "kernel/index.hpp"

namespace pl {

// f <- f(y). May return false to abandon the step (a cancelled run).
using Field = std::function<bool(const double* y, double* f)>;
// Moves a state back onto what must hold of it (a projection that is the identity to the order
// of the method).
using Restore = std::function<void(double* y)>;

constexpr int kMostStages = 200;  // rounding grows like s^2: 4e4 eps here

// beta(s): largest h rho at which s >= 2 stages are stable.
double stability_interval(int stages);
// Fewest stages, at least 2, that are stable at h rho; more than kMostStages if that many do not do.
int stages_for(double h_rho);

class Rkc {
  public:
    // One step from y with f0 = f(y): y1(), f1() = f(y1) and error() are then valid. Costs `stages`
    // evaluations, the one for f1 included, which is the next step's f0. Requires stages in [2, kMostStages].
    // The way from y to y1 is made longer by the share `stretch`, |stretch| <= 0.01: stable still, by the
    // damping. `restore` is applied to y1 before f1 is evaluated. False if the field abandoned the step.
    bool step(const Field& field, const double* y, const double* f0, Index size, double h, int stages,
              const Restore& restore = nullptr, double stretch = 0.0);

    const std::vector<double>& y1() const { return y1_; }
    const std::vector<double>& f1() const { return f1_; }
    // 4/5 (y - y1) + 2/5 h (f0 + f1), the estimate of the local error, O(h^3): for linear f, h^3 y''' times
    // 1/5 (two stages) to 3/25 (many), against a true error of 1/6 to 1/15.
    const std::vector<double>& error() const { return error_; }
    // The stretch by which the step would have kept the rate of what moves along its way, to order 4: for one
    // mode, of z = h lambda, (e^z - P_s(z)) / (P_s(z) - 1) = O(z^2). NaN if it did not move.
    double lag() const { return lag_; }

  private:
    struct Stage {
        double mu, nu, mu_f, gamma_f;  // weights of Y_{j-1}, Y_{j-2}, h F_{j-1}, h F_0
    };
    void coefficients(int stages);

    int stages_ = 0;
    double first_ = 0.0;    // weight of h F_0 in the first stage
    double missing_ = 0.0;  // true error over its estimate, of terms in z^3
    double lag_ = 0.0;
    std::vector<Stage> stage_;  // stages 2 .. s
    std::vector<double> y1_, f1_, error_, before_, next_;
};

}  // namespace pl
