#include "bindings/flow_past.hpp"

#include <algorithm>
#include <array>

#include "bindings/past_record.hpp"

namespace pl {
namespace {

constexpr std::array<std::size_t, 2> kOlderCounts{15, 17};  // of records of older files

using Number = Field<FlowPast, double>;
constexpr std::array kNumbers{Number{"at", &FlowPast::t}, Number{"lowest", &FlowPast::lowest},
                              Number{"start", &FlowPast::start},
                              Number{"burst_start", &FlowPast::burst_start}};

using Integer = Field<FlowPast, int>;
constexpr std::array kIntegers{Integer{"burst", &FlowPast::burst}, Integer{"order", &FlowPast::order}};

// What records of older files have not.
constexpr std::array kLaterIntegers{Integer{"pause", &FlowPast::pause},
                                    Integer{"next_pause", &FlowPast::next_pause}};
constexpr std::array kLaterNumbers{Number{"length", &FlowPast::length}};

using Column = Field<FlowPast, std::vector<double>>;  // (p)
constexpr std::array kColumns{Column{"sign", &FlowPast::sign}, Column{"held", &FlowPast::held},
                              Column{"invariants", &FlowPast::invariants},
                              Column{"largest_w", &FlowPast::largest_w},
                              Column{"largest_a", &FlowPast::largest_a}};

std::vector<Mode> read_modes(const py::dict& record, const Problem<double>& problem) {
    const auto array = checked_array<std::int8_t>(record["modes"], "modes", 2);
    require_size(array.shape(0), problem.p, "modes");
    require_size(array.shape(1), problem.n, "modes' second dimension");
    const int most = static_cast<int>(problem.X != nullptr ? Mode::kSlide : Mode::kOn);
    std::vector<Mode> modes(static_cast<std::size_t>(array.size()));
    std::transform(array.data(), array.data() + array.size(), modes.begin(), [most](std::int8_t mode) {
        if (mode < 0 || mode > most) throw py::value_error("modes: expected 0, 1 or (dense inputs) 2");
        return static_cast<Mode>(mode);
    });
    return modes;
}

}  // namespace

FlowPast read_flow_past(const py::dict& record, const Problem<double>& problem, double t_end) {
    FlowPast past;
    if (unbegun(record)) return past;
    read_fields(record, past, kNumbers);
    read_fields(record, past, kIntegers);
    if (record.contains(kLaterNumbers[0].name)) {
        read_fields(record, past, kLaterNumbers);
        read_fields(record, past, kLaterIntegers);
    }
    past.seen = read_times(record);
    require_within(past.t, t_end);
    past.order = std::max(0, past.order);
    const auto count = checked_array<Index>(record["count"], "count", 1);
    const auto counted = static_cast<std::size_t>(count.size());
    if (std::find(kOlderCounts.begin(), kOlderCounts.end(), counted) == kOlderCounts.end())
        require_size(count.size(), static_cast<Index>(kFlowCounts.size()), "count");
    for (std::size_t k = 0; k < counted; ++k) past.count.*kFlowCounts[k] = count.data()[k];
    past.invariants = read_column(record, "invariants", problem.p);
    if (record["modes"].is_none()) return past;  // another method brought the run here
    for (const Column& column : kColumns) past.*column.value = read_column(record, column.name, problem.p);
    past.modes = read_modes(record, problem);
    return past;
}

py::dict write_flow_past(FlowPast&& past, const Problem<double>& problem) {
    if (past.begins()) return unbegun_record(past.t);
    py::dict record;
    write_fields(record, past, kNumbers);
    write_fields(record, past, kIntegers);
    write_fields(record, past, kLaterNumbers);
    write_fields(record, past, kLaterIntegers);
    write_times(record, past.seen);
    for (const Column& column : kColumns)
        record[column.name] = to_array(std::move(past.*column.value), {problem.p});
    std::vector<Index> count;
    count.reserve(kFlowCounts.size());
    for (const auto member : kFlowCounts) count.push_back(past.count.*member);
    record["count"] = to_array(std::move(count), {static_cast<py::ssize_t>(kFlowCounts.size())});
    std::vector<std::int8_t> modes(past.modes.size());
    std::transform(past.modes.begin(), past.modes.end(), modes.begin(),
                   [](Mode mode) { return static_cast<std::int8_t>(mode); });
    record["modes"] = to_array(std::move(modes), {problem.p, problem.n});
    return record;
}

}  // namespace pl
