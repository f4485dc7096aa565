#include "bindings/kink_fields.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "bindings/arrays.hpp"

namespace pl {
namespace {

py::dict written(const std::vector<PairAtKink>& kinks) {
    std::vector<std::int32_t> neuron, point;
    std::vector<std::int8_t> mode;
    std::vector<double> share;
    for (const PairAtKink& kink : kinks) {
        neuron.push_back(kink.neuron);
        point.push_back(kink.point);
        mode.push_back(static_cast<std::int8_t>(kink.mode));
        share.push_back(kink.share);
    }
    const auto m = static_cast<py::ssize_t>(kinks.size());
    using namespace py::literals;
    return py::dict("neuron"_a = copied(neuron, {m}), "point"_a = copied(point, {m}),
                    "mode"_a = copied(mode, {m}), "share"_a = copied(share, {m}));
}

}  // namespace

std::vector<PairAtKink> read_kinks(const py::dict& task) {
    std::vector<PairAtKink> kinks;
    if (task["kinks"].is_none()) return kinks;
    const py::dict fields = task["kinks"].cast<py::dict>();
    const auto neuron = checked_array<std::int32_t>(fields["neuron"], "kinks.neuron", 1);
    const auto point = checked_array<std::int32_t>(fields["point"], "kinks.point", 1);
    const auto mode = checked_array<std::int8_t>(fields["mode"], "kinks.mode", 1);
    const auto share = checked_array<double>(fields["share"], "kinks.share", 1);
    require_size(point.size(), neuron.size(), "kinks.point");
    require_size(mode.size(), neuron.size(), "kinks.mode");
    require_size(share.size(), neuron.size(), "kinks.share");
    for (py::ssize_t k = 0; k < neuron.size(); ++k) {
        if (neuron.data()[k] < 0 || point.data()[k] < 0 || mode.data()[k] < 0 || mode.data()[k] > 2)
            throw py::value_error("kinks: expected neuron and point of at least 0, mode 0, 1 or 2");
        const PairAtKink kink{neuron.data()[k], point.data()[k], static_cast<Mode>(mode.data()[k]),
                              share.data()[k]};
        if (k > 0 && std::pair(kink.neuron, kink.point) <= std::pair(kinks.back().neuron, kinks.back().point))
            throw py::value_error("kinks: expected pairs in order of neuron, then point, each once");
        kinks.push_back(kink);
    }
    return kinks;
}

void write_kinks(py::dict& out, Rows<double, double>& rows, const Problem<double>& problem, bool states) {
    std::sort(rows.kinks.begin(), rows.kinks.end(), before);
    if (!of_one_state(rows.kinks, problem.n, problem.p))
        throw std::logic_error("kinks: of the end state, expected each once");
    out["kinks"] = rows.kinks.empty() ? py::object(py::none()) : written(rows.kinks);
    out["kinks_saved"] = py::none();
    if (!states) return;
    py::dict saved = written(rows.kinks_saved);
    saved["count"] = copied(rows.kink_counts, {static_cast<py::ssize_t>(rows.kink_counts.size())});
    out["kinks_saved"] = saved;
}

}  // namespace pl
