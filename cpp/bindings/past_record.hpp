// The record of a run's past, which goes out with it and comes back with the task that continues it: numbers
// and columns by their names, and what every method has to remember.
#pragma once

#include "bindings/arrays.hpp"
#include "problem/verdict.hpp"

namespace pl {

// Of a run that has not begun: where it is, and no more.
template <class At>
py::dict unbegun_record(At at) {
    using namespace py::literals;
    return py::dict("at"_a = at);
}
inline bool unbegun(const py::dict& record) {
    return record.size() == 1 && record.contains("at") && record["at"].cast<double>() == 0;
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
