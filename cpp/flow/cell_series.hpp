// Taylor series of the cells: propagators, residuals and multipliers from the present state on.
#pragma once

#include <vector>

#include "flow/cells.hpp"
#include "flow/step_size.hpp"

namespace pl {

class CellSeries {
  public:
    CellSeries(const Inputs& inputs, Cells& cells, int max_order);

    void evaluate();  // the residuals of the present moments
    void first();     // velocities; order becomes 1
    void extend();
    int order() const { return order_; }
    Index evaluations() const { return evaluations_; }

    // The moments at time h of the present series, beside the present ones; sum r^2 there.
    double attempt(double h);
    // The propagator of cell c, since its renewal, at time h: what `accept` would make it.
    void propagator(int c, double h, std::vector<double>& phi) const;
    // The same for who asks often, with memory that may be used again.
    struct Scratch {
        std::vector<double> P, u, v;
    };
    void propagator(int c, double h, std::vector<double>& phi, Scratch& scratch) const;
    // Of a cell that is held, as soon as it is: its series, as far as those of the others.
    void join(int c);
    // Changes of what moments at `attempt` give, for neurons that are of cell c otherwise than its propagator
    // tells: q (d), the sum of a_j w_j. norm(change of r), which r then holds; sum r^2 is in trial_sq().
    void begin_change();
    void change(int c, const double* q);
    double end_change();
    double trial_sq() const;
    void accept();  // them: propagators and clocks have moved

    double trusted(double rtol) const;      // how far: step_size.hpp
    double turning(int c, double h) const;  // int_0^h norm(D) of cell c, from above
    // Coefficients 0 .. order of w along the path of a neuron of cell c that is at v now: (order + 1, d).
    void path(int c, const double* v, double* w, double* a) const;
    double multiplier(int c, int k, int slot) const { return series_[at(c)].mu[at(k)][at(slot)]; }
    const std::vector<double>& r(int k) const { return r_[at(k)]; }
    void residuals(double h, double* r) const;  // (n) of the series at h

    double residual_sq() const;
    double velocity_sq() const;
    double size() const;  // sum_j norm(v_j)^2

  private:
    struct Series {
        std::vector<std::vector<double>> P, B, D;  // of every order: (d + 1, d + 1), (d + 1), (d)
        std::vector<double> speed;                 // norm(D), of every order
        std::vector<std::vector<double>> mu;       // multipliers of what is slid on
        std::vector<double> trial;                 // moments
        std::vector<double> step;                  // P(h)
    };
    void output(const Cell& cell, const double* q);
    void residual(bool labels, std::vector<double>& r) const;
    void push(int c, int k);
    using Square = std::vector<double>;                                 // (d + 1, d + 1)
    void step(int c, double h, Square& P, Square& u, Square& v) const;  // P(h), on its invariants
    void grow();

    const Inputs& in_;
    Cells& cells_;
    const Index d_, width_, points_;
    const std::size_t orders_;
    std::vector<Series> series_;
    std::vector<std::vector<double>> r_;
    std::vector<double> h_, trial_r_, X_;
    int order_ = 0;
    double step_ = 0.0;
    Index evaluations_ = 0;
};

}  // namespace pl
