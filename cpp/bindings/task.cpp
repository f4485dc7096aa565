#include "bindings/task.hpp"

#include <cmath>
#include <limits>

namespace pl {
namespace {

constexpr Index kMaxSize = Index{1} << 40;  // of n, d, p and every product of two: no index can overflow

[[noreturn]] void refuse(const char* name, const char* expected, double got) {
    throw py::value_error(std::string(name) + ": expected " + expected + ", got " + std::to_string(got));
}

// A rule's number: `unset` for None where that is allowed.
double rule(const py::dict& stop, const char* key, const char* name, bool zero_allowed, double unset) {
    const py::object value = stop[key];
    if (value.is_none() && unset > 0) return unset;
    const double number = value.cast<double>();
    if (!(number > 0 || (zero_allowed && number == 0))) refuse(name, "a positive number", number);
    return number;
}

template <class Real>
void require_sizes(const HeldProblem<Real>& held, const Problem<Real>& q) {
    require_size(held.y.size(), q.n, "y");
    require_size(held.W.shape(1), q.d, "W's second dimension");
    require_size(held.a.size(), q.p, "a");
    require_size(held.w_perp_sq.size(), q.p, "w_perp_sq");
    const Index n = q.n, d = q.d, p = q.p;
    if (std::max({n, d, p}) > kMaxSize || n > kMaxSize / d || p > kMaxSize / d || n > kMaxSize / p ||
        p > std::numeric_limits<std::int32_t>::max())
        throw py::value_error("n, d, p: too large");
}

template <class Real>
void require_numbers(const HeldProblem<Real>& held, const char* inputs, bool norms_only) {
    require_finite(held.inputs, inputs);
    require_finite(held.y, "y");
    require_finite(held.W, "W");
    require_finite(held.a, "a");
    require_finite(held.w_perp_sq, "w_perp_sq");
    const auto all = [](const auto& array, const auto& holds) {
        return std::all_of(array.data(), array.data() + array.size(), holds);
    };
    if (norms_only && !all(held.inputs, [](Real norm) { return norm > 0; }))
        throw py::value_error("norms: expected numbers > 0");
    if (!all(held.w_perp_sq, [](double square) { return square >= 0; }))
        throw py::value_error("w_perp_sq: expected numbers >= 0");
}

}  // namespace

template <class Real>
HeldProblem<Real> read_problem(const py::dict& task) {
    const bool norms_only = task["X"].is_none();
    if (norms_only == task["norms"].is_none()) throw py::value_error("X, norms: expected one of the two");
    const char* inputs = norms_only ? "norms" : "X";
    HeldProblem<Real> held;
    held.inputs = checked_array<Real>(task[inputs], inputs, norms_only ? 1 : 2);
    held.y = checked_array<Real>(task["y"], "y", 1);
    held.W = checked_array<Real>(task["W"], "W", 2);
    held.a = checked_array<Real>(task["a"], "a", 1);
    held.w_perp_sq = checked_array<double>(task["w_perp_sq"], "w_perp_sq", 1);
    Problem<Real>& problem = held.problem;
    problem.n = held.inputs.shape(0);
    problem.d = norms_only ? problem.n : held.inputs.shape(1);
    problem.p = held.W.shape(0);
    require_sizes(held, problem);
    require_numbers(held, inputs, norms_only);
    (norms_only ? problem.norms : problem.X) = held.inputs.data();
    problem.y = held.y.data();
    problem.W = held.W.data();
    problem.a = held.a.data();
    problem.w_perp_sq = held.w_perp_sq.data();
    problem.certifiable = flag(task, "certifiable");
    problem.orthogonal = flag(task, "orthogonal") || norms_only;
    return held;
}

template HeldProblem<float> read_problem(const py::dict&);
template HeldProblem<double> read_problem(const py::dict&);

bool in_single_precision(const py::dict& task) {
    const py::object inputs = task[task["X"].is_none() ? "norms" : "X"];
    return py::isinstance<py::array>(inputs) &&
           inputs.cast<py::array>().dtype().equal(py::dtype::of<float>());
}

StopRules read_stop(const py::dict& task) {
    const py::dict fields = task["stop"].cast<py::dict>();
    StopRules stop;
    stop.criterion = flag(fields, "criterion");
    stop.proof = flag(fields, "proof");
    stop.loss = rule(fields, "loss", "stop.loss", true, 0);
    stop.stall = rule(fields, "stall", "stop.stall", true, 0);
    stop.wall_time = rule(fields, "wall_time", "stop.wall_time", true, StopRules::kNever);
    stop.rise = rule(fields, "rise", "stop.rise", false, StopRules::kNever);
    if (!fields["max_steps"].is_none()) stop.max_steps = fields["max_steps"].cast<Index>();
    if (!fields["max_steps"].is_none() && stop.max_steps < 0)
        throw py::value_error("stop.max_steps: expected None or at least 0, got " +
                              std::to_string(stop.max_steps));
    return stop;
}

template <class Clock>
Saves<Clock> read_saves(const py::dict& task, Clock end) {
    Saves<Clock> saves;
    const auto array = checked_array<Clock>(task["save"], "save", 1);
    saves.at.assign(array.data(), array.data() + array.size());
    for (std::size_t k = 0; k < saves.at.size(); ++k) {
        const bool rises = k == 0 || saves.at[k] > saves.at[k - 1];
        if (!rises || !(saves.at[k] >= 0 && saves.at[k] <= end))
            throw py::value_error("save: expected increasing numbers within [0, the end of the run]");
    }
    saves.states = flag(task, "states");
    return saves;
}

template Saves<Index> read_saves(const py::dict&, Index);
template Saves<double> read_saves(const py::dict&, double);

bool flag(const py::dict& fields, const char* name) {
    py::detail::make_caster<bool> given;
    if (!given.load(fields[name], false))  // NumPy's truth of an array warns, or is an error, by its version
        throw py::type_error(std::string(name) + ": expected True or False");
    return py::detail::cast_op<bool>(given);
}

double read_positive(const py::dict& fields, const char* name) {
    const double number = fields[name].cast<double>();
    if (!(number > 0 && std::isfinite(number))) refuse(name, "a positive finite number", number);
    return number;
}

double read_not_negative(const py::dict& fields, const char* name) {
    const double number = fields[name].cast<double>();
    if (!(number >= 0 && std::isfinite(number))) refuse(name, "a finite number of at least 0", number);
    return number;
}

}  // namespace pl
