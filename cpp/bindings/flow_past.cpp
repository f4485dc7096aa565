#include "bindings/flow_past.hpp"

#include <algorithm>
#include <array>

#include "bindings/arrays.hpp"

namespace pl {
namespace {

// Order of the numbers in "count".
constexpr std::array kCounts{
    &FlowCounters::accepted,    &FlowCounters::rejected,    &FlowCounters::rhs,
    &FlowCounters::events,      &FlowCounters::on,          &FlowCounters::off,
    &FlowCounters::slide_in,    &FlowCounters::slide_to_on, &FlowCounters::slide_to_off,
    &FlowCounters::repelling,   &FlowCounters::zero_neuron, &FlowCounters::a_zero,
    &FlowCounters::sliding_end, &FlowCounters::sliding_max, &FlowCounters::stabilised_steps};

struct Numbers {
    const char* name;
    double FlowPast::* value;
};
constexpr std::array kNumbers{Numbers{"at", &FlowPast::t},
                              Numbers{"lowest", &FlowPast::lowest},
                              Numbers{"start", &FlowPast::start},
                              Numbers{"burst_start", &FlowPast::burst_start},
                              Numbers{"criterion_time", &FlowPast::criterion_time},
                              Numbers{"proved_time", &FlowPast::proved_time}};

struct PerNeuron {
    const char* name;
    std::vector<double> FlowPast::* values;
};
constexpr std::array kPerNeuron{PerNeuron{"sign", &FlowPast::sign}, PerNeuron{"held", &FlowPast::held},
                                PerNeuron{"invariants", &FlowPast::invariants},
                                PerNeuron{"largest_w", &FlowPast::largest_w},
                                PerNeuron{"largest_a", &FlowPast::largest_a}};

template <class T>
std::vector<T> vector_of(const py::dict& fields, const char* name, Index size) {
    const auto array = checked_array<T>(fields[name], name, 1);
    require_size(array.size(), size, name);
    return {array.data(), array.data() + array.size()};
}

}  // namespace

FlowPast read_flow_past(const py::dict& fields, const FlowProblem& problem, double t_end) {
    FlowPast past;
    for (const Numbers& number : kNumbers) past.*number.value = fields[number.name].cast<double>();
    if (!(past.t >= 0.0 && past.t <= t_end)) throw py::value_error("at: expected a time within [0, t_end]");
    past.burst = fields["burst"].cast<int>();
    past.order = std::max(0, fields["order"].cast<int>());
    for (const PerNeuron& column : kPerNeuron)
        past.*column.values = vector_of<double>(fields, column.name, problem.p);
    const auto count = vector_of<std::int64_t>(fields, "count", static_cast<Index>(kCounts.size()));
    for (std::size_t k = 0; k < kCounts.size(); ++k) past.count.*kCounts[k] = count[k];

    const auto modes = checked_array<std::int8_t>(fields["modes"], "modes", 2);
    require_size(modes.shape(0), problem.p, "modes");
    require_size(modes.shape(1), problem.n, "modes' second dimension");
    const int most = static_cast<int>(problem.X != nullptr ? Mode::kSlide : Mode::kOn);
    past.modes.resize(static_cast<std::size_t>(modes.size()));
    std::transform(modes.data(), modes.data() + modes.size(), past.modes.begin(), [most](std::int8_t mode) {
        if (mode < 0 || mode > most) throw py::value_error("modes: expected 0, 1 or (dense inputs) 2");
        return static_cast<Mode>(mode);
    });
    return past;
}

py::dict write_flow_past(const FlowPast& past, const FlowProblem& problem) {
    py::dict fields;
    for (const Numbers& number : kNumbers) fields[number.name] = past.*number.value;
    fields["burst"] = past.burst;
    fields["order"] = past.order;
    for (const PerNeuron& column : kPerNeuron)
        fields[column.name] = to_array(std::vector<double>(past.*column.values), {problem.p});
    std::vector<std::int64_t> count;
    count.reserve(kCounts.size());
    for (const auto member : kCounts) count.push_back(past.count.*member);
    fields["count"] = to_array(std::move(count), {static_cast<py::ssize_t>(kCounts.size())});
    std::vector<std::int8_t> modes(past.modes.size());
    std::transform(past.modes.begin(), past.modes.end(), modes.begin(),
                   [](Mode mode) { return static_cast<std::int8_t>(mode); });
    fields["modes"] = to_array(std::move(modes), {problem.p, problem.n});
    return fields;
}

}  // namespace pl
