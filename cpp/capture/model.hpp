// What the capture method needs of a problem's state. Two models implement it: dense.hpp for inputs X (n, d),
// orthogonal.hpp for orthogonal inputs given by their norms.
//
// A step is driven by an impulse Q (n), the integral of the residuals over the step, and by the outer weights
// held at their mid-step value abar:
//     every neuron follows its inclusion  dw_j = abar_j / n sum_i 1_ji x_i dQ_i  along the straight path
//     0 -> Q, kinks included; then a_j follows from Lemma 1 and r from the new state.
// So what couples the neurons is one vector of length n, and a method for the coupled system is a method for
// the ordinary differential equation dQ/dt = r(Q) of that length (step.hpp). Which methods there are depends
// on what a model knows of r.
#pragma once

#include <algorithm>
#include <vector>

#include "capture/cut.hpp"
#include "capture/passes.hpp"
#include "kernel/index.hpp"
#include "problem/state.hpp"

namespace pl {

// A model is given what to ask inside its constructor and its right-hand sides: cut off there, the one throws
// CutShort, and of the other nothing may be used.
class CaptureModel : public State<double> {
  public:
    virtual int points() const = 0;
    virtual const std::vector<double>& residuals() const = 0;  // r (n)

    // The state that impulse Q leads to in a time h; the state itself stays. Its residuals are then
    // trial_residuals(). One right-hand side.
    virtual void attempt(const double* impulse, double h) = 0;
    virtual const std::vector<double>& trial_residuals() const = 0;
    virtual double trial_sum_r2() const = 0;
    // The state that the last attempt, by that impulse, led to: W (p, d), a (p).
    virtual void write_trial(const double* impulse, double* W, double* a) const = 0;
    // What sum r^2 of the trial would rise by if every pair at rest counted with what its weights leave of z:
    // it does as soon as it is let go.
    virtual double trial_excess() const { return 0.0; }
    // What the trial's neurons are off by, of their own size, because of the outer weights that were held
    // in the middle of the step: the largest of them, however small its neuron is (paper.md section 8).
    virtual double trial_neuron_error() const { return 0.0; }
    // How far the trial's neurons moved, of their own size: the root of the mean square.
    virtual double trial_motion() const { return 0.0; }
    virtual double trial_travel_sq() const = 0;  // sum_j |dw_j|^2 + da_j^2 of the trial
    // The last trial becomes the state. `before` takes the residuals of the one that is left.
    virtual void accept(double h, std::vector<double>& before) = 0;

    // Whether the inputs and their products are numbers where single precision is used.
    virtual bool in_range() { return true; }
    // velocity_sq() is that of the velocity which the inclusion selects at the state: one right-hand side.
    virtual Index at_kinks() = 0;  // pairs that rest at z_ji = 0 and are pushed both ways

    // Whether the state moves by rounding only, at time t: what is left of its residuals, but for points that
    // no neuron sees, is that. `speed_sq`: its mean velocity_sq() lately.
    virtual bool stands(double /*t*/, double /*speed_sq*/) { return false; }

    virtual const Passes* passes() const { return nullptr; }  // of repelling kinks; null: there are none

    // Whether the states that trials lead to are to be right to rounding as to which pairs rest: a row is
    // wanted there. Else they are known to what single precision leaves.
    virtual void closely(bool /*exact*/) {}

    // In accepted steps, neurons that met kinks of inputs taken as parallel.
    virtual Index dependent() const { return 0; }
    virtual Index evaluations() const = 0;  // right-hand sides so far
};

// One that knows K = -dr/dQ at the state while no pair changes its part, symmetric.
class LinearisedModel : public CaptureModel {
  public:
    // out = K q, and no right-hand side.
    virtual void product(const double* q, double* out) = 0;
    // Whether the run is at rest, as far as the loss of its last step tells: r then hardly moves, and single
    // precision has to act on what moves. That is decay(): out = K r to double precision, one right-hand
    // side.
    virtual bool at_rest() const { return false; }
    virtual void decay(double* /*out*/) {}
};

// One that knows right-hand sides only.
class ExplicitModel : public CaptureModel {
  public:
    // The residuals that impulse Q leads to, for the stages inside a step.
    virtual void stage(const double* impulse, double h, double* r) {
        attempt(impulse, h);
        std::copy(trial_residuals().begin(), trial_residuals().end(), r);
    }
    // D (n) such that dr/dQ is nearly -diag(D), if r is smooth in Q but for rare corners; else empty.
    virtual std::vector<double> damping() { return {}; }
};

}  // namespace pl
