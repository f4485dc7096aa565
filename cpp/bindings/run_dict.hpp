// What a run gave, as a dictionary of plain arrays and numbers.
#pragma once

#include "bindings/arrays.hpp"
#include "problem/problem.hpp"
#include "problem/rows.hpp"
#include "problem/verdict.hpp"

namespace pl {

inline py::object number_or_none(double value, bool given) {
    return given ? py::object(py::float_(value)) : py::object(py::none());
}
inline py::object time_or_none(double t) {
    return number_or_none(t, t >= 0);
}

// `clock` names the column of steps or times. Moves the arrays out of `rows`: at n = 10^6 a copy of the end
// state is half a gibibyte.
template <class Real, class Clock>
py::dict written_rows(Rows<Real, Clock>& rows, const Problem<Real>& problem, const char* clock, bool states) {
    const auto m = static_cast<py::ssize_t>(rows.t.size());
    const py::ssize_t p = problem.p, d = problem.d;
    py::dict out;
    out["status"] = static_cast<int>(rows.status);
    out[clock] = to_array(std::move(rows.t), {m});
    out["loss"] = to_array(std::move(rows.loss), {m});
    out["velocity_sq"] = to_array(std::move(rows.velocity_sq), {m});
    out["loss_noise"] = to_array(std::move(rows.loss_noise), {m});
    out["n_active"] = to_array(std::move(rows.n_active), {m});
    out["invariant_drift"] = to_array(std::move(rows.invariant_drift), {m});
    out["W"] = to_array(std::move(rows.W), {p, d});
    out["a"] = to_array(std::move(rows.a), {p});
    out["W_saved"] = states ? py::object(to_array(std::move(rows.W_saved), {m, p, d})) : py::none();
    out["a_saved"] = states ? py::object(to_array(std::move(rows.a_saved), {m, p})) : py::none();
    return out;
}

// The counters that every run has.
template <class Real, class Clock>
void write_outcome(py::dict& counters, const Rows<Real, Clock>& rows) {
    counters["seconds"] = rows.seconds;
    counters["loss_bound"] = number_or_none(rows.bound(), rows.bound() > 0);
}

// What was proved, and when.
template <class Real, class Clock>
void write_proof(py::dict& counters, const Rows<Real, Clock>& rows, const Milestones& seen) {
    const Claim& claim = rows.claim;
    counters["proved_time"] = time_or_none(seen.first_proof());
    counters["proof_failed"] = seen.marks.failed;
    counters["proof_rate"] = number_or_none(claim.rate, claim.made);
    counters["proof_distance"] = number_or_none(claim.distance, claim.made);
    counters["proof_limit_low"] = number_or_none(claim.limit_low, claim.made);
    counters["proof_limit_high"] = number_or_none(claim.limit_high, claim.made);
}

}  // namespace pl
