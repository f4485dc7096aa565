// Taylor coefficients of the state along the field, in time over Inputs::unit(). Given the modes the field is
// a cubic polynomial, sliding included:
//   q_j = a_j w_j     r_i = y_i - (1/p) sum_{j on at i} <q_j, x_i>     g_j = sum_{i on at j} r_i x_i
//   dw_j/dt = (a_j / n) Pi_j g_j     da_j/dt = (1/n) <w_j, Pi_j g_j>
// with Pi_j the (constant) projection off the inputs slid on; their multipliers are mu_i = lam_i r_i, linear
// in g_j. Orthogonal inputs keep only the coordinates that are on: the others never move again.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "flow/jet_layout.hpp"
#include "flow/pairs.hpp"
#include "kernel/index.hpp"
#include "parallel/crew.hpp"

namespace pl {

class Jets {
  public:
    Jets(const Inputs& inputs, const Pairs& pairs, int max_order, Crew crew = Crew());

    // What takes long where neurons or points are many asks now and then whether to go on, unless `asked` is
    // false, and says false if it was cut off half-way.
    bool set_state(const double* W, const double* a, bool asked = false);  // W (p, d); order becomes 0
    void bury(int j, int i);  // orthogonal inputs: the pair is off for good, its coordinate stays

    // Takes a_j^2 - norm(w_j)^2 of the present state as the invariants that every later state is put back on.
    // Balanced to rounding counts as balanced: a neuron with a_j = +-norm(w_j) tends to the saddle at 0 and
    // must not drift past it.
    void hold_invariants();
    void hold_invariants(const std::vector<double>& values) { invariant_ = values; }
    const std::vector<double>& invariants() const { return invariant_; }
    std::vector<double> leave_invariants() { return std::move(invariant_); }

    void evaluate_gradient();  // the raw gradients g_j of order 0
    // The gradients that the trial state will have once it is accepted; those of the present one are lost.
    bool evaluate_trial_gradient();
    bool evaluate(bool asked);           // residuals (and with them the loss), gradients, and `first`
    bool evaluate_velocity(bool asked);  // but for the residuals
    void refresh_gradient(int j);
    void project_state(int j);      // w_j off the inputs slid on: their z_ji = 0 to rounding
    void first() { first(false); }  // orders 1 of W and a
    void extend();  // one order more: coefficients 0 .. order() of W and a, 0 .. order() - 1 of r, mu

    void stand();  // the velocity is taken to be 0, of all but those that stand still
    // These stand still from here on: their coefficients beyond the velocity are 0, they stay where they are,
    // and the residuals' coefficients do not know of them.
    void hold_still(const std::vector<int>& neurons);
    bool still(int j) const { return still_[at(j)]; }
    // The residuals are not the state's own but those of `series`, at time tau of it; so they are after
    // `accept` once this is called again.
    void drive(const std::vector<std::vector<double>>& series, double tau);
    double driven() const { return tau_; }

    // The state at time h of the present polynomial, with its residuals, beside the present one;
    // returns sum_i r_i^2.
    double attempt(double h);
    void accept();
    // The same in parts, in which single neurons may be put elsewhere: the residuals are those of the modes
    // when they are asked for.
    void move_trial(double h) { move_trial(h, true); }
    void place(int j, const double* w, double a);
    double trial_residual_sq();
    double off_series(double h) const;  // norm of the trial's residuals less those of their polynomial at h
    // The state alone, as `attempt` would leave it: W (p, d), a (p). What was attempted before is lost.
    void state_within(double h, double* W, double* a);

    // A state, or a coefficient of the polynomial, as one vector of size(): every w_j, then a.
    Index size() const { return layout_.size() + size_of(a_[0]); }
    void pack(int k, double* y) const;             // of order 1 in time itself: the velocity
    double part_sq(const double* y, int j) const;  // squared norm of neuron j's share of such a vector
    double norm(int k) const;                      // of coefficient k
    double unit() const { return in_.unit(); }     // of time, that of all coefficients

    // The field with the present modes at a state y, f <- dy/dt; its residuals, gradients and multipliers are
    // kept for `propose`.
    bool velocity(const double* y, double* f);  // false: cut off, f is not whole
    void restore(double* y);                    // y back on the invariants, sliding pairs on z_ji = 0
    // Takes y1, the state at which `velocity` was last evaluated (f1), as the trial state at time h, and the
    // cubic between the present state and it as the polynomial; returns sum_i r_i^2 at y1.
    double propose(const std::vector<double>& y1, const std::vector<double>& f1, double h);
    void accept_proposed();      // gradients are known then: no evaluation is needed
    void drop() { order_ = 1; }  // the polynomial of `propose` or `extend`, down to the velocity

    // Asked now and then inside extend and attempt, too; true abandons them: the order stays, the loss is
    // NaN.
    void watch(std::function<bool()> cut) { cut_ = std::move(cut); }

