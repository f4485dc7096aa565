// What a run gave, as a dictionary of plain arrays and numbers; and the record of its past, which goes out
// with it and comes back with the task that continues it.
#pragma once

#include "bindings/arrays.hpp"
#include "problem/problem.hpp"
#include "problem/rows.hpp"
#include "problem/verdict.hpp"

namespace pl {

template <class T>
py::array_t<T> copied(const std::vector<T>& values, std::vector<py::ssize_t> shape) {
    return to_array(std::vector<T>(values), std::move(shape));
}

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
    const double bound = std::max(rows.loss_bound, rows.claim.limit_low);
    counters["loss_bound"] = number_or_none(bound, bound > 0);
}

// What was proved, and when.
template <class Real, class Clock>
void write_proof(py::dict& counters, const Rows<Real, Clock>& rows, const Milestones& seen) {
    const Claim& claim = rows.claim;
    counters["proved_time"] = time_or_none(seen.proved >= 0 ? seen.proved : seen.marks.trapped);
    counters["proof_failed"] = seen.marks.failed;
    counters["proof_rate"] = number_or_none(claim.rate, claim.made);
    counters["proof_distance"] = number_or_none(claim.distance, claim.made);
    counters["proof_limit_low"] = number_or_none(claim.limit_low, claim.made);
    counters["proof_limit_high"] = number_or_none(claim.limit_high, claim.made);
}

// Where a proof is looked for next. Records of older files know nothing of it: it begins anew.
inline void read_marks(const py::dict& record, ProofMarks& marks) {
    if (!record.contains("proof_failed")) return;
    marks.below = record["proof_below"].cast<double>();
    marks.slow = record["proof_slow"].cast<double>();
    marks.failed = record["proof_failed"].cast<Index>();
    marks.trapped = record["proof_trapped"].cast<double>();
}
inline void write_marks(py::dict& record, const ProofMarks& marks) {
    record["proof_below"] = marks.below;
    record["proof_slow"] = marks.slow;
    record["proof_failed"] = marks.failed;
    record["proof_trapped"] = marks.trapped;
}

// One number of a record, by its name.
template <class Past, class Number>
struct Field {
    const char* name;
    Number Past::* value;
};

template <class Past, class Fields>
void read_fields(const py::dict& record, Past& past, const Fields& fields) {
    for (const auto& field : fields) {
        auto& value = past.*field.value;
        value = record[field.name].template cast<std::decay_t<decltype(value)>>();
    }
}

template <class Past, class Fields>
void write_fields(py::dict& record, const Past& past, const Fields& fields) {
    for (const auto& field : fields) record[field.name] = past.*field.value;
}

inline std::vector<double> read_column(const py::dict& record, const char* name, Index size) {
    const auto array = checked_array<double>(record[name], name, 1);
    require_size(array.size(), size, name);
    return {array.data(), array.data() + array.size()};
}

// What stop.stall has watched. Records of older files know nothing of it: it begins anew.
inline void read_rates(const py::dict& record, Milestones& seen) {
    if (record.contains("largest_rate")) seen.largest_rate = record["largest_rate"].cast<double>();
    if (record.contains("rate_due")) seen.rate_due = record["rate_due"].cast<double>();
}
inline void write_rates(py::dict& record, const Milestones& seen) {
    record["largest_rate"] = seen.largest_rate;
    record["rate_due"] = seen.rate_due;
}

// Milestones of a method that counts in time. Records of older files know no attempt at a proof:
// none was made.
inline Milestones read_times(const py::dict& record) {
    Milestones seen{record["criterion_time"].cast<double>(), record["proved_time"].cast<double>()};
    if (record.contains("try_below")) seen.try_below = record["try_below"].cast<double>();
    read_rates(record, seen);
    read_marks(record, seen.marks);
    return seen;
}
inline void write_times(py::dict& record, const Milestones& seen) {
    record["criterion_time"] = seen.criterion;
    record["proved_time"] = seen.proved;
    record["try_below"] = seen.try_below;
    write_rates(record, seen);
    write_marks(record, seen.marks);
}

inline void require_within(double t, double t_end) {
    if (!(t >= 0 && t <= t_end)) throw py::value_error("resume.at: expected a time within [0, t_end]");
}

}  // namespace pl