    int order() const { return order_; }
    double w_norm(int k, int j) const { return norms_[at(k)][at(j)]; }
    const double* w(int k, int j) const { return w_[at(k)].data() + layout_.from(j); }
    double* state(int j) { return w_[0].data() + layout_.from(j); }
    void set_outer(int j, double a) { a_[0][at(j)] = a; }
    void zero(int j);
    Index width(int j) const { return layout_.width(j); }
    // Orthogonal inputs: the point of neuron j's coordinate l and its norm, 0 if the pair has died
    // (or for padding).
    int slot_point(int j, Index l) const { return layout_.point(layout_.from(j) + l); }
    double slot_norm(int j, Index l) const { return layout_.norm(layout_.from(j) + l); }
    double a(int k, int j) const { return a_[at(k)][at(j)]; }
    const double* gradient(int j) const { return s_[0].data() + layout_.from(j); }
    const std::vector<double>& r(int k) const { return r_[at(k)]; }
    double mu(int k, int j, int slot) const { return mu_[at(k)][at(j)][at(slot)]; }
    double residual_sq(double h) const;  // sum_i r_i(h)^2 by the polynomial
    double residual_sq() const;
    double velocity_sq() const;
    void write_state(int k, double* W, double* a) const;  // coefficient k, as (p, d) and (p,)
    void write_polynomial(double* to) const;              // all of them, one after the other
    Index evaluations() const { return evaluations_; }

  private:
    static constexpr double kBetween = 2e7;  // operations after which is asked again: some 10 ms
    // What a number is worth that lies in memory which nobody has written to yet.
    static constexpr double kTouch = 40.0;

    void make_room(int k);  // for coefficients 0 .. k
    bool cut(double work);
    template <class Work, class Body>
    bool in_rounds(Index count, const Work& work, bool may_be_cut, const Body& body);
    bool residual(const double* w_times_a, const double* labels, bool asked, std::vector<double>& r);
    bool residual_of_state(bool asked);
    void gradient_of(int j, const std::vector<double>& r, double* g) const;
    bool gradients(const std::vector<double>& r, bool asked);  // of order 0
    bool first(bool asked);
    void restore_invariant(Index j);
    void restore_trial(Index j, std::vector<double>& scratch);
    // body(from, to) over the neurons, `per` operations for each of a neuron's coordinates.
    template <class Body>
    bool over_neurons(double per, bool asked, const Body& body);
    void multiply_out(const double* a, const double* w, Index from, Index to);  // q_j = a_j w_j
    bool coefficient_gradients();  // g of order(); false: cut off
    void velocity_of(Index j, const double* y, double* f, std::vector<double>& scratch);
    void push_neuron(Index j, int k, std::vector<double>& scratch);
    bool move_trial(double h, bool asked);
    void move_trial(double h, Index begin, Index end);                 // of these neurons
    bool push(int k, bool asked);                                      // s_k from g_k, then W_{k+1}, a_{k+1}
    void rest(int j, int k);                                           // 0 as coefficients k of neuron j
    bool extend_residual();                                            // r of order(); false: cut off
    double residual_of_series(Index i, double h) const;                // h in units
    bool vanishes(int k) const { return given_ >= 0 && k >= given_; }  // the residuals' coefficient does

    const Inputs& in_;
    const Pairs& pairs_;
    const Crew crew_;
    int order_ = 0, roomy_ = 0;  // orders below roomy_ have room
    Index evaluations_ = 0;
    std::function<bool()> cut_;
    double worked_ = 0.0;
    JetLayout layout_;
    // by order; what has one number per coordinate of every neuron lies in memory that is taken when it is
    // first written to, and given back quickly
    std::vector<Buffer<double>> w_, s_;
    std::vector<std::vector<double>> a_, r_, norms_;
    std::vector<std::vector<std::vector<double>>> mu_;
    std::vector<std::vector<double>> trial_mu_;
    Buffer<double> q_, trial_w_, trial_s_;
    std::vector<double> invariant_, trial_a_, trial_r_, coeff_;
    std::vector<bool> still_;
    bool some_still_ = false;
    int given_ = -1;    // so many coefficients of the residuals are given; all others are 0. -1: none is
    double tau_ = 0.0;  // of the series that gives them
};

// As many neurons at a time for any number of threads.
template <class Body>
bool Jets::over_neurons(double per, bool asked, const Body& body) {
    const Index p = in_.p;
    const double size = static_cast<double>(layout_.size()), work = (per + kTouch) * size;
    const Index rounds = std::min(p, static_cast<Index>(work / kBetween) + 1);
    for (Index k = 0; k < rounds; ++k) {
        if (asked && cut(work / static_cast<double>(rounds))) return false;
        const Index begin = p * k / rounds, end = p * (k + 1) / rounds;
        crew_.over(begin, end, per * size / static_cast<double>(rounds), body);
    }
    return true;
}

}  // namespace pl
